"""The screens: which changes, how many of each class, and what of them is known to be wrong."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest
from Bio.Data.CodonTable import standard_dna_table

CODONS = standard_dna_table.forward_table
# Results of each class, counted apart from the table: sensitive, intermediate, resistant.
COUNTS = {
    "imatinib": (1703, 221, 147), "bosutinib": (1826, 233, 12), "dasatinib": (1807, 229, 35),
    "nilotinib": (1781, 219, 71), "ponatinib": (1821, 243, 7), "asciminib": (1550, 258, 263),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(reference):
    """(source, drug) -> (change, class, value) of every result."""
    found = defaultdict(list)
    for row in reference.screened:
        for result in row.results.split(";"):
            drug, word, value = result.split(":")
            found[row.source, drug].append((row.change, word, float(value)))
    return found


def test_residues_are_those_of_the_kinase(reference):
    for row in reference.screened:
        before, codon, after = re.fullmatch(r"([A-Z])(\d+)([A-Z])", row.change).groups()
        assert CODONS[reference.codon(int(codon))] == before != after and after in CODONS.values()


def test_one_base_changes_of_exons_4_to_9_have_as_many_results_as_ways(reference, results):
    """A result for each base change: as often as the codon can become that amino acid by one base."""
    ways = Counter()
    first, last = (next(e for e in reference.exons if e.exon == name) for name in ("4", "9"))
    for place in range(first.start, last.end + 1):
        codon = (place + 2) // 3
        before = reference.codon(codon)
        for base in "ACGT":
            at = (place - 1) % 3
            after = before[:at] + base + before[at + 1 :]
            if after in CODONS and CODONS[after] != CODONS[before]:
                ways[f"{CODONS[before]}{codon}{CODONS[after]}"] += 1
    seen = Counter(change for change, _, _ in results["cml_vus_screen", "imatinib"])
    assert set(seen) <= set(ways) and all(seen[change] <= ways[change] for change in seen)
    assert len(seen) == 1848
    for drug in COUNTS:
        assert Counter(change for change, _, _ in results["cml_vus_screen", drug]) == seen


def test_results_per_class(results):
    for drug, counts in COUNTS.items():
        seen = Counter(word for _, word, _ in results["cml_vus_screen", drug])
        assert tuple(seen[word] for word in ("sensitive", "intermediate", "resistant")) == counts
    pooled = Counter(word for _, word, _ in results["inam_dms", "imatinib"])
    assert pooled == {"resistant": 27, "sensitive": 22}
    assert {drug for _, drug in results} == set(COUNTS)


def test_no_value_of_resistant_and_sensitive_overlaps(results):
    """Intermediate overlaps both in the first screen, so the class there is not a threshold on the value."""
    for found in results.values():
        by_class = defaultdict(list)
        for _, word, value in found:
            by_class[word].append(value)
        assert min(by_class["resistant"]) > max(by_class["sensitive"])
    imatinib = [value for _, word, value in results["cml_vus_screen", "imatinib"] if word == "intermediate"]
    assert min(imatinib) < 1.3 and max(imatinib) > 3.1


@pytest.mark.parametrize(
    ("change", "source", "drug", "found"),
    [
        ("T315I", "cml_vus_screen", "imatinib", [("resistant", 13.7)]),
        ("T315I", "cml_vus_screen", "ponatinib", [("resistant", 5.0)]),  # known to be wrong
        ("F317V", "cml_vus_screen", "dasatinib", [("sensitive", 0.3)]),  # known to be wrong
        ("T315A", "cml_vus_screen", "dasatinib", [("sensitive", 0.1)]),  # known to be wrong
        ("F497L", "cml_vus_screen", "asciminib", [("resistant", 6.8), ("resistant", 6.3), ("resistant", 5.8)]),
        ("N193K", "cml_vus_screen", "imatinib", [("intermediate", 1.1), ("sensitive", -0.3)]),
        ("K247R", "inam_dms", "imatinib", [("resistant", 452)]),  # known to be wrong
        ("T315N", "inam_dms", "imatinib", [("sensitive", 206)]),
        ("Y353H", "inam_dms", "imatinib", [("sensitive", 281)]),
        ("T315L", "inam_dms", "imatinib", [("resistant", 2118)]),
        ("E453K", "inam_dms", "imatinib", [("resistant", 403)]),
    ],
)
def test_results_read_by_eye(results, change, source, drug, found):
    assert sorted(r[1:] for r in results[source, drug] if r[0] == change) == sorted(found)


def test_wrong_calls_are_named_with_their_source(reference):
    assert all(word in reference.sources["cml_vus_screen"].verification for word in ("T315I", "F317V", "T315A"))
    assert "K247R" in reference.sources["inam_dms"].verification
