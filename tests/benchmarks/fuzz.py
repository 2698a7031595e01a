"""Damaged inputs: files with random damage through every reader, to find what is no sentence.

    python tests/benchmarks/fuzz.py --minutes 60 --seed 1 --keep found

Each trial damages one file of one target (a FASTQ, a BAM, a trace, a sheet, a table of the knowledge folder, ...) and
reads it. Good is a result, or `InputError` or `UnusableSample` with one sentence and a remedy for each problem. Anything
else is kept in `--keep`, made smaller first: another exception, a crash, more than 2 GB, more than 20 s of the processor.
Batches of trials are processes of their own, so that a crash ends none but its own. `NUMBA_DISABLE_JIT=1` runs the
kernels interpreted, where a wrong index is an exception. Status 1 when something was found.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pysam

from ablkd.alignment.align import align_sample
from ablkd.alignment.aligner import Aligner
from ablkd.alignment.bam import write_bam
from ablkd.alignment.reads import read_blocks
from ablkd.amplicons import primer_spans
from ablkd.clinical import read_clinical
from ablkd.config import checked_settings, read_config
from ablkd.counting.counts import read_counts
from ablkd.errors import InputError, UnusableSample
from ablkd.interpretation.explain import explain
from ablkd.reference import load_reference
from ablkd.run_folder import sheet_from_folder
from ablkd.samples import read_library, read_sheet
from ablkd.site import load_site
from ablkd.slips import questions
from ablkd.traces.abif import read_trace
from ablkd.traces.call import call_traces

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests/example"
REFERENCE = load_reference(ROOT / "reference")
BATCH = 60
MEMORY, SECONDS = 2 << 30, 20
SMALLER_TRIES = 200
WORDS = [
    *(b"", b"\t", b"\n", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"@", b"+", b">", b"#", b";", b":", b"'", b'"'),
    *(b"-1", b"0", b"1", b"1e999", b"nan", b"inf", b"99999999999999999999", b"3.7", b"\xc3\xa9", b"\xe2\x80\xa8", b"..", b"/"),
    *(b"$(touch executed)", b"N" * 300, b"{sample}", b"!!python/object:os.system", b"[", b"{", b"&a [*a]", b"|", b"\x1c", b"\x85"),
    *(b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\1\0\0\0", b"ACGT" * 50),
]  # fmt: skip
Files = dict[str, bytes]


@dataclass(frozen=True)
class Target:
    """Files that are read well, which of them are damaged (a pattern), how they are packed, and what reads them."""

    files: Files
    read: Callable[[Path], object]
    damaged: str = ".*"
    pack: Callable[[bytes], bytes] = bytes


def head(name: str, reads: int) -> bytes:
    """The first reads of a file of the example, as text."""
    with gzip.open(EXAMPLE / "reads" / name, "rb") as stream:
        return b"".join(islice(stream, 4 * reads))


def bam_bytes(aligned: bool) -> bytes:
    """A small BAM, unpacked: pairs and single reads, with and without qualities, tags and places."""
    lines = head("P1_2018-05_1.fastq.gz", 8).decode().splitlines()
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "c", "LN": 1000}]} if aligned else {"HD": {"VN": "1.6"}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.bam"
        with pysam.AlignmentFile(str(path), "wb", header=header) as stream:
            for i in range(8):
                record = pysam.AlignedSegment(stream.header)
                record.query_name, record.query_sequence = f"r{i // 2}", lines[4 * i + 1]
                record.flag = (77, 141, 4, 4)[i % 4] if not aligned else (0, 16)[i % 2]
                if i % 3:
                    record.query_qualities = pysam.qualitystring_to_array(lines[4 * i + 3])
                record.set_tag("rq", 0.9 + i / 50)
                if aligned:
                    record.reference_id, record.reference_start = 0, 10 * i
                    record.cigarstring = f"{len(lines[4 * i + 1])}M"
                stream.write(record)
        return gzip.decompress(path.read_bytes())


def bgzf(data: bytes) -> bytes:
    """Bytes as a BGZF file, as BAM is packed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "packed"
        with pysam.BGZFile(str(path), "wb") as stream:
            stream.write(data)
        return path.read_bytes()


def aligned_sample(folder: Path) -> object:
    """Every output of `ablkd align` and `ablkd bam`, from whatever reads stand in the folder."""
    reads = sorted(p for p in folder.iterdir() if p.suffix in (".fastq", ".bam"))
    with tempfile.TemporaryDirectory() as name:
        out = [Path(name) / part for part in ("f.npy", "c.tsv")]
        platform = REFERENCE.platforms["ont" if len(reads) == 1 else "illumina"]
        rows = align_sample("S", platform, "", REFERENCE, reads[:1], reads[1:], *out)
        with contextlib.suppress(UnusableSample):
            write_bam(platform, REFERENCE, reads[:1], reads[1:], Path(name) / "a.bam")
        return rows


def knowledge(folder: Path) -> object:
    """What every step asks of a knowledge folder."""
    known = load_reference(folder)
    for kind in ("short", "long"):
        graph = Aligner(known, kind).graph
    return primer_spans(known, graph), [explain(known, m.name) for m in known.mutations[:3]]


def asked(folder: Path) -> object:
    """What `ablkd check` and `ablkd sheet` ask of the files in a folder."""
    rows = {row.sample: row for row in read_sheet(folder / "samples.tsv", REFERENCE)}
    return sheet_from_folder(folder), questions(folder / "samples.tsv", rows, REFERENCE)


def targets() -> dict[str, Target]:
    """Name -> target."""
    one, two = head("P1_2018-05_1.fastq.gz", 12), head("P1_2018-05_2.fastq.gz", 12)
    long = head("HIFI_1.fastq.gz", 2)
    trace = (EXAMPLE / "reads/P2_2017-10_F.ab1").read_bytes()
    tables = {p.relative_to(ROOT / "reference").as_posix(): p.read_bytes() for p in (ROOT / "reference").rglob("*") if p.is_file()}  # fmt: skip
    sheet = re.sub(rb"reads/\S+(fastq.gz|ab1)", rb"r.\1", (EXAMPLE / "samples.tsv").read_bytes().split(b"\nHIFI_1")[0])
    sheet = sheet.replace(b"r.fastq.gz\tr.fastq.gz", b"r.fastq.gz\tq.fastq.gz")
    counts = b"panel\tsample\tplatform\tkind\tposition\tend\tchange\tforward\treverse\tboth\np\tS\tillumina\tcodon\t315\t315\tACT\t5\t5\t9\np\tS\tillumina\tindel\t9\t10\tAC\t1\t0\t0\n"
    library = b"file\texpected\nr.ab1\t\nr.ab1\tT315I:0.5\n"
    site = b"laboratory: Lab\naddress: [Street 1, Town]\nfooter: end\nwords: {not_assessable: hidden}\n"
    return {
        "fastq": Target({"r.fastq": one}, lambda f: list(read_blocks([f / "r.fastq"], [], 5))),
        "fastq_gz": Target({"r.fastq.gz": gzip.compress(one, mtime=0)}, lambda f: list(read_blocks([f / "r.fastq.gz"], [], 5))),
        "mates": Target({"1.fastq": one, "2.fastq": two}, lambda f: list(read_blocks([f / "1.fastq"], [f / "2.fastq"], 5))),
        "bam": Target({"r.bam": bam_bytes(False)}, lambda f: list(read_blocks([f / "r.bam"], [], 5)), pack=bgzf),
        "bam_aligned": Target({"r.bam": bam_bytes(True)}, lambda f: list(read_blocks([f / "r.bam"], [], 5)), pack=bgzf),
        "bam_packed": Target({"r.bam": bgzf(bam_bytes(False))}, lambda f: list(read_blocks([f / "r.bam"], [], 5))),
        "align_pairs": Target({"1.fastq": one, "2.fastq": two}, aligned_sample),
        "align_long": Target({"r.fastq": long}, aligned_sample),
        "align_bam": Target({"r.bam": bam_bytes(False)}, aligned_sample, pack=bgzf),
        "abif": Target({"r.ab1": trace}, lambda f: read_trace(f / "r.ab1")),
        "trace": Target({"r.ab1": trace}, lambda f: call_traces("S", [f / "r.ab1"], REFERENCE, 0.2, 0.2)),
        "sheet": Target({"samples.tsv": sheet, "r.fastq.gz": b"", "q.fastq.gz": b"", "r.ab1": b""}, lambda f: read_sheet(f / "samples.tsv", REFERENCE), "samples.tsv"),
        "slips": Target({"samples.tsv": b"sample\tplatform\treads_1\treads_2\nA\tillumina\t1.fastq.gz\t2.fastq\nB\tont\tr.bam\t\n", "1.fastq.gz": gzip.compress(one, mtime=0), "2.fastq": two, "r.bam": bgzf(bam_bytes(False))}, asked, r"[12r].*"),
        "clinical": Target({"c.tsv": (EXAMPLE / "clinical.tsv").read_bytes()}, lambda f: read_clinical(f / "c.tsv")),
        "counts": Target({"c.tsv": counts}, lambda f: read_counts(f / "c.tsv", REFERENCE)),
        "library": Target({"l.tsv": library, "r.ab1": b""}, lambda f: read_library(f / "l.tsv"), "l.tsv"),
        "config": Target({"config.yaml": (ROOT / "config.yaml").read_bytes()}, lambda f: checked_settings(read_config(f / "config.yaml"))),
        "site": Target({"site.yaml": site}, load_site),
        "knowledge": Target(tables, knowledge, r".*\.(tsv|fasta)"),
    }  # fmt: skip


def damage(rng: random.Random, data: bytes) -> bytes:
    """The bytes with one to four kinds of damage."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice((flip, cut, drop, double, put, put, in_lines, in_cells, in_cells))(rng, data)
    return data


def flip(rng: random.Random, data: bytes) -> bytes:
    """One to eight bytes changed."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(changed)


def cut(rng: random.Random, data: bytes) -> bytes:
    """The end lost."""
    return data[: rng.randint(0, len(data))]


def drop(rng: random.Random, data: bytes) -> bytes:
    """A stretch lost."""
    start = rng.randint(0, len(data))
    return data[:start] + data[start + rng.choice((1, 2, 4, rng.randint(1, 1000))) :]


def double(rng: random.Random, data: bytes) -> bytes:
    """A stretch twice, or many times."""
    start = rng.randint(0, len(data))
    end = start + rng.randint(1, 400)
    return data[:end] + data[start:end] * rng.choice((1, 1, 50)) + data[end:]


def put(rng: random.Random, data: bytes) -> bytes:
    """A word put in, or over what stands there."""
    start, word = rng.randint(0, len(data)), rng.choice(WORDS)
    return data[:start] + word + data[start + rng.choice((0, len(word))) :]


def in_lines(rng: random.Random, data: bytes) -> bytes:
    """A line lost, doubled, moved, or the line ends of another system."""
    lines = data.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(4)
    if kind == 3:
        return data.replace(b"\n", rng.choice((b"\r\n", b"\r")))
    line = lines.pop(i) if kind in (0, 2) else lines[i]
    if kind in (1, 2):
        lines.insert(j, line)
    return b"\n".join(lines)


def in_cells(rng: random.Random, data: bytes) -> bytes:
    """A cell of a table, or a value behind a colon, replaced."""
    lines = data.split(b"\n")
    i = rng.randrange(len(lines))
    cells = re.split(rb"([\t:])", lines[i])
    cells[rng.randrange(len(cells))] = rng.choice((rng.choice(WORDS), rng.choice(cells)))
    lines[i] = b"".join(cells)
    return b"\n".join(lines)


def problem(target: Target, files: Files, folder: Path, seconds: float = SECONDS) -> str:
    """What went wrong with these files, the same text for the same fault; empty when all is well. 0 seconds: no limit."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(target.pack(data) if re.fullmatch(target.damaged, name) else data)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        target.read(folder)
    except (InputError, UnusableSample) as error:
        told = error.problems if isinstance(error, InputError) else [str(error)]
        bad = [t for t in told if not t.isprintable() or not re.fullmatch(r".+: .+ \(.+\)|the files.*|no read.*", t)]
        return f"no sentence: {re.sub('[0-9]+', 'N', bad[0])[:80]!r}" if bad or not told else ""
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "ablkd" in f.filename]
        return (
            f"{type(error).__name__} in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else repr(error)
        )
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return ""


def smaller(target: Target, files: Files, name: str, wrong: str, folder: Path) -> Files:
    """The same fault from less: stretches of the damaged file left out while it stays."""
    size, tries = max(1, len(files[name]) // 2), 0
    while size and tries < SMALLER_TRIES:
        at = 0
        while at < len(files[name]) and tries < SMALLER_TRIES:
            less = {**files, name: files[name][:at] + files[name][at + size :]}
            tries += 1
            if problem(target, less, folder) == wrong:
                files = less
            else:
                at += size
        size //= 2
    return files


def keep(place: Path, files: Files, wrong: str) -> None:
    """Write a case: what went wrong, and the files."""
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    (place / "problem.txt").write_text(wrong + "\n")


def batch(name: str, target: Target, seed: int, folder: Path, kept: Path) -> None:
    """Trials of one target; the current one stands in `folder`, packed, as the reader sees it."""
    rng = random.Random(seed)
    for _ in range(BATCH):
        chosen = rng.choice(sorted(n for n in target.files if re.fullmatch(target.damaged, n)))
        files = {**target.files, chosen: damage(rng, target.files[chosen])}
        wrong = problem(target, files, folder)
        place = kept / f"{name}-{re.sub('[^A-Za-z0-9.]+', '_', wrong)[:90]}"
        if wrong and not place.exists():
            files = smaller(target, files, chosen, wrong, folder)
            keep(place, {chosen: files[chosen]}, f"{wrong}\nseed {seed}\n{traced(target, files, folder)}")


def traced(target: Target, files: Files, folder: Path) -> str:
    """The traceback, for whoever mends it."""
    problem(target, files, folder)
    try:
        target.read(folder)
    except Exception:
        return traceback.format_exc()
    return ""


def fuzz(minutes: float, seed: int, kept: Path, only: list[str]) -> Counter[str]:
    """Batches of every target in turn until the time is over; (target -> trials) as they were done."""
    chosen = {name: target for name, target in targets().items() if not only or name in only}
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "input"
        for target_name, target in chosen.items():
            wrong = problem(target, target.files, folder, seconds=0)  # kernels may be compiled here
            assert not wrong, f"{target_name} is not read even without damage: {wrong}"
        print(f"{', '.join(chosen)}: all are read without damage", flush=True)
        end, number = time.monotonic() + 60 * minutes, 0
        while time.monotonic() < end:
            target_name = list(chosen)[number % len(chosen)]
            own = seed * 1_000_000 + number
            if died := in_a_process(target_name, chosen[target_name], own, folder, kept):
                shutil.copytree(folder, kept / f"{target_name}-{died}-{own}")
                print(f"{target_name}: seed {own}: {died}", flush=True)
            done[target_name] += BATCH
            number += 1
            if number % len(chosen) == 0:
                print(f"{done.total()} trials, {(end - time.monotonic()) / 60:.1f} minutes left", flush=True)
    return done


def in_a_process(name: str, target: Target, seed: int, folder: Path, kept: Path) -> str:
    """Run a batch; the signal that ended it, if one did."""
    child = os.fork()
    if not child:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        try:
            batch(name, target, seed, folder, kept)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return signal.Signals(-status).name if status < 0 else f"status {status}" if status else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("found"))
    parser.add_argument("targets", nargs="*", help="only these; without: all")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    done = fuzz(given.minutes, given.seed, given.keep, given.targets)
    found = sorted(p.name for p in given.keep.iterdir())
    print(f"{sum(done.values())} trials: {dict(done)}")
    print("\n".join(found) or "nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
