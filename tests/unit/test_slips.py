"""`ablkd check` asks about what looks like a slip, and has nothing to ask of files that are as they should be."""

from __future__ import annotations

import gzip

import pytest

from ablkd import cli
from ablkd.run_folder import init_folder

HEADER = "sample\tplatform\treads_1\treads_2\n"
MISEQ, ONT, HIFI = "M01:1:000-A:1:1101:1:{}", "0a1b2c3d-0000-1111-2222-01234567{:04d}", "m84_1_s1/{}/ccs"


def fastq(name: str = MISEQ, mate: str = " 1:N:0:1", bases: str = "ACGTACGT", number: int = 1) -> bytes:
    return f"@{name.format(number)}{mate}\n{bases}\n+\n{'I' * len(bases)}\n".encode()


R1, R2 = fastq(), fastq(mate=" 2:N:0:1", bases="TTTTCCCC")
# what -> (files, lines of the sheet, what is asked, without the place)
SLIPS = {
    "nothing": ({"A_1.fastq": R1, "A_2.fastq": R2}, ["A|illumina|A_1.fastq|A_2.fastq"], []),
    "nothing, packed": ({"A_1.fq.gz": gzip.compress(R1, mtime=0), "A_2.fq.gz": gzip.compress(R2, mtime=0)}, ["A|illumina|A_1.fq.gz|A_2.fq.gz"], []),
    "nothing, no mate numbers": ({"A_1.fq": fastq(mate=""), "A_2.fq": fastq(mate="", bases="TT")}, ["A|illumina|A_1.fq|A_2.fq"], []),
    "swapped": ({"A_1.fastq": R1, "A_2.fastq": R2}, ["A|illumina|A_2.fastq|A_1.fastq"],
                ["'A_2.fastq' in reads_1 looks like the second mates (R1 and R2 swapped?)"]),
    "swapped, by /1 and /2": ({"x.fastq": fastq(mate="/2"), "y.fastq": fastq(mate="/1", bases="GG")}, ["A|illumina|x.fastq|y.fastq"],
                              ["'x.fastq' in reads_1 looks like the second mates (R1 and R2 swapped?)"]),
    "swapped, by name": ({f"A_S1_R{m}_001.fastq": fastq(mate="", bases="ACGT"[m:]) for m in (1, 2)}, ["A|illumina|A_S1_R2_001.fastq|A_S1_R1_001.fastq"],
                         ["'A_S1_R2_001.fastq' in reads_1 looks like the second mates (R1 and R2 swapped?)"]),
    "first mates twice": ({"x.fastq": R1, "y.fastq": fastq(bases="GG")}, ["A|illumina|x.fastq|y.fastq"],
                          ["'x.fastq' and 'y.fastq' both say they are mate 1 (one file of each?)"]),
    "mates of another lane": ({"x.fastq": R1, "y.fastq": fastq(mate=" 2:N:0:1", number=7)}, ["A|illumina|x.fastq|y.fastq"],
                              ["the first reads of 'x.fastq' and 'y.fastq' differ in name (mates of another lane or sample?)"]),
    "one file under two names": ({"x.fastq": R1, "y.fastq": R1}, ["A|illumina|x.fastq|", "B|illumina|y.fastq|"],
                                 ["'y.fastq' holds the same as 'x.fastq' of samples.tsv:2 (the same file twice?)"]),
    "not gzip": ({"x.fastq.gz": R1}, ["A|illumina|x.fastq.gz|"], ["'x.fastq.gz' is not gzip, whatever its name says (unpacked without renaming?)"]),
    "empty": ({"x.fastq": b""}, ["A|illumina|x.fastq|"], ["'x.fastq' is empty (copied before it was written?)"]),
    "a page instead of a file": ({"x.fastq.gz": b"<html>"}, ["A|illumina|x.fastq.gz|"], ["'x.fastq.gz' does not begin like FASTQ (another file, or damaged?)"]),
    "gzip that is damaged": ({"x.fq.gz": gzip.compress(R1, mtime=0)[:10] + bytes(50)}, ["A|illumina|x.fq.gz|"], ["'x.fq.gz' does not begin like FASTQ (another file, or damaged?)"]),
    "gzip cut short": ({"x.fq.gz": gzip.compress(R1 * 99, mtime=0)[:-9]}, ["A|illumina|x.fq.gz|"], []),
    "no BAM": ({"x.bam": R1}, ["A|ont|x.bam|"], ["'x.bam' does not begin like .bam (another file, or damaged?)"]),
    "no trace": ({"x.ab1": b"SCF"}, ["A|sanger|x.ab1|"], ["'x.ab1' does not begin like .ab1 (another file, or damaged?)"]),
    "another platform": ({"x.fastq": fastq(ONT, "")}, ["A|pacbio_hifi|x.fastq|"],
                         ["the reads of 'x.fastq' are named as ont does, the platform is pacbio_hifi (which?)"]),
    "long reads as short": ({"x.fastq": fastq("r{}", "", "ACGT" * 400)}, ["A|illumina|x.fastq|"],
                            ["the first read of 'x.fastq' has 1600 bases or more (is it illumina?)"]),
    "files of another line": ({"A_S1_R1_001.fastq": R1, "B_S2_R1_001.fastq": fastq(number=2)}, ["A|illumina|B_S2_R1_001.fastq|", "B|illumina|A_S1_R1_001.fastq|"],
                              ["'B_S2_R1_001.fastq' is named like 'B' of line 3 (files of another line?)",
                               "'A_S1_R1_001.fastq' is named like 'A' of line 2 (files of another line?)"]),
}  # fmt: skip


@pytest.mark.parametrize("what", SLIPS)
def test_what_is_asked(tmp_path, monkeypatch, capsys, what):
    files, lines, asked = SLIPS[what]
    init_folder(tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    for name, data in files.items():
        (tmp_path / "run" / name).write_bytes(data)
    (tmp_path / "run/samples.tsv").write_text(HEADER + "".join(line.replace("|", "\t") + "\n" for line in lines))
    assert cli.main(["check"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2] for line in told if line.startswith("samples.tsv:")] == asked
    assert f"{len(lines)} samples, nothing that must be corrected" in told[len(asked)]


def test_everything_wrong_is_told_at_once(tmp_path, monkeypatch, capsys, root):
    """A wrong key hides no wrong cell of the sheet, of the clinical table or of the site."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(
        f"reference: {root}/reference\nsamples: s.tsv\nclinical: c.tsv\nsite: nowhere\npanel: gone.tsv\npdf: maybe\ncolour: red\n"
    )
    (tmp_path / "s.tsv").write_text("sample\tplatform\treads_1\nA\tilumina\tgone.fastq\n")
    (tmp_path / "c.tsv").write_text("patient\tkind\tname\nP\tcure\tx\n")
    assert cli.main(["check"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.split(" ")[0] for line in told] == [
        "config.yaml:", "config.yaml:", "s.tsv:2:", "s.tsv:2:", "gone.tsv:", "nowhere:", "c.tsv:2:",
    ]  # fmt: skip
    assert "(did you mean 'illumina'?)" in told[2] and all(line.endswith(")") for line in told)
