"""Samples of traces: each case folder draws its traces and says all that may be found in them."""

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from chromatogram import draw, read_from
from scipy.optimize import linprog
from scipy.stats import norm

from ablkd.errors import InputError
from ablkd.records import Coverage, Mutation, SampleTables, Transcript
from ablkd.tables import as_table
from ablkd.traces import call as trace_call
from ablkd.traces.abif import Trace, base_fractions, base_signals, read_trace
from ablkd.traces.align import place_trace
from ablkd.traces.alleles import measure
from ablkd.traces.bounds import Site, haplotype_rows, phase_rows
from ablkd.traces.call import call_traces
from ablkd.traces.candidates import candidates
from ablkd.traces.combine import holm, stouffer
from ablkd.traces.evidence import judged, limit_of_detection, weigh
from ablkd.traces.isoforms import explain
from ablkd.traces.noise import Noise, fit_noise
from ablkd.traces.windows import always_shown

CASES = sorted(p.parent for p in (Path(__file__).parents[1] / "cases").glob("sanger_*/case.tsv"))


def rows(folder: Path) -> list[dict[str, str]]:
    lines = [line for line in (folder / "case.tsv").read_text().splitlines() if not line.startswith("#")]
    return [{k: v or "" for k, v in row.items()} for row in csv.DictReader(lines, delimiter="\t")]


def call(monkeypatch, tmp_path, reference, traces: list[Trace]) -> SampleTables:
    """`call_traces` on drawn traces; the files are there only to be hashed."""
    drawn = {t.name: t for t in traces}
    for name in drawn:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(trace_call, "read_trace", lambda path: drawn[path.name])
    return call_traces("S", [tmp_path / name for name in drawn], reference, 0.20, 0.20)


def drawn(case: list[dict[str, str]], target: str) -> list[Trace]:
    molecules = [(float(r["value"]), r["name"]) for r in case if r["what"] == "molecule"]
    traces = []
    for number, r in enumerate(r for r in case if r["what"] == "trace"):
        forward, start = r["name"] == "forward", int(r["value"])
        reads = [(share, read_from(target, changes, forward, start)) for share, changes in molecules]
        traces.append(draw(f"{number}_{r['name']}.ab1", reads, int(r["more"]), seed=number))
    return traces


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case(folder, monkeypatch, tmp_path, reference):
    case = rows(folder)
    expected = {what: [r for r in case if r["what"] == what] for what in {r["what"] for r in case}}
    found = call(monkeypatch, tmp_path, reference, drawn(case, reference.sequence[:1678]))
    passed = {c.name: c for c in found.calls if c.filter == "PASS"}
    present = {s.event: s for s in found.splicing if s.call == "present"}
    assert sorted(passed) == sorted(r["name"] for r in expected.get("call", []))
    assert sorted(present) == sorted(r["name"] for r in expected.get("event", []))
    for r in expected.get("call", []):
        assert float(r["value"]) <= passed[r["name"]].vaf <= float(r["more"])
    for r in expected.get("event", []):
        assert float(r["value"]) <= present[r["name"]].fraction <= float(r["more"])
    verdicts = {p.mutations: p.verdict for p in found.phase}
    for r in expected.get("phase", []):
        assert verdicts[r["name"]] == r["value"]
    bounds = {p.mutations: p for p in found.phase}
    for r in expected.get("joint", []):
        both = bounds[r["name"]]
        assert float(r["value"]) <= both.compound_low <= both.compound_high <= float(r["more"])
        row = next(h for h in found.haplotypes if h.haplotype == r["name"])
        assert row.fraction_low <= both.compound_high and both.compound_low <= row.fraction_high
    coverage = {c.name: c for c in found.coverage if c.kind == "allele"}
    for r in expected.get("assessable", []):
        assert coverage[r["name"]].assessable == "yes"
        assert coverage[r["name"]].lod95 <= float(r["value"])
        assert coverage[r["name"]].status == "not_detected"
    for r in expected.get("not_covered", []):
        row = coverage[r["name"]]
        assert (row.depth, row.lod95, row.reason, row.status) == (0, None, "not_covered", "not_assessable")
    events = {s.event: s for s in found.splicing}
    for r in expected.get("not_assessable", []):
        assert (events[r["name"]].call, events[r["name"]].fraction) == ("not_assessable", None)
    check_whole(found, reference)


def check_whole(found: SampleTables, reference) -> None:
    """What holds for every sample."""
    alleles = [c.hgvs_c for c in found.coverage if c.kind == "allele"]
    assert alleles == [m.hgvs_c for m in reference.mutations]
    codons = [c.codon for c in found.coverage if c.kind == "codon"]
    listed = [m.codon for m in reference.mutations]
    assert codons == list(range(min(listed), max(listed) + 1))
    for row in found.coverage:
        assert (row.assessable == "no") == bool(row.reason)
        assert (row.depth == 0) == (row.reason == "not_covered")
        assert row.status != "not_detected" or row.assessable == "yes"
    assert [s.event for s in found.splicing] == [v.event for v in reference.splicing]
    for c in found.calls:
        assert 0 <= c.vaf_low <= c.vaf <= c.vaf_high <= 1
        level = "evidence_only" if c.filter != "PASS" else "reported" if c.vaf >= 0.2 else "low_level"
        assert c.level == level
    assert {h.identifiable for h in found.haplotypes} <= {"yes", "bounds_only"}


def both(target: str, *molecules: tuple[float, str], noise: float = 0.01, seed: int = 1) -> list[Trace]:
    traces = []
    for forward, start in ((True, 420), (False, 1450)):
        reads = [(share, read_from(target, changes, forward, start)) for share, changes in molecules]
        traces.append(draw(f"{'FR'[not forward]}.ab1", reads, 750, seed=2 * seed + forward, noise=noise))
    return traces


@pytest.mark.parametrize("seed", range(4))
def test_noisy_wild_type_has_no_finding(seed, monkeypatch, tmp_path, reference):
    traces = both(reference.sequence[:1678], (1.0, "-"), noise=0.03, seed=seed)
    found = call(monkeypatch, tmp_path, reference, traces)
    assert [c.name for c in found.calls if c.filter == "PASS"] == []
    assert [s.event for s in found.splicing if s.call == "present"] == []
    assert [h.haplotype for h in found.haplotypes] == ["unmutated"]


def test_real_traces_of_known_bases_have_no_finding(real_data, reference):
    """Each public trace against its own calls, with a listed change in every third codon.

    One has an even mixture 47 bases behind the edited one, as a heterozygous base shows: it is found.
    """
    tested = 0
    heterozygous = {("4_Round_1_A10.ab1", 262)}
    for path in sorted(real_data.glob("sanger_base_edits/4_*.ab1")):
        trace = read_trace(path)
        codes = base_fractions(base_signals(trace)).argmax(axis=1)
        sequence = "".join("ACGT"[c] for c in codes[: len(codes) // 3 * 3])
        random = np.random.default_rng(len(codes))
        listed = []
        for codon in random.choice(len(sequence) // 3, len(sequence) // 9, replace=False) + 1:
            ref = sequence[3 * codon - 3 : 3 * codon]
            alt = ref[0] + random.choice([b for b in "ACGT" if b != ref[1]]) + ref[2]
            listed.append(
                Mutation(f"m{codon}", f"c.{codon}", "", int(codon), "", ref, alt, "catalogue", "", "", "", "")
            )
        own = replace(
            reference,
            sequences={"own": sequence},
            transcripts=(Transcript("own", "target", "own", 0, 1, len(sequence), ""),),
            mutations=tuple(listed),
            polymorphisms=(),
            splicing=(),
        )
        mixture = explain(place_trace(trace, own), [0])
        measured = measure(mixture, own.codes, {m.codon for m in listed})
        evidence = judged(weigh(candidates(own), [measured]), lambda _sites: False)
        found = {
            (path.name, e.allele.sites[0][0] + 1) for e in evidence if e.seen and not e.reasons and e.allele.listed
        }
        edited = {r["file"]: int(r["base_index_in_trace_0based"]) + 1 for r in sites(real_data)}[path.name]
        assert {f for f in found if abs(f[1] - edited) > 12} <= heterozygous
        tested += len(evidence)
    assert tested > 10_000


def sites(real_data: Path) -> list[dict[str, str]]:
    with (real_data / "sanger_base_edits/sites.tsv").open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_no_traces_and_unusable_traces_say_so(real_data, tmp_path, reference):
    nothing = call_traces("S", [], reference, 0.2, 0.2)
    fake, foreign = (real_data / "sanger_edge_cases" / n for n in ("fake.ab1", "3730.ab1"))
    useless = call_traces("S", [fake, foreign], reference, 0.2, 0.2)
    for found, reason in ((nothing, "no traces were given"), (useless, "fake.ab1: is not a trace")):
        check_whole(found, reference)
        usable = next(q for q in found.qc if q.metric == "usable")
        assert (usable.value, usable.status) == ("no", "fail")
        assert reason in usable.reason
        assert {c.status for c in found.coverage} == {"not_assessable"}
        assert {s.call for s in found.splicing} == {"not_assessable"}
        assert {f.call for f in found.fusion} == {"not_assessable"}
        assert (found.calls, found.haplotypes, found.phase, found.peaks) == ((), (), (), ())
    assert "3730.ab1: resembles none of the known transcripts" in usable.reason
    hashes = {q.unit: q.value for q in useless.qc if q.metric == "input_sha256"}
    assert sorted(hashes) == ["3730.ab1", "fake.ab1"]
    with pytest.raises(InputError, match="no such file"):
        call_traces("S", [tmp_path / "none.ab1"], reference, 0.2, 0.2)


def test_one_bad_trace_does_not_sink_the_others(real_data, monkeypatch, tmp_path, reference):
    good = both(reference.sequence[:1678], (0.5, "944C>T"), (0.5, "-"))
    bad = read_trace(real_data / "sanger_edge_cases" / "empty.ab1")
    found = call(monkeypatch, tmp_path, reference, [bad, *good])
    assert [c.name for c in found.calls if c.filter == "PASS"] == ["T315I"]
    told = {(q.metric, q.unit): q for q in found.qc}
    assert told["trace", "empty.ab1"].status == "review"
    assert told["trace", "F.ab1"].value == "forward"
    assert told["trace", "R.ab1"].value == "reverse"
    assert told["usable", ""].value == "yes"
    assert told["traces", "of 3"].value == "2"


def spoilt(trace: Trace, how: str) -> Trace:
    if how == "flat":
        return replace(trace, channels=np.zeros_like(trace.channels))
    if how == "one channel":
        return replace(trace, channels=trace.channels * np.array([[1.0], [0.0], [0.0], [0.0]]))
    if how == "noise":
        return replace(trace, channels=np.random.default_rng(3).uniform(0, 1000, trace.channels.shape))
    if how == "peaks on one sample":
        return replace(trace, peaks=np.full_like(trace.peaks, 50))
    number = int(how.split()[0])
    return replace(trace, bases=trace.bases[:number], quality=trace.quality[:number], peaks=trace.peaks[:number])


@pytest.mark.parametrize("how", ["flat", "one channel", "noise", "peaks on one sample", "60 bases", "5 bases"])
def test_a_trace_without_sequence_in_its_signals_shows_nothing(how, monkeypatch, tmp_path, reference):
    trace = both(reference.sequence[:1678], (1.0, "-"))[0]
    found = call(monkeypatch, tmp_path, reference, [spoilt(trace, how)])
    check_whole(found, reference)
    assert found.calls == ()
    assert {c.status for c in found.coverage} == {"not_assessable"}
    assert {s.call for s in found.splicing} == {"not_assessable"}


def test_same_traces_same_rows(monkeypatch, tmp_path, reference):
    traces = both(reference.sequence[:1678], (0.4, "550_822del"), (0.6, "-"))
    first, second = (call(monkeypatch, tmp_path, reference, traces) for _ in range(2))
    assert first == second
    assert as_table(Coverage, first.coverage) == as_table(Coverage, second.coverage)


def test_a_junction_that_is_read_names_the_fusion(monkeypatch, tmp_path, reference):
    contig = reference.sequences["e14a2"]
    junction = next(t.partner_length for t in reference.transcripts if t.name == "e14a2")
    reaches = draw("F.ab1", [(1.0, contig[junction - 60 :])], 600)
    found = call(monkeypatch, tmp_path, reference, [reaches])
    seen = {f.fusion: (f.call, f.junction_reads) for f in found.fusion}
    assert seen.pop("e14a2") == ("present", 1)
    # A trace shows what most molecules are; of another fusion it has no limit of detection.
    assert set(seen.values()) == {("not_assessable", 0)}
    assert {f.filter for f in found.fusion} == {"PASS", "no_limit_of_detection"}
    behind = draw("F.ab1", [(1.0, contig[junction + 200 :])], 600)
    found = call(monkeypatch, tmp_path, reference, [behind])
    assert {f.call for f in found.fusion} == {"not_assessable"}


def test_orientations_that_disagree_are_evidence_only(monkeypatch, tmp_path, reference):
    target = reference.sequence[:1678]
    forward = both(target, (0.6, "944C>T"), (0.4, "-"))[0]
    reverse = both(target, (1.0, "-"))[1]
    found = call(monkeypatch, tmp_path, reference, [forward, reverse])
    row = next(c for c in found.calls if c.name == "T315I")
    assert row.level == "evidence_only"
    assert "traces_disagree" in row.filter
    assert row.vaf_forward > 0.4
    assert row.vaf_reverse < 0.1


def test_a_change_of_two_bases_is_one_call(monkeypatch, tmp_path, reference):
    """ACT>ATG is listed as T315M; its second base alone is silent and not listed."""
    traces = both(reference.sequence[:1678], (0.5, "944C>T;945T>G"), (0.5, "-"))
    found = call(monkeypatch, tmp_path, reference, traces)
    passed = [c for c in found.calls if c.filter == "PASS"]
    assert [(c.name, c.kind, c.hgvs_c) for c in passed] == [
        ("T315M", "multinucleotide", "NM_005157.6:c.944_945delinsTG")
    ]
    assert {c.filter for c in found.calls} == {"PASS", "same_peaks_as_T315M"}


def test_two_listed_changes_of_a_codon_are_not_joined(monkeypatch, tmp_path, reference):
    """ACT>CTT is listed as T315L, but so are both of its bases alone: a trace does not link them."""
    traces = both(reference.sequence[:1678], (0.5, "943A>C;944C>T"), (0.5, "-"))
    found = call(monkeypatch, tmp_path, reference, traces)
    filters = {c.name: c.filter for c in found.calls}
    assert filters == {"T315I": "PASS", "T315P": "PASS", "T315L": "bases_not_linked"}


def test_windows_show_findings_and_the_codon_always_shown(monkeypatch, tmp_path, reference):
    assert always_shown(reference) == {315: "codon 315 (gatekeeper)"}
    traces = both(reference.sequence[:1678], (0.5, "748G>A"), (0.5, "-"))
    found = call(monkeypatch, tmp_path, reference, traces)
    name = next(c.name for c in found.calls if c.filter == "PASS")
    assert [w.title for w in found.peaks] == [
        f"{name}, forward",
        f"{name}, reverse",
        "codon 315 (gatekeeper), forward",
        "codon 315 (gatekeeper), reverse",
    ]
    for window in found.peaks:
        assert len(window.bases) == len(window.reference) == len(window.peaks) == len(window.positions) == 25
        assert len({len(c) for c in window.channels}) == 1
        start = window.positions[0]
        assert window.positions == tuple(range(start, start + 25))
        assert window.reference == reference.sequence[start - 1 : start + 24]
        for base, peak in zip(window.bases, window.peaks, strict=True):
            highest = max(window.channels, key=lambda channel, peak=peak: channel[peak])
            assert window.channels.index(highest) == "ACGT".index(base)


def test_bounds_are_those_of_linear_programming():
    """Fréchet's bounds against the least and most that any mixture of haplotypes with these shares can hold."""
    random = np.random.default_rng(5)
    for count in (2, 3):
        for _ in range(20):
            shares = random.uniform(0.05, 0.98, count)
            sites = [Site("abc"[i], i + 1, float(v), 1e-9, range(0)) for i, v in enumerate(shares)]
            haplotypes = list(product((0, 1), repeat=count))
            equal = np.vstack([np.array(haplotypes).T, np.ones(len(haplotypes))])

            def bounds(weights, equal=equal, shares=shares):
                low, high = (sign * linprog(sign * weights, A_eq=equal, b_eq=[*shares, 1.0]).fun for sign in (1, -1))
                return low, high

            whole = next(p for p in phase_rows("S", sites, {}) if p.mutations == "+".join("abc"[:count]))
            low, high = bounds(np.array([float(all(h)) for h in haplotypes]))
            assert (whole.compound_low, whole.compound_high) == pytest.approx((low, high), abs=1e-6)
            assert (whole.verdict == "compound") == (low > 1e-6)
            exact = {h.haplotype: h for h in haplotype_rows("S", sites, {})}
            for k, held in enumerate(haplotypes):
                name = "+".join(c for c, there in zip("abc", held, strict=False) if there) or "unmutated"
                expected = bounds(np.eye(len(haplotypes))[k])
                got = exact[name].fraction_low, exact[name].fraction_high
                assert got == pytest.approx(expected, abs=1e-6)
                assert exact[name].identifiable == "bounds_only"


def test_a_change_in_skipped_bases_is_never_on_the_skip():
    sites = [Site("skip", 550, 0.9, 0.01, range(550, 823)), Site("change", 748, 0.9, 0.01, range(0))]
    (row,) = phase_rows("S", sites, {})
    assert (row.verdict, row.compound_low, row.compound_high) == ("polyclonal", None, None)
    assert "skip+change" not in [h.haplotype for h in haplotype_rows("S", sites, {})]


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert stouffer([3.0, 3.0], [True, False]) == pytest.approx(3 * np.sqrt(2))
    assert stouffer([3.0, 5.0], [True, True]) == pytest.approx(4.0)


def test_noise_is_recovered_from_draws():
    random = np.random.default_rng(7)
    for shape, scale in ((3.0, 0.02), (1.0, 0.02)):
        values = np.where(random.random(20_000) < 0.3, 0.0, random.gamma(shape, scale, 20_000))
        (noise,) = fit_noise([values])
        assert noise.mean == pytest.approx(0.7 * shape * scale, rel=0.03)
        for level in np.quantile(values, (0.95, 0.99, 0.999)):
            above = (values >= level).mean()
            # Up to 0.1 % the tail is right within a factor (20 values are above that level).
            assert 0.65 < norm.sf(noise.z(np.array(level))) / above < 2.5


def test_more_noise_raises_the_limit_and_a_second_strand_lowers_it():
    quiet, loud = (Noise(0.3, 0.005, 2.0, scale, 2 * scale, 2 * scale) for scale in (0.005, 0.03))
    one = [limit_of_detection((n,), (True,), 170, True, "one_orientation") for n in (quiet, loud)]
    two = [limit_of_detection((n, n), (True, False), 170, True, "both_orientations") for n in (quiet, loud)]
    assert one[0] == pytest.approx(0.20, abs=0.005)
    assert one[0] < one[1]
    assert 0.05 <= two[0] < one[0]
    assert two[1] < one[1]
    assert limit_of_detection((quiet,), (True,), 2000, False, "one_orientation") > 0.5
