"""The sample sheet: what is taken, and the sentence for everything that is not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ablkd.clinical import KINDS, read_clinical
from ablkd.errors import InputError
from ablkd.plan import read_plan
from ablkd.run_folder import init_folder, sheet_from_folder
from ablkd.samples import Expected, expected_findings, read_sheet

FILES = "a_1.fastq.gz a_2.fastq.gz b_1.fq b_2.fq c.bam d.fastq t1.ab1 t2.ab1 t3.ab1 e.cram f.txt"


@pytest.fixture
def write(tmp_path):
    """Write a sheet, `|` between cells, beside the FILES; the sheet's path."""
    for name in FILES.split():
        (tmp_path / name).write_text("x")

    def sheet(text: str) -> Path:
        path = tmp_path / "samples.tsv"
        lines = [line.strip() for line in text.strip().splitlines()]
        path.write_text("\n".join("\t".join(c.strip() for c in line.split("|")) for line in lines) + "\n")
        return path

    return sheet


@pytest.fixture
def problems(write, reference):
    """The sentences for a sheet, the sheet's folder left off."""

    def of(text: str) -> list[str]:
        path = write(text)
        with pytest.raises(InputError) as caught:
            read_sheet(path, reference)
        return [problem.replace(f"{path}:", "", 1) for problem in caught.value.problems]

    return of


def test_reads_every_kind_of_sample(write, reference, tmp_path):
    path = write("""
        # a comment
        platform | sample | reads_1                  | reads_2       | patient | collected | role             | expected | template_copies
        illumina | S1     | a_1.fastq.gz;b_1.fq      | a_2.fastq.gz; b_2.fq | P1 | 2018-05 |              |          | 1200
        ont      | S2     | d.fastq                  |               | P1      | 2018-05-31 |                |          |
        pacbio_hifi | S3  | c.bam                    |               |         |           | positive_control | A1B:0.05;exon4_skipping:0.5 |
        sanger   | S4     | t1.ab1;t2.ab1;           |               |         |           |                  |          |
        """)  # fmt: skip
    one, two, three, four = read_sheet(path, reference)
    assert one.reads_1 == f"{tmp_path}/a_1.fastq.gz;{tmp_path}/b_1.fq"
    assert one.reads_2 == f"{tmp_path}/a_2.fastq.gz;{tmp_path}/b_2.fq"
    assert (one.run, one.role, one.template_copies) == ("run1", "patient", 1200.0)
    assert (two.collected, two.amplicon, two.reads_2, two.template_copies) == ("2018-05-31", "", "", None)
    assert expected_findings(three.expected) == (Expected("A1B", 0.05), Expected("exon4_skipping", 0.5))
    assert four.reads_1.count(";") == 1


ROW = "sample | platform | reads_1 | reads_2 | patient | run | collected | amplicon | role | expected | template_copies | disease"
NAME_RULE = "(use A-Z a-z 0-9 _ . -, starting with a letter or digit, 64 characters at most)"
PLATFORMS = "illumina, pacbio_hifi, ont, sanger"
BAD_ROWS = [
    ("S1 | pacbio | d.fastq", f"platform 'pacbio' is not one of {PLATFORMS} (did you mean 'pacbio_hifi'?)"),
    ("S1 | Illumina | d.fastq", f"platform 'Illumina' is not one of {PLATFORMS} (did you mean 'illumina'?)"),
    ("S1 | xyz | d.fastq", f"platform 'xyz' is not one of {PLATFORMS} (correct it)"),
    ("S1 |  | d.fastq", "platform is empty (fill it in)"),
    (" | ont | d.fastq", "sample is empty (fill it in)"),
    ("S1 | ont | ", "reads_1 is empty (fill it in)"),
    ("S1$(id) | ont | d.fastq", f"sample 'S1$(id)' is not a name {NAME_RULE}"),
    ("../../x | ont | d.fastq", f"sample '../../x' is not a name {NAME_RULE}"),
    (".hidden | ont | d.fastq", f"sample '.hidden' is not a name {NAME_RULE}"),
    ("S1 | ont | d.fastq | | P 1", f"patient 'P 1' is not a name {NAME_RULE}"),
    ("S1 | ont | d.fastq | | | r/1", f"run 'r/1' is not a name {NAME_RULE}"),
    ("S" * 65 + " | ont | d.fastq", f"sample '{'S' * 65}' is not a name {NAME_RULE}"),
    ("S1 | ont | d.fastq | | | | 05.2018", "collected '05.2018' is not a date (write YYYY-MM-DD or YYYY-MM)"),
    ("S1 | ont | d.fastq | | | | 2018-13", "collected '2018-13' is not a date (write YYYY-MM-DD or YYYY-MM)"),
    ("S1 | ont | d.fastq | | | | 2018-02-30", "collected '2018-02-30' is not a date (write YYYY-MM-DD or YYYY-MM)"),
    ("S1 | ont | gone.fastq", "reads_1 'gone.fastq': no such file (paths are relative to the sheet)"),
    ("S1 | illumina | a_1.fastq.gz;b_1.fq | a_2.fastq.gz", "reads_1 names 2 files and reads_2 1 (give the mates in the same order)"),
    ("S1 | ont | a_1.fastq.gz | a_2.fastq.gz", "reads_2 is not for platform ont (put all files into reads_1)"),
    ("S1 | sanger | t1.ab1 | t2.ab1", "reads_2 is not for platform sanger (put all files into reads_1)"),
    ("S1 | illumina | c.bam | a_2.fastq.gz", "a BAM file holds both mates (leave reads_2 empty)"),
    ("S1 | illumina | t1.ab1", "'t1.ab1' is a trace file, platform illumina reads none (set the platform)"),
    ("S1 | sanger | d.fastq", "'d.fastq' is not a trace file (platform sanger reads .ab1)"),
    ("S1 | ont | e.cram", "'e.cram' is CRAM, which is not read (convert it: samtools view -b)"),
    ("S1 | ont | f.txt", "'f.txt' is not one of .fastq.gz .fq.gz .fastq .fq .bam (give reads in one of these)"),
    ("S1 | illumina | a_1.fastq.gz | a_1.fastq.gz", "'a_1.fastq.gz' stands twice on this line (remove one)"),
    ("S1 | ont | d.fastq | | | | | nested", "amplicon 'nested' is not one of major_long, minor_long, kinase_nested, kinase_nested_long (did you mean 'kinase_nested'?)"),
    ("S1 | ont | d.fastq | | | | | | control", "role 'control' is not one of patient, wild_type_control, no_template_control, positive_control, recombination_control (did you mean 'positive_control'?)"),
    ("S1 | ont | d.fastq | | | | | | positive_control | A1B", "expected 'A1B' is not NAME:FRACTION with a fraction of 0 to 1 (write for example NAME:0.05)"),
    ("S1 | ont | d.fastq | | | | | | positive_control | A1B:5", "expected 'A1B:5' is not NAME:FRACTION with a fraction of 0 to 1 (write for example NAME:0.05)"),
    ("S1 | ont | d.fastq | | | | | | positive_control | A1B:nan", "expected 'A1B:nan' is not NAME:FRACTION with a fraction of 0 to 1 (write for example NAME:0.05)"),
    ("S1 | ont | d.fastq | | | | | | | A1B:0.1", "expected is for controls (set the role, or empty the cell)"),
    ("S1 | ont | d.fastq | | | | | | | | -3", "template_copies '-3' is not a number above 0 (correct it or leave it empty)"),
    ("S1 | ont | d.fastq | | | | | | | | | CML_CP", "disease 'CML_CP' is not one of cml_cp, cml_ap, cml_bp, ph_all (did you mean 'cml_cp'?)"),
    ("S1 | ont | d.fastq | | | | | | | | | aml", "disease 'aml' is not one of cml_cp, cml_ap, cml_bp, ph_all (correct it)"),
    ("S1 | ont | d.fastq | | | | | | | | many", "template_copies 'many' is not a number above 0 (correct it or leave it empty)"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "sentence"), BAD_ROWS)
def test_says_what_is_wrong_with_a_row(problems, row, sentence):
    assert problems(f"{ROW}\n{row}") == [f"2: {sentence}"]


def test_lists_all_problems_of_all_lines_at_once(problems):
    assert problems("""
        sample | platform | reads_1      | reads_2 | template_copies
        S1     | illumna  | gone.fastq   |         | x
        s1     | ont      | d.fastq      |         |
        S3     | ont      | d.fastq      |         |
        S4     | ont      | c.bam | | | one | more
        """) == [
        f"2: platform 'illumna' is not one of {PLATFORMS} (did you mean 'illumina'?)",
        "2: template_copies 'x' is not a number above 0 (correct it or leave it empty)",
        "2: reads_1 'gone.fastq': no such file (paths are relative to the sheet)",
        "3: sample 's1' is also on line 2 (rename one; upper and lower case count as the same)",
        "4: 'd.fastq' is also on line 3 (remove one)",
        "5: 7 cells under 5 columns (remove a tab)",
    ]  # fmt: skip


def test_one_patient_and_one_run_have_one_spelling(problems):
    text = "sample|platform|reads_1|patient|run\nA|ont|d.fastq|Ada|R1\nB|ont|c.bam|ada|r1"
    assert problems(text) == [
        "3: patient 'ada' is also spelled 'Ada' (choose one)",
        "3: run 'r1' is also spelled 'R1' (choose one)",
    ]


@pytest.mark.parametrize(
    ("header", "sentences"),
    [
        ("sample|platfrom|reads_1", ["unknown column 'platfrom' (did you mean 'platform'?)", "column 'platform' is missing (add it)"]),
        ("sample|platform|reads_1|sample", ["column 'sample' stands twice (remove one)"]),
        ("sample,platform,reads_1", ["the header has no tabs (save the sheet as tab-separated text)"]),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_the_header(problems, header, sentences):
    assert problems(f"{header}\nS1|ont|d.fastq") == [f"1: {sentence}" for sentence in sentences]


def test_a_sheet_without_samples_is_not_a_run(problems):
    assert problems("sample|platform|reads_1") == [" no samples yet (add a line for each sample)"]


def test_a_sheet_in_another_encoding_is_told(write, reference):
    path = write("sample|platform|reads_1\nS1|ont|d.fastq")
    path.write_bytes(path.read_text().encode("utf-16"))
    with pytest.raises(InputError, match=r"is not UTF-8 text at byte 0 \(save it as UTF-8\)"):
        read_sheet(path, reference)


@pytest.mark.parametrize("encode", [lambda t: t.encode("utf-8-sig"), lambda t: t.replace("\n", "\r\n").encode()])
def test_takes_what_spreadsheets_save(write, reference, encode):
    path = write("sample|platform|reads_1\nS1|ont|d.fastq")
    path.write_bytes(encode(path.read_text()))
    assert [s.sample for s in read_sheet(path, reference)] == ["S1"]


def test_a_file_name_workflow_syntax_would_change_is_refused(problems, tmp_path):
    (tmp_path / "a{b}.fastq").write_text("x")
    assert problems("sample|platform|reads_1\nS1|ont|a{b}.fastq") == [
        "2: 'a{b}.fastq' has one of < > { } in its name (rename the file)"
    ]


@pytest.mark.parametrize("name", ["-c.bam", "./-c.bam", "-folder/c.bam"])
def test_a_file_name_a_step_would_take_for_an_option_is_refused(problems, tmp_path, monkeypatch, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    told = [f"2: reads_1 '{name}' begins with a dash, as an option does (rename it)"]
    assert problems(f"sample|platform|reads_1\nS1|illumina|{name}") == told


def fastq(path: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"@{name}\nACGT\n+\nIIII\n".encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def test_a_sheet_from_a_folder(tmp_path):
    illumina = "M01:1:000-A:1:1101:1:1 1:N:0:1"
    for name in ("X-1_S1_L001_R1_001", "X-1_S1_L001_R2_001", "X-1_S1_L002_R1_001", "X-1_S1_L002_R2_001",
                 "X-1_S1_L001_I1_001", "Undetermined_S0_L001_R1_001", "plain_1", "plain_2", "two_R1", "two_R2"):  # fmt: skip
        fastq(tmp_path / "run" / f"{name}.fastq.gz", illumina)
    for number in (0, 1):
        fastq(tmp_path / "run" / "barcode07" / f"reads_{number}.fastq", "0a1b2c3d-0000-1111-2222-0123456789ab")
    fastq(tmp_path / "run" / "hifi.fastq.gz", "m64011_190830_220126/101/ccs")
    fastq(tmp_path / "run" / "who knows.fq", "r1")
    for name in ("P9_F.ab1", "P9_R2.ab1", "P8-fwd_A01.ab1", "P8-rev_A02.ab1", "P7.ab1"):
        (tmp_path / "run" / name).write_bytes(b"ABIF")
    (tmp_path / "run" / "notes.txt").write_text("x")
    rows = [line.split("\t") for line in sheet_from_folder(tmp_path / "run").splitlines()]
    found = [(r[0], r[4], *(cell.replace(f"{tmp_path}/run/", "") for cell in r[6:])) for r in rows[1:]]
    lane = "X-1_S1_L00{}_R{}_001.fastq.gz"
    assert found == [
        ("P7", "sanger", "P7.ab1", ""),
        ("P8", "sanger", "P8-fwd_A01.ab1;P8-rev_A02.ab1", ""),
        ("P9", "sanger", "P9_F.ab1;P9_R2.ab1", ""),
        ("X-1", "illumina", f"{lane.format(1, 1)};{lane.format(2, 1)}", f"{lane.format(1, 2)};{lane.format(2, 2)}"),
        ("barcode07", "ont", "barcode07/reads_0.fastq;barcode07/reads_1.fastq", ""),
        ("hifi", "pacbio_hifi", "hifi.fastq.gz", ""),
        ("plain", "illumina", "plain_1.fastq.gz", "plain_2.fastq.gz"),
        ("two", "illumina", "two_R1.fastq.gz", "two_R2.fastq.gz"),
        ("who_knows", "", "who knows.fq", ""),
    ]  # fmt: skip


ONT, HIFI, MISEQ = (
    "0a1b2c3d-0000-1111-2222-0123456789ab",
    "m84011_230101_010101_s1/7/ccs",
    "M01:1:000-A:1:1101:1:1 1:N:0:1",
)
# Files as they come from sequencers -> (sample, platform, reads_1, reads_2) of each line, or a question.
FOLDERS = {
    "BaseSpace, a folder a lane": (
        MISEQ,
        [f"P1_L00{n}-ds.0f/P1_S4_L00{n}_R{m}_001.fastq.gz" for n in (1, 2) for m in (1, 2)],
        ["P1 illumina P1_L001-ds.0f/P1_S4_L001_R1_001.fastq.gz;P1_L002-ds.0f/P1_S4_L002_R1_001.fastq.gz "
         "P1_L001-ds.0f/P1_S4_L001_R2_001.fastq.gz;P1_L002-ds.0f/P1_S4_L002_R2_001.fastq.gz"],
    ),
    "a sample sequenced again, or a control of two runs": (
        MISEQ,
        [f"run{n}/WT_S{n}_R{m}_001.fastq.gz" for n in (1, 2) for m in (1, 2)],
        ["WT illumina run1/WT_S1_R1_001.fastq.gz run1/WT_S1_R2_001.fastq.gz",
         "# WT: sequenced twice? Then join the files of both lines by ; else rename one",
         "WT illumina run2/WT_S2_R1_001.fastq.gz run2/WT_S2_R2_001.fastq.gz"],
    ),
    "names that differ in a blank": (
        MISEQ,
        ["P_1_S1_R1_001.fastq.gz", "P 1_S2_R1_001.fastq.gz"],
        ["P_1 illumina P 1_S2_R1_001.fastq.gz ", "# P_1: sequenced twice? Then join the files of both lines by ; else rename one",
         "P_1 illumina P_1_S1_R1_001.fastq.gz "],
    ),
    "MinKNOW": (
        ONT,
        ["fastq_pass/barcode01/FAV_pass_barcode01_0.fastq", "fastq_pass/barcode01/FAV_pass_barcode01_1.fastq",
         "fastq_fail/barcode01/FAV_fail_barcode01_0.fastq", "fastq_pass/unclassified/FAV_pass_0.fastq"],
        ["barcode01 ont fastq_pass/barcode01/FAV_pass_barcode01_0.fastq;fastq_pass/barcode01/FAV_pass_barcode01_1.fastq "],
    ),
    "two flow cells": (
        ONT,
        ["one/fastq_pass/barcode01/a.fastq", "two/fastq_pass/barcode01/b.fastq", "two/fastq_pass/barcode02/c.fastq"],
        ["barcode02 ont two/fastq_pass/barcode02/c.fastq ", "one_barcode01 ont one/fastq_pass/barcode01/a.fastq ",
         "two_barcode01 ont two/fastq_pass/barcode01/b.fastq "],
    ),
    "dorado": (ONT, ["0f_SQK-NBD114-24_barcode03.fastq", "0f_SQK-NBD114-24_unclassified.fastq"],
               ["barcode03 ont 0f_SQK-NBD114-24_barcode03.fastq "]),
    "PacBio": (
        HIFI,
        ["m84_s1.hifi_reads.bc2001.fastq.gz", "m84_s1.fail_reads.bc2001.fastq.gz", "m84_s1.hifi_reads.unassigned.fastq.gz"],
        ["bc2001 pacbio_hifi m84_s1.hifi_reads.bc2001.fastq.gz "],
    ),
    "traces with wells and primers": (
        "",
        ["A01_P1_F.ab1", "B01_P1_R.ab1", "P2_ABLF_C03.ab1", "P2_ABLR_D03.ab1", "P3_BR12.ab1", "P3_BR13.ab1", "P4.F.ab1",
         "plate_A01.ab1", "plate_B01.ab1", "._P1_F.ab1"],
        ["P1 sanger A01_P1_F.ab1;B01_P1_R.ab1 ", "P2 sanger P2_ABLF_C03.ab1;P2_ABLR_D03.ab1 ", "P3_BR12 sanger P3_BR12.ab1 ",
         "P3_BR13 sanger P3_BR13.ab1 ", "P4 sanger P4.F.ab1 ", "plate_A01 sanger plate_A01.ab1 ", "plate_B01 sanger plate_B01.ab1 "],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FOLDERS)
def test_names_as_sequencers_give_them(tmp_path, what):
    first, names, lines = FOLDERS[what]
    for name in names:
        fastq(tmp_path / name, first)
    found = [line.split("\t") for line in sheet_from_folder(tmp_path).splitlines()[1:]]
    told = [" ".join((r[0], r[4], r[6], r[7])) if len(r) > 1 else r[0] for r in found]
    assert [line.replace(f"{tmp_path}/", "") for line in told] == lines


def test_a_name_that_no_sheet_can_hold_is_told(tmp_path):
    fastq(tmp_path / "a;b.fastq", MISEQ)
    fastq(tmp_path / "a\nb.fastq", MISEQ)
    with pytest.raises(InputError) as caught:
        sheet_from_folder(tmp_path)
    assert [p.partition(": ")[0].rpartition("/")[2] for p in caught.value.problems] == ["a\\nb.fastq", "a;b.fastq"]


def test_the_sheet_of_a_folder_is_a_sheet(tmp_path, reference):
    fastq(tmp_path / "S1_1.fastq.gz", "M01:1")
    fastq(tmp_path / "S1_2.fastq.gz", "M01:1")
    path = tmp_path / "samples.tsv"
    path.write_text(sheet_from_folder(tmp_path))
    assert [(s.sample, s.platform) for s in read_sheet(path, reference)] == [("S1", "illumina")]


def test_an_empty_folder_has_no_sheet(tmp_path):
    with pytest.raises(InputError, match=r"no \.fastq\.gz .* files in it"):
        sheet_from_folder(tmp_path)


def test_init_never_overwrites(tmp_path):
    init_folder(tmp_path / "myrun")
    before = {path: path.read_bytes() for path in (tmp_path / "myrun").rglob("*") if path.is_file()}
    assert {path.name for path in before} == {"config.yaml", "samples.tsv", "Snakefile"}
    with pytest.raises(InputError) as caught:
        init_folder(tmp_path / "myrun")
    assert len(caught.value.problems) == 5
    assert before == {path: path.read_bytes() for path in before}


def test_the_example_sheet_is_right(root, reference):
    rows = read_sheet(root / "tests/example/samples.tsv", reference)
    assert {s.role for s in rows} >= {
        "patient",
        "wild_type_control",
        "no_template_control",
        "positive_control",
    }
    assert {reference.platforms[s.platform].reads for s in rows} == {"short", "long", "trace"}


def test_the_example_clinical_table_is_right(root):
    assert {e.kind for e in read_clinical(root / "tests/example/clinical.tsv")} == set(KINDS)


def test_a_clinical_table_is_told_whole(tmp_path):
    path = tmp_path / "clinical.tsv"
    path.write_text(
        "patient\tdate\tend_date\tkind\tname\tvalue\n"
        "P1\t2018-02\t2018-02-28\ttreatment\tdrug\t45 mg\n"
        "P1\t\t\tmeasurement\tcopies\t<0.1\n"
        "P1\t2018\t\tmeasurement\tcopies\tmany\n"
        "\t\t2018-02-29\ttherapy\t\t\n"
    )
    with pytest.raises(InputError) as caught:
        read_clinical(path)
    assert [problem.removeprefix(f"{path}:") for problem in caught.value.problems] == [
        "4: date '2018' is not a date (write YYYY-MM-DD or YYYY-MM, or leave it empty)",
        "4: value 'many' is not a number, <NUMBER or >NUMBER (correct it)",
        "5: patient is empty (fill it in)",
        "5: name is empty (fill it in)",
        "5: kind 'therapy' is not one of treatment, measurement, response, event, remark (correct it)",
        "5: end_date '2018-02-29' is not a date (write YYYY-MM-DD or YYYY-MM, or leave it empty)",
    ]


@pytest.mark.parametrize("hidden", ["\u202e", "\u200f", "\u2066", "\x00", "\x1b"])
def test_characters_that_nobody_sees_are_refused(hidden, tmp_path):
    """U+202E turns what follows round: a dose of 51 mg reads as 15."""
    path = tmp_path / "clinical.tsv"
    path.write_text(f"patient\tkind\tname\nP1\tevent\tok\nP1\tevent\ta {hidden}gm 51\n", "utf-8")
    with pytest.raises(InputError, match=rf"clinical.tsv:3: holds the invisible character U\+{ord(hidden):04X} "):
        read_clinical(path)


def test_other_scripts_are_text(tmp_path):
    path = tmp_path / "clinical.tsv"
    path.write_text("patient\tkind\tname\nP1\tevent\tתגובה مرض Größe 再発\n", "utf-8")
    assert [row.name for row in read_clinical(path)] == ["תגובה مرض Größe 再発"]


def test_a_plan_answers_the_workflow(write, tmp_path, monkeypatch):
    write("""
        sample | platform | reads_1 | run | role              | patient
        A      | illumina | c.bam   | r1  |                   | P1
        W      | ont      | d.fastq | r1  | wild_type_control |
        S      | sanger   | t1.ab1;t2.ab1 | r2 |             | P1
        """)  # fmt: skip
    monkeypatch.chdir(tmp_path)
    plan = read_plan({"reference": str(Path(__file__).parents[2] / "reference"), "required_lod_sanger": 0.15})
    assert [name for name in plan.samples if plan.is_trace(name)] == ["S"]
    assert plan.thresholds("A") == ["required_lod=0.03", "reporting_cut=0.03"]
    assert plan.thresholds("S") == ["required_lod=0.15", "reporting_cut=0.2"]
    assert plan.of_patient("P1", "{sample}.json") == ["A.json", "S.json"]
    assert plan.of_run("r1", "{sample}.json") == ["A.json", "W.json"]
    assert plan.controls("A", "{sample}.tsv") == plan.controls("W", "{sample}.tsv") == ["W.tsv"]
    assert plan.controls("S", "{sample}.tsv") == []
    assert [plan.batch(name) for name in "AWS"] == ["r1.illumina", "r1.ont", "r2.sanger"]
    assert plan.of_batch("r1.illumina", "{sample}.tsv") == ["A.tsv"], "W is of another platform"
    assert (plan.batch_platform("r1.ont"), len(plan.batch_lines("r1.ont"))) == ("ont", 1)
    assert plan.control_qc("A", "{sample}/{step}") == ["W/align", "W/call", "W/phase"]
    assert plan.qc("S", "{sample}/{step}") == ["S/call"]
    assert (plan.peaks("S", "{sample}.json"), plan.peaks("A", "{sample}.json")) == (["S.json"], [])
    assert (plan.cell("A", "template_copies"), plan.cell("A", "run")) == ("", "r1")
    assert [Path(f).name for f in plan.files("S", "reads_1")] == ["t1.ab1", "t2.ab1"]


def test_a_plan_lists_the_problems_of_sheet_and_clinical_table_together(write, tmp_path, reference):
    sheet = write("sample|platform|reads_1\nA|ont|gone.fastq")
    (tmp_path / "clinical.tsv").write_text("patient\tkind\tname\nP1\ttherapy\tx\n")
    config = {
        "samples": str(sheet),
        "clinical": str(tmp_path / "clinical.tsv"),
        "reference": str(reference.folder),
    }
    with pytest.raises(InputError) as caught:
        read_plan(config)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        f"{tmp_path}/samples.tsv:2",
        f"{tmp_path}/clinical.tsv:2",
    ]


def test_files_below_the_folder_we_run_in_are_told_from_there(tmp_path, reference, monkeypatch):
    fastq(tmp_path / "run/S1.fastq.gz", "read")
    fastq(tmp_path / "S2.fastq.gz", "read")
    (tmp_path / "run/samples.tsv").write_text(
        "sample\tplatform\treads_1\nS1\tont\tS1.fastq.gz\nS2\tont\t../S2.fastq.gz\n"
    )
    monkeypatch.chdir(tmp_path / "run")
    assert [row.reads_1 for row in read_sheet("samples.tsv", reference)] == ["S1.fastq.gz", f"{tmp_path}/S2.fastq.gz"]
