"""Traces of known content: what is found, at which fraction, and what is false. Simulated, drawn, real and damaged.

    python tests/benchmarks/traces.py --seed 11 --samples 200 --real ../shared/data

`simulated` traces come from `ablkd simulate`'s capillary; `drawn` ones from the plain drawing of the unit tests, which
knows nothing of it; `spiked` ones are real traces mixed with themselves some bases on, as if that many bases were
skipped in a share of the molecules; the rest are real files. `--only NAME ...` runs some of the parts; each prints its
figures as it ends.
"""

from __future__ import annotations

import argparse
import csv
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ablkd.records import Call, SampleTables, SpliceVariant
from ablkd.reference import Reference, load_reference
from ablkd.simulate.capillary import draw_trace
from ablkd.traces import call as trace_call
from ablkd.traces import wild_type as trace_wild_type
from ablkd.traces.abif import Trace, base_fractions, base_signals, read_trace
from ablkd.traces.call import call_traces

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit"))
from chromatogram import draw, read_from  # noqa: E402
from edited_traces import Edit, own_reference, public_edits, strongest  # noqa: E402

Molecules = Sequence[tuple[float, str]]
STARTS = ((True, 400), (False, 1480))
WILD: Molecules = ((1.0, "-"),)
SKIP = "550_822del"
MUTATION, CHANGE, EVENT = "T315I", "944C>T", "exon4_skipping"
DRAWN_NOISE = 0.02


def simulated(target: str, molecules: Molecules, seed: int, name: str = "") -> list[Trace]:
    """Both orientations, as `ablkd simulate` draws them."""
    random = np.random.default_rng(seed)
    traces = []
    for forward, start in STARTS:
        reads = [(share, read_from(target, changes, forward, start)) for share, changes in molecules]
        strands = [np.array(["ACGT".index(b) for b in bases], np.uint8) for _, bases in reads]
        shares = np.array([share for share, _ in reads])
        traces.append(draw_trace(f"{name}{'FR'[not forward]}.ab1", strands, shares / shares.sum(), random))
    return traces


def drawn(target: str, molecules: Molecules, seed: int, name: str = "") -> list[Trace]:
    """Both orientations, as the unit tests draw them."""
    traces = []
    for forward, start in STARTS:
        reads = [(share, read_from(target, changes, forward, start)) for share, changes in molecules]
        traces.append(draw(f"{name}{'FR'[not forward]}.ab1", reads, 750, 2 * seed + forward, DRAWN_NOISE))
    return traces


def call(reference: Reference, traces: Sequence[Trace], wild: Sequence[Trace] = ()) -> SampleTables:
    """`call_traces` on traces in memory."""
    known = {t.name: t for t in [*traces, *wild]}
    for module in (trace_call, trace_wild_type):
        module.read_trace = lambda path: known[Path(path).name]
        module.sha256 = lambda _path: ""
    files = [[Path(t.name) for t in some] for some in (traces, wild)]
    return call_traces("S", files[0], reference, 0.20, 0.20, files[1])


def passed(found: SampleTables) -> list[str]:
    """Every change and every event that is called."""
    called = [c.name for c in found.calls if c.filter == "PASS"]
    return called + [s.event for s in found.splicing if s.call == "present"]


def told(what: str, hits: Sequence[bool], shares: Sequence[float], true: float, others: Sequence[str]) -> None:
    mean = f"mean {100 * np.mean(shares):.1f} %, sd {100 * np.std(shares):.1f}" if shares else "-"
    worst = f", furthest {100 * max(abs(s - true) for s in shares):.1f} points off" if shares else ""
    print(
        f"{what}: found in {sum(hits)} of {len(hits)}; {mean}{worst}; other calls: {sorted(others) or 'none'}",
        flush=True,
    )


def mixtures(reference: Reference, source: Callable, seeds: Iterator[int], samples: int) -> None:
    """Wild type, T315I alone, with wild-type traces, and beside a skipped exon."""
    target = reference.sequence[:1678]
    false: list[str] = []
    limits = []
    for _ in range(samples):
        found = call(reference, source(target, WILD, next(seeds)))
        false += passed(found)
        limits += [c.lod95 for c in found.coverage if c.kind == "allele" and c.lod95 is not None]
    print(
        f"wild type: {len(false)} false calls in {samples} pairs {sorted(false)}; median LoD {np.median(limits):.3f}",
        flush=True,
    )
    false, some = [], max(1, samples // 4)
    for _ in range(samples):
        false += passed(call(reference, source(target, WILD, next(seeds)), source(target, WILD, next(seeds), "W")))
    print(f"wild type beside wild type: {len(false)} false calls in {samples} pairs {sorted(false)}", flush=True)
    full, skipping = ((0.2, CHANGE), (0.8, "-")), ((0.15, SKIP), (0.85, "-"))
    tenth, both = ((0.1, CHANGE), (0.9, "-")), ((0.3, SKIP), (0.3, CHANGE), (0.4, "-"))
    on_skip = ((0.3, SKIP + ";" + CHANGE), (0.7, "-"))
    for what, molecules, name, true, beside in (
        ("T315I 20 %", full, MUTATION, 0.2, False),
        ("T315I 10 % beside wild type", tenth, MUTATION, 0.1, True),
        ("exon 4 skipping 15 %", skipping, EVENT, 0.15, False),
        ("T315I 30 % with 30 % skipping", both, MUTATION, 0.3, False),
        ("T315I 30 % on the 30 % that skip", on_skip, MUTATION, 0.3, False),
    ):
        hits, shares, others = [], [], []
        for _ in range(samples if beside else some):
            wild = source(target, WILD, next(seeds), "W") if beside else []
            found = call(reference, source(target, molecules, next(seeds)), wild)
            names = passed(found)
            hits.append(name in names)
            rows = [c.vaf for c in found.calls if c.name == name] + [
                s.fraction for s in found.splicing if s.event == name
            ]
            shares += [s for s in rows if s is not None] if hits[-1] else []
            others += [n for n in names if n not in (name, EVENT if SKIP in str(molecules) else "")]
        told(what, hits, shares, true, others)


def real_edits(reference: Reference, folder: Path) -> None:
    """Measured against published fractions, and calls above the stated limit more than 12 bases from the edited base."""
    ours, published, false, tested = [], [], [], 0
    with (folder / "sanger_base_edits/sites.tsv").open() as lines:
        sites = list(csv.DictReader(lines, delimiter="\t"))
    for site in sites:
        trace = read_trace(folder / "sanger_base_edits" / site["file"])
        base = int(site["base_index_in_trace_0based"])
        ours.append(100 * base_fractions(base_signals(trace))[base][::-1])
        published.append([float(site[f"EditR_{b}"]) for b in "ACGT"])
        known = own_reference(reference, strongest(trace), True)
        found = call(known, [trace])
        tested += sum(c.assessable == "yes" for c in found.coverage)
        for c in found.calls:
            away = min(abs(3 * c.codon - 2 + i - base - 1) for i in range(3))
            if c.filter == "PASS" and away > 12:
                false.append(f"{site['file']} {c.name} {c.hgvs_c} {c.vaf:.2f} (LoD {c.lod95:.2f})")
    a, b = np.array(ours), np.array(published)
    print(
        f"published fractions: r {np.corrcoef(a.ravel(), b.ravel())[0, 1]:.4f}, mean difference {np.abs(a - b).mean():.2f} "
        f"points, largest {np.abs(a - b).max():.1f}; {len(sites)} sites"
    )
    print(f"calls elsewhere: {len(false)} in {tested} assessable rows {false}", flush=True)


MISSED_FROM = 0.20


def called_edits(reference: Reference, folder: Path) -> None:
    """The 23 public edits, called with the unedited sequence as target and the edit listed."""
    edits = public_edits(folder)
    rows: list[Call] = []
    published: list[float] = []
    missed, not_detected, others, seen_others = [], [], [], 0
    for edit in edits:
        found = call(own_reference(reference, edit.unedited, True, edit), [edit.trace])
        name = f"own:c.{edit.base + 1}{edit.ref}>{edit.alt}"
        row = next((c for c in found.calls if c.hgvs_c == name), None)
        status = next((c for c in found.coverage if c.hgvs_c == name and c.kind == "allele"), None)
        verdict = f"{status.status} {status.reason}".strip() if status else "no coverage row"
        filters = row.filter if row else "no call"
        words = f"{edit.trace.name}: {100 * edit.published:.0f} %, {filters}, {verdict}"
        if row and row.filter == "PASS":
            rows.append(row)
            published.append(edit.published)
        elif edit.published >= MISSED_FROM:
            missed.append(words)
        if edit.published >= MISSED_FROM and verdict == "not_detected":
            not_detected.append(words)
        line = f" measured {100 * row.vaf:.1f} ({100 * row.vaf_low:.1f}-{100 * row.vaf_high:.1f})" if row else ""
        print(f"  {words}{line}")
        called, number = neighbouring_edits(edit, found)
        others += called
        seen_others += number
    told_edits(rows, np.array(published), len(edits))
    print(f"missed edits of 20 % and more: {len(missed)}; of these not_detected: {len(not_detected)}")
    called = sum(f == "PASS" for _, f in others)
    filters = sorted(f"{100 * v:.0f} % {f}" for v, f in others if f != "PASS")
    print(
        f"other edits of 20 % and more in the protospacer: {called} of {seen_others} called; others {filters}",
        flush=True,
    )


def told_edits(rows: Sequence[Call], published: np.ndarray, number: int) -> None:
    """What the called edits show against what was published."""
    vaf = np.array([c.vaf for c in rows])
    low, high = np.array([c.vaf_low for c in rows]), np.array([c.vaf_high for c in rows])
    inside = (low <= published) & (published <= high)
    print(
        f"called edits: {len(rows)} of {number}; r {np.corrcoef(vaf, published)[0, 1]:.4f}, mean difference "
        f"{100 * (vaf - published).mean():+.2f} points, absolute {100 * np.abs(vaf - published).mean():.2f}; 95 % interval "
        f"includes {inside.sum()} of {len(rows)}, median width {100 * np.median(high - low):.1f} points"
    )


def neighbouring_edits(edit: Edit, found: SampleTables) -> tuple[list[tuple[float, str]], int]:
    """((fraction of the signal, filter or what else) of each other edited base of the protospacer, how many there are).

    Nothing is published for them: an edit is a base that the editor replaces and of which the signal shows 20 %.
    """
    fractions = base_fractions(base_signals(edit.trace))
    sites = []
    for base in edit.window:
        fraction = float(fractions[base, "ACGT".index(edit.alt)])
        if base == edit.base or edit.unedited[base] != edit.ref or fraction < MISSED_FROM:
            continue
        name = f"own:c.{base + 1}{edit.ref}>{edit.alt}"
        row = next((c for c in found.calls if c.hgvs_c == name), None)
        sites.append((fraction, row.filter if row else "no row"))
    return sites, len(sites)


def spiked(trace: Trace, onset: int, ahead: int, share: float) -> Trace:
    """A real trace in which a share of the molecules lacks `ahead` bases from base `onset` on."""
    channels = trace.channels.copy()
    last = len(trace.peaks) - ahead - 2
    for base in range(onset, last):
        half = int((trace.peaks[base + 1] - trace.peaks[base]) // 2)
        here = slice(trace.peaks[base] - half, trace.peaks[base] + half)
        there = slice(trace.peaks[base + ahead] - half, trace.peaks[base + ahead] + half)
        channels[:, here] = (1 - share) * trace.channels[:, here] + share * trace.channels[:, there]
    end = last - 1
    cut = replace(
        trace, bases=trace.bases[:end], quality=trace.quality[:end], peaks=trace.peaks[:end], channels=channels
    )
    return replace(cut, bases=base_signals(cut).argmax(axis=1).astype(np.uint8))


def spikes(reference: Reference, folder: Path, seed: int) -> None:
    """Skips of 35 and 100 bases, and indels, mixed into real traces of one orientation."""
    files = [p for p in sorted((folder / "sanger_base_edits").glob("*.ab1")) if len(read_trace(p).bases) > 385]
    random = np.random.default_rng(seed)
    for share in (0.0, 0.05, 0.10, 0.15, 0.30):
        events, named, other = [], 0, 0
        for path in files:
            trace = read_trace(path)
            known = own_reference(reference, strongest(trace), False)
            start, ahead = int(random.integers(110, 150)), int(random.choice([35, 100]))
            skip = SpliceVariant("skip", "skip", start + 1, start + ahead, "", "", "", "no", "", "")
            found = call(replace(known, splicing=(skip,)), [spiked(trace, start, ahead, share)])
            row = found.splicing[0]
            events.append(row.fraction if row.call == "present" else None)
            length = int(random.integers(1, 40))
            found = call(known, [spiked(trace, start, length, share)])
            indels = [c for c in found.calls if c.kind == "deletion" and c.filter == "PASS"]
            named += [c.hgvs_c for c in indels] == [_deletion(known, start, length)]
            other += any(c.hgvs_c != _deletion(known, start, length) for c in indels)
        seen = [f for f in events if f is not None]
        off = f", mean {100 * np.mean(seen):.1f} %" if seen else ""
        print(
            f"real traces, {100 * share:.0f} % spiked: skip present in {len(seen)} of {len(files)}{off}; deletion named in "
            f"{named}, another named in {other}",
            flush=True,
        )


def _deletion(known: Reference, start: int, length: int) -> str:
    from ablkd import hgvs

    return hgvs.indel_names(known, start, start + length, "")[1]


def indels(reference: Reference, source: Callable, seeds: Iterator[int], samples: int) -> None:
    """Drawn lengths to 60, places, shares."""
    from ablkd import hgvs

    target = reference.sequence[:1678]
    right, missed, wrong = 0, [], []
    for _ in range(samples):
        seed = next(seeds)
        random = np.random.default_rng(seed)
        start, length, share = (
            int(random.integers(650, 1250)),
            int(random.integers(1, 61)),
            float(random.choice([0.3, 0.5, 1])),
        )
        if random.random() < 0.6:
            change, name = (
                f"{start}_{start + length - 1}del",
                hgvs.indel_names(reference, start - 1, start - 1 + length, "")[1],
            )
        else:
            inserted = "".join(random.choice(list("ACGT"), min(length, 25)))
            change, name = f"{start}_{start + 1}ins{inserted}", hgvs.indel_names(reference, start, start, inserted)[1]
        molecules = [(share, change), (1 - share, "-")] if share < 1 else [(1.0, change)]
        found = call(reference, source(target, molecules, seed))
        names = [c.hgvs_c for c in found.calls if c.filter == "PASS"]
        told_of = any(q.metric == "unexplained_sequence" for q in found.qc)
        right += names == [name]
        if names != [name]:
            (wrong if names else missed).append(f"{change} {share:g} {names}{' (told)' if told_of else ''}")
    print(f"indels: {right} of {samples} named and nothing else; wrong {wrong}; not named {missed}", flush=True)


def corrupted(data: bytes, random: np.random.Generator) -> bytes:
    """Cut, zeroed, overwritten, shuffled, or with a number of the directory changed."""
    damaged = bytearray(data)
    kind = random.integers(0, 5)
    start = int(random.integers(0, len(damaged)))
    length = int(random.integers(1, 2000))
    if kind == 0:
        return bytes(damaged[:start])
    if kind == 1:
        damaged[start : start + length] = bytes(len(damaged[start : start + length]))
    elif kind == 2:
        damaged[start : start + length] = random.bytes(len(damaged[start : start + length]))
    elif kind == 3:
        part = damaged[start : start + length]
        damaged[start : start + length] = bytes(random.permutation(np.frombuffer(part, np.uint8)))
    elif len(data) >= 30:  # else it is too short to name a directory
        directory = struct.unpack(">I", data[26:30])[0]
        place = directory + 28 * int(random.integers(0, 120)) + int(random.integers(0, 28))
        if place < len(damaged):
            damaged[place] = int(random.integers(0, 256))
    return bytes(damaged)


def damage(reference: Reference, folder: Path, seed: int, number: int) -> None:
    """Every edge case, and damaged copies of real, ABL1 and edge-case traces: rows or one line."""
    random = np.random.default_rng(seed)
    files = [
        *sorted((folder / "sanger_edge_cases").glob("*.ab1")),
        *sorted((folder / "sanger_base_edits").glob("*.ab1")),
    ]
    files += sorted((ROOT / "tests/example/reads").glob("*.ab1")) * 4
    trace_call.read_trace = trace_wild_type.read_trace = read_trace
    from ablkd.reference import sha256

    trace_call.sha256 = trace_wild_type.sha256 = sha256
    outcomes = {"result": 0, "one line": 0}
    with tempfile.TemporaryDirectory() as temporary:
        for i in range(number + len(list((folder / "sanger_edge_cases").glob("*.ab1")))):
            edge = i - number
            path = files[edge] if edge >= 0 else Path(temporary) / "damaged.ab1"
            if edge < 0:
                path.write_bytes(corrupted(files[int(random.integers(0, len(files)))].read_bytes(), random))
            found = call_traces("S", [path], reference, 0.2, 0.2)
            usable = next(q for q in found.qc if q.metric == "usable")
            assert usable.value == "yes" or (usable.reason and "\n" not in usable.reason), usable
            outcomes["result" if usable.value == "yes" else "one line"] += 1
    print(f"damaged and odd files: {outcomes}, no traceback", flush=True)


def realism(reference: Reference, folder: Path, seed: int) -> None:
    """Real and simulated traces beside each other, bases 50 to 380."""
    real = [read_trace(p) for p in sorted((folder / "sanger_base_edits").glob("*.ab1"))]
    made = [simulated(reference.sequence[:1678], WILD, seed + i)[0] for i in range(10)]
    for name, traces in (("real", real), ("simulated", made)):
        rows = []
        for t in traces:
            heights = base_signals(t)
            f = np.sort(base_fractions(heights), axis=1)[50:380]
            total = np.log(np.maximum(heights.sum(axis=1), 1.0))[50:380]
            smooth = np.convolve(total, np.ones(31) / 31, "same")
            rows.append([(total - smooth)[20:-20].std(), *np.quantile(1 - f[:, 3], (0.5, 0.9)), np.median(t.quality[50:380]),
                         np.median(t.quality[:8]), np.diff(t.peaks[50:380]).std()])  # fmt: skip
        low, middle, high = np.quantile(rows, (0.1, 0.5, 0.9), axis=0)
        words = ("height sd (log)", "false signal, median", "90 %", "quality", "quality of first 8", "spacing sd")
        print(
            name
            + ": "
            + "; ".join(f"{w} {m:.3g} ({a:.3g}-{b:.3g})" for w, a, m, b in zip(words, low, middle, high, strict=True))
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--samples",
        type=int,
        default=200,
        help="wild-type pairs, and mixtures beside wild type; a quarter of it for the others (200)",
    )
    parser.add_argument("--damaged", type=int, default=500, help="damaged files (500)")
    parser.add_argument(
        "--real", type=Path, help="folder with sanger_base_edits, sanger_base_edits_2 and sanger_edge_cases"
    )
    parser.add_argument(
        "--only", nargs="*", default=["simulated", "drawn", "indels", "real", "edits", "spiked", "damaged", "realism"]
    )
    asked = parser.parse_args()
    reference = load_reference(ROOT / "reference")
    seeds = iter(range(1_000_000 * asked.seed, 1_000_000 * (asked.seed + 1)))
    for part in asked.only:
        if part in ("real", "edits", "spiked", "damaged", "realism") and asked.real is None:
            print(f"{part}: not run (give --real)")
            continue
        print(f"-- {part}, seed {asked.seed}", flush=True)
        if part in ("simulated", "drawn"):
            mixtures(reference, {"simulated": simulated, "drawn": drawn}[part], seeds, asked.samples)
        elif part == "indels":
            indels(reference, simulated, seeds, max(1, asked.samples // 4))
        elif part == "real":
            real_edits(reference, asked.real)
        elif part == "edits":
            called_edits(reference, asked.real)
        elif part == "spiked":
            spikes(reference, asked.real, asked.seed)
        elif part == "damaged":
            damage(reference, asked.real, asked.seed, asked.damaged)
        else:
            realism(reference, asked.real, asked.seed)


if __name__ == "__main__":
    main()
