"""Clones by drugs in more than thirty situations, each row of `tests/golden/clones.tsv` read by eye and with its reason."""

from pathlib import Path

import pytest
from sampled import REFERENCE, call, events, fusions, haplotype, phase, told

from ablkd.tables import read_lines

GOLDEN = Path(__file__).parents[1] / "golden/clones.tsv"
DRUGS = [d.drug for d in REFERENCE.drugs]
KINDS = {"in_vitro": "in vitro"}
LOW = ["M244V", "L248V", "Q252H", "D276G", "F317L", "M351T", "E355G"]
CIS = [phase(s, "compound") for s in ("G250E+D276G", "G250E+T315I", "D276G+T315I", "G250E+D276G+T315I")]


def single(name, disease, **more):
    return {"calls": [call(name, vaf=0.4)], "disease": disease, **more}


def joined(*names, disease):
    whole = "+".join(names)
    return {
        "calls": [call(name, vaf=0.3) for name in names],
        "phases": [phase(whole, "compound")],
        "haplotypes": [haplotype(whole, 0.3), haplotype("unmutated", 0.7)],
        "disease": disease,
    }


def apart(*names, disease, **more):
    share = 0.6 / len(names)
    pairs = [phase(f"{a}+{b}", "polyclonal") for i, a in enumerate(names) for b in names[i + 1 :]]
    haplotypes = [*(haplotype(name, share) for name in names), haplotype("unmutated", 0.4)]
    calls = [call(name, vaf=share) for name in names]
    return {"calls": calls, "phases": pairs, "haplotypes": haplotypes, "disease": disease, **more}


def relapse():
    """A triple compound beside two clones and seven changes below the reporting threshold."""
    high = {"G250E": 0.33, "D276G": 0.33, "T315I": 0.33, "V299L": 0.12, "Y253H": 0.17}
    names = sorted({*high, *LOW}, key=lambda n: next(m.codon for m in REFERENCE.mutations if m.name == n))
    calls = [call(n, "reported" if n in high else "low_level", vaf=high.get(n, 0.01)) for n in names]
    triple = {"G250E", "D276G", "T315I"}
    sets = [f"{a}+{b}" for i, a in enumerate(names) for b in names[i + 1 :] if not {a, b} <= triple]
    haplotypes = [haplotype("G250E+D276G+T315I", 0.33), haplotype("Y253H", 0.17), haplotype("V299L", 0.12)]
    haplotypes += [*(haplotype(n, 0.01) for n in LOW if n != "D276G"), haplotype("unmutated", 0.32)]
    return {"calls": calls, "phases": [*CIS, *(phase(s, "polyclonal") for s in sets)], "haplotypes": haplotypes}


def skipping(*haplotypes, disease="ph_all"):
    return {
        "calls": [call("T315I", vaf=0.3)],
        "phases": [phase("exon4_skipping+T315I", "compound")],
        "haplotypes": [haplotype(name, share) for name, share in haplotypes],
        "splicing": events("exon4_skipping"),
        "disease": disease,
    }


def everywhere(name, tier, beside=("T315I",)):
    """A change in every molecule, the other ones in half of them."""
    halves = [haplotype("+".join([*beside, name]), 0.5), haplotype(name, 0.5)] if beside else [haplotype(name, 1.0)]
    calls = [*(call(other, vaf=0.5) for other in beside), call(name, tier=tier, vaf=0.99, codon=473)]
    phases = [phase("+".join([*beside, name]), "compound")] if beside else []
    return {"calls": calls, "phases": phases, "haplotypes": halves, "disease": "cml_cp"}


SITUATIONS = {
    "T315I, chronic phase": lambda: single("T315I", "cml_cp"),
    "T315I, accelerated phase": lambda: single("T315I", "cml_ap"),
    "T315I, Ph+ ALL": lambda: single("T315I", "ph_all"),
    "T315I, disease not known": lambda: single("T315I", ""),
    "T315I 71 %, E255K+T315I 20 %": lambda: {
        "calls": [call("T315I", vaf=0.91), call("E255K", vaf=0.2)],
        "phases": [phase("E255K+T315I", "compound")],
        "haplotypes": [haplotype("T315I", 0.71), haplotype("E255K+T315I", 0.2), haplotype("unmutated", 0.09)],
        "disease": "cml_cp",
    },
    "G250E/D276G/T315I, Ph+ ALL": lambda: joined("G250E", "D276G", "T315I", disease="ph_all"),
    "triple 33 %, Y253H 17 %, V299L 12 %, seven low-level": lambda: {**relapse(), "disease": "cml_cp"},
    "T315I only with exon 4 skipping": lambda: skipping(("exon4_skipping+T315I", 0.3), ("unmutated", 0.7)),
    "T315I with exon 4 skipping and without": lambda: skipping(("exon4_skipping+T315I", 0.3), ("T315I", 0.1)),
    "exon 4 skipping alone": lambda: {"splicing": events("exon4_skipping"), "disease": "cml_cp"},
    "T315I and F359V apart, codon 453 not assessed": lambda: apart("T315I", "F359V", disease="cml_cp", missing={453}),
    "T315I and F359V, phase open": lambda: {
        "calls": [call("T315I", vaf=0.4), call("F359V", vaf=0.3)],
        "phases": [phase("T315I+F359V", "not_proven")],
        "disease": "cml_cp",
    },
    "no finding, chronic phase": lambda: {"disease": "cml_cp"},
    "no finding, codon 315 not assessed": lambda: {"missing": {315}},
    "nothing could be assessed": lambda: {"missing": {m.codon for m in REFERENCE.mutations}},
    "T315I held back by a filter": lambda: {"calls": [call("T315I", "evidence_only", filter="orientation")]},
    "T315I below the threshold": lambda: {"calls": [call("T315I", "low_level", vaf=0.02)], "disease": "cml_cp"},
    "M244V 2.3 %, below the threshold": lambda: {"calls": [call("M244V", "low_level", vaf=0.023)]},
    "T315I 50 %, R473Q in every molecule": lambda: everywhere("R473Q", "polymorphism"),
    "T315I 50 %, R473W in every molecule": lambda: everywhere("R473W", "novel"),
    "R473Q alone in every molecule": lambda: everywhere("R473Q", "polymorphism", beside=()),
    "R473W alone in every molecule": lambda: everywhere("R473W", "novel", beside=()),
    "T315I and an unlisted change, one molecule": lambda: {
        **joined("T315I", "N336S", disease="cml_cp"),
        "calls": [call("T315I", vaf=0.3), call("N336S", vaf=0.3, codon=336)],
    },
    "Y353H and T315N apart": lambda: apart("T315N", "Y353H", disease=""),
    "M351T": lambda: single("M351T", "cml_cp"),
    "E255K": lambda: single("E255K", "cml_cp"),
    "Y253H, Ph+ ALL": lambda: single("Y253H", "ph_all"),
    "V299L": lambda: single("V299L", "cml_cp"),
    "F317L": lambda: single("F317L", "cml_cp"),
    "T315M, disease not known": lambda: single("T315M", ""),
    "A337V": lambda: single("A337V", "cml_cp"),
    "Y253H/F359V, one molecule": lambda: joined("Y253H", "F359V", disease="cml_cp"),
    "T315I/E453K, one molecule, accelerated phase": lambda: joined("T315I", "E453K", disease="cml_ap"),
    "T315I 40 %, with E453K in 2 % of the molecules, accelerated phase": lambda: {
        "calls": [call("T315I", vaf=0.42), call("E453K", "low_level", vaf=0.02)],
        "phases": [phase("T315I+E453K", "compound")],
        "haplotypes": [haplotype("T315I", 0.4), haplotype("T315I+E453K", 0.02), haplotype("unmutated", 0.58)],
        "disease": "cml_ap",
    },
    "e14a3, no mutation": lambda: {"fusion": fusions("e14a3"), "disease": "cml_cp"},
    "35INS and exon 7 skipping": lambda: {"splicing": events("35INS", "exon7_skipping"), "disease": "cml_cp"},
}


def rows(situation):
    """The rows of a situation, without their reasons: a category with the kinds that word it, `*` where provisional."""
    clones, cells = told(**SITUATIONS[situation]())
    made = []
    for clone in clones:
        found = [cells[clone.clone, drug] for drug in DRUGS]
        made.append([situation, clone.clone, f"{clone.kind}, low level" if clone.level == "low_level" else clone.kind])
        made[-1] += [cell_text(cell) for cell in found]
    return made


def cell_text(cell):
    kinds = ", ".join(KINDS.get(kind, kind) for kind in cell.evidence.split(";") if kind)
    return cell.category + (f" ({kinds})" if kinds else "") + (" *" if cell.provisional else "")


def golden():
    return [cells for _, cells in read_lines(GOLDEN)]


def test_the_table_has_every_situation_and_a_reason_for_every_row():
    header, *lines = golden()
    assert header == ["situation", "clone", "kind", *DRUGS, "reason"]
    assert list(dict.fromkeys(line[0] for line in lines)) == list(SITUATIONS) and len(SITUATIONS) >= 24
    assert all(len(line[-1].split()) > 2 for line in lines)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_clones_by_drugs(situation):
    assert rows(situation) == [line[:-1] for line in golden() if line[0] == situation]
