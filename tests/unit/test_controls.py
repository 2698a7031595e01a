"""Controls pass or fail by what they show; anything that cannot be judged fails."""

from dataclasses import replace

import pytest
from scipy import stats

from ablkd.checks.controls import _widened, judge_controls
from ablkd.records import Call, Coverage, Phase, QcMetric, Sample, SampleTables, SpliceEvent


def control(role, expected=""):
    return Sample("C", "", "run1", "", "illumina", "", role, "c.fastq.gz", "", expected, None)


def call(name, vaf, half=0.0005, filter="PASS", tier="catalogue", sample="C"):
    return Call(
        sample, name, "", "", 315, "6", "substitution", tier, 5000, 50, vaf, vaf - half, vaf + half, None, None,
        None, None, None, None, 0.005, "both_orientations", filter, "reported", "",
    )  # fmt: skip


COVERED = [Coverage("C", "codon", "", "", 315, "6", 5000, 0.005, "yes", "", "not_detected")]
ABNORMAL = ("exon4_skipping", "exon5_skipping")
EMPTY = QcMetric("C", "usable", "no", "", "yes", "fail", "the files hold no reads")
BROKEN = QcMetric("C", "usable", "no", "", "yes", "fail", "c.fastq.gz is cut off")


def fragments(number):
    return QcMetric("C", "fragments", str(number), "fragments", "", "pass", "")


def traces(number):
    return QcMetric("C", "traces", str(number), "of 2", "", "pass", "")


def unusable(reason):
    return QcMetric("C", "usable", "no", "", "yes", "fail", reason)


def phased(mutations, verdict, low=None, high=None):
    return Phase("C", mutations, verdict, None, 500, None, None, None, low, high)


def splice(call, fraction=None, low=None, high=None):
    return SpliceEvent("C", "exon4_skipping", "", "", 50, 200, fraction, low, high, None, None, 0.01, call, "")


def judged(role, calls=(), coverage=COVERED, qc=(), expected="", phase=(), splicing=()):
    rows = {"calls": calls, "coverage": coverage, "phase": phase, "splicing": splicing, "qc": qc}
    tables = SampleTables(**{name: tuple(some) for name, some in rows.items()})
    (verdict,) = judge_controls([control(role, expected)], tables, ABNORMAL)
    assert (verdict.control, verdict.role) == ("C", role)
    return verdict.status, verdict.reason


@pytest.mark.parametrize(
    ("vaf", "half", "status"),
    [
        (0.050, 0.0005, "pass"),
        (0.074, 0.0005, "pass"),  # within a factor of 1.5
        (0.076, 0.0005, "fail"),
        (0.034, 0.0005, "pass"),
        (0.033, 0.0005, "fail"),
        (0.100, 0.0335, "fail"),  # on the scale of cube roots the 99.9 % bound is 0.0503
        (0.100, 0.0340, "pass"),  # and here 0.0497
    ],
)
def test_a_positive_control_must_show_its_fraction(vaf, half, status):
    found = judged("positive_control", [call("T315I", vaf, half)], expected="T315I:0.05")
    assert found[0] == status
    assert ("T315I expected at 5.0 % was found at" in found[1]) == (status == "fail")


@pytest.mark.parametrize(
    ("count", "molecules"),
    [(2, 400), (4, 400), (20, 400), (200, 400), (380, 400), (396, 400), (5, 40), (300, 20000)],
)
def test_bounds_are_widened_as_the_distribution_they_come_from(count, molecules):
    jeffreys = stats.beta(count + 0.5, molecules - count + 0.5)
    low, high = _widened(*jeffreys.ppf([0.025, 0.975]))
    exact_low, exact_high = jeffreys.ppf([0.0005, 0.9995])
    width = exact_high - exact_low
    assert low == pytest.approx(exact_low, abs=0.08 * width)
    assert high == pytest.approx(exact_high, abs=0.08 * width)


def test_few_molecules_do_not_excuse_a_tenth_of_what_is_expected():
    # 2 of 400: the true 99.9 % bounds are 0.0002 and 0.0273, so 0.025 is met and 0.0001 is not.
    low, high = stats.beta(2.5, 398.5).ppf([0.025, 0.975])
    found = [replace(call("T315I", 0.005), vaf_low=low, vaf_high=high)]
    assert judged("positive_control", found, expected="T315I:0.025")[0] == "pass"
    assert judged("positive_control", found, expected="T315I:0.0001")[0] == "fail"


def test_codon_states_of_one_name_are_summed():
    states = [call("F317L", 0.02), call("F317L", 0.03)]
    assert judged("positive_control", states, expected="F317L:0.05")[0] == "pass"


def test_every_expected_finding_counts():
    calls = [call("T315I", 0.05), call("G250E", 0.05, filter="strand")]
    status, reason = judged("positive_control", calls, expected="T315I:0.05;G250E:0.05")
    assert status == "fail" and reason == "G250E expected at 5.0 % was not found (not assessable)"
    status, reason = judged("positive_control", expected="T315I:0.004")
    assert status == "fail" and reason == "T315I expected at 0.40 % was not found (0.50 % would have shown)"


def test_a_finding_that_is_expected_to_be_absent():
    assert judged("positive_control", expected="T315I:0")[0] == "pass"
    assert judged("positive_control", [call("T315I", 0.05)], expected="T315I:0")[0] == "fail"
    # A wide interval reaches nearly to nothing, but what passed is there.
    assert judged("positive_control", [call("T315I", 0.01, half=0.0099)], expected="T315I:0")[0] == "fail"
    # What could not have been seen is not absent.
    assert judged("positive_control", coverage=[], expected="T315I:0") == (
        "fail",
        "T315I expected to be absent could not be assessed (not assessable)",
    )


@pytest.mark.parametrize(
    ("row", "expected", "status", "words"),
    [
        (phased("G250E+T315I", "compound", 0.04, 0.06), 0.05, "pass", ""),
        (phased("G250E+T315I", "compound", 0.04, 0.06), 0.07, "pass", ""),
        (phased("G250E+T315I", "compound", 0.04, 0.06), 0.09, "fail", "was found at 5.0 %"),
        (phased("G250E+T315I", "cannot_be_phased", 0.0, 0.06), 0.05, "fail", "was not found (cannot be phased)"),
        (phased("G250E+T315I", "polyclonal", 0.0, 0.001), 0.05, "fail", "was not found (polyclonal)"),
        (phased("G250E+T315I", "polyclonal", 0.0, 0.001), 0, "pass", ""),
        (phased("G250E+T315I", "compound", 0.04, 0.06), 0, "fail", "was found at 5.0 %"),
        (phased("G250E+T315I", "not_proven", 0.0, 0.06), 0, "fail", "could not be assessed (not proven)"),
        (
            phased("G250E+D276G", "compound", 0.04, 0.06),
            0.05,
            "fail",
            "was not found (its members were not all called)",
        ),
        (phased("G250E+D276G", "compound", 0.04, 0.06), 0, "pass", ""),  # the codon of T315I was looked at
    ],
)
def test_a_compound_must_be_proven_and_at_its_fraction(row, expected, status, words):
    found = judged("positive_control", phase=[row], expected=f"T315I+G250E:{expected}")
    assert found[0] == status and words in found[1]


@pytest.mark.parametrize(
    ("row", "expected", "status", "words"),
    [
        (splice("present", 0.2, 0.17, 0.23), 0.2, "pass", ""),
        (splice("present", 0.2, 0.17, 0.23), 0.4, "fail", "was found at 20.0 %"),
        (splice("not_detected"), 0.2, "fail", "was not found (not detected)"),
        (splice("not_assessable"), 0.2, "fail", "was not found (not assessable)"),
        (splice("not_detected"), 0, "pass", ""),
        (splice("not_assessable"), 0, "fail", "could not be assessed"),
        (splice("present", 0.2, 0.17, 0.23), 0, "fail", "was found at 20.0 %"),
    ],
)
def test_a_skipped_exon_is_judged_by_its_junctions(row, expected, status, words):
    found = judged("positive_control", splicing=[row], expected=f"exon4_skipping:{expected}")
    assert found[0] == status and words in found[1]


def test_a_compound_with_a_skipped_exon_is_judged_by_phase():
    row = phased("exon4_skipping+T315I", "compound", 0.15, 0.25)
    both = "T315I+exon4_skipping:0.2;exon4_skipping:0.3"
    skipping = splice("present", 0.3, 0.28, 0.33)
    assert judged("positive_control", phase=[row], splicing=[skipping], expected=both) == ("pass", "")


def test_a_positive_control_without_expectation_or_reads_fails():
    assert judged("positive_control")[0] == "fail"
    assert judged("positive_control", qc=[EMPTY], expected="T315I:0.05") == ("fail", EMPTY.reason)


def test_a_wild_type_control_holds_nothing():
    assert judged("wild_type_control") == ("pass", "")
    assert judged("wild_type_control", [call("T315I", 0.01, filter="background")])[0] == "pass"
    assert judged("wild_type_control", [call("K247R", 0.5, tier="polymorphism")])[0] == "pass"
    assert judged("wild_type_control", [call("T315I", 0.05)]) == (
        "fail",
        "T315I 5.0 % found where nothing should be",
    )


FRAMESHIFT = call("R907fs", 0.71, tier="novel")
NOTE = "also found, in no list of mutations: R907fs 71.0 % (artefacts, or variants of the donor)"


@pytest.mark.parametrize(
    ("role", "qc", "reason"),
    [
        ("wild_type_control", [], NOTE),
        ("no_template_control", [fragments(10)], f"10 fragments on target (fewer than 100 are allowed); {NOTE}"),
    ],
)
def test_a_variant_that_no_list_has_is_a_note_and_fails_no_control(role, qc, reason):
    assert judged(role, [FRAMESHIFT], qc=qc) == ("pass", reason)
    assert judged(role, [replace(FRAMESHIFT, filter="background")], qc=qc)[1] == reason.removesuffix(NOTE).rstrip("; ")


def test_a_listed_mutation_fails_a_control_whatever_else_it_shows():
    assert judged("wild_type_control", [FRAMESHIFT, call("T315I", 0.05)]) == (
        "fail",
        f"T315I 5.0 % found where nothing should be; {NOTE}",
    )


def test_of_many_artefacts_the_most_frequent_are_named():
    calls = [call(f"R{n}fs", n / 1000, tier="novel") for n in range(300, 317)]
    status, reason = judged("wild_type_control", calls)
    assert status == "pass" and "R316fs 31.6 %, R315fs 31.5 %" in reason and "and 13 more" in reason


def test_a_control_that_fails_names_each_mutation_once_with_its_fraction():
    calls = [call("F317L", 0.02), call("T315I", 0.1), call("F317L", 0.03)]
    status, reason = judged("wild_type_control", calls)
    assert (status, reason) == ("fail", "F317L 5.0 %, T315I 10.0 % found where nothing should be")


def test_a_wild_type_control_contains_no_abnormal_isoform():
    event = splice("present", 0.04, 0.03, 0.05)
    assert judged("wild_type_control", [call("T315I", 0.05)], splicing=[event]) == (
        "fail",
        "T315I 5.0 %, exon4_skipping 4.0 % found where nothing should be",
    )
    for harmless in (
        splice("not_detected", 0.0, 0.0, 0.01),
        splice("evidence_only", 0.04, 0.03, 0.05),
        replace(event, event="exon7_skipping"),
        replace(event, sample="D"),
    ):
        assert judged("wild_type_control", splicing=[harmless]) == ("pass", "")


def test_a_wild_type_control_that_shows_nothing_proves_nothing():
    assert judged("wild_type_control", coverage=[])[0] == "fail"
    (verdict,) = judge_controls([control("wild_type_control", "")], SampleTables(), ABNORMAL, any_listed=False)
    assert (verdict.status, verdict.reason) == ("pass", "the knowledge folder lists no mutation that it could contain")
    assert judged("wild_type_control", qc=[EMPTY])[0] == "fail"


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([fragments(0), EMPTY], "pass"),
        ([EMPTY], "pass"),
        ([fragments(99)], "pass"),
        ([fragments(100)], "fail"),
        ([fragments(0), BROKEN], "fail"),
        ([], "fail"),
        ([unusable("n_F.ab1: resembles none of the known transcripts (check the sample)")], "pass"),
        ([unusable("n_F.ab1: has no called bases (run the basecaller)"), traces(0)], "pass"),
        ([unusable("n_F.ab1: has no called bases (run the basecaller); n_R.ab1: is cut short or damaged")], "fail"),
        ([traces(1)], "fail"),
    ],
)
def test_a_no_template_control_is_nearly_empty(rows, status):
    found = judged("no_template_control", coverage=[], qc=rows)
    assert found[0] == status
    if any(row.metric == "fragments" for row in rows) and BROKEN not in rows:
        assert "fewer than 100" in found[1]


def test_a_no_template_control_with_a_call_fails_even_a_polymorphism():
    found = judged("no_template_control", [call("K247R", 0.5, tier="polymorphism")], qc=[fragments(10)])
    assert found[0] == "fail" and "K247R" in found[1]


def test_a_no_template_control_with_an_abnormal_isoform_fails():
    found = judged("no_template_control", qc=[fragments(10)], splicing=[splice("present", 0.3, 0.2, 0.4)])
    assert found == ("fail", "exon4_skipping 30.0 % found where no template was")


def test_calls_of_another_sample_do_not_count():
    other = call("T315I", 0.05, sample="D")
    assert judged("wild_type_control", [other])[0] == "pass"


def test_patients_and_recombination_controls_are_not_judged():
    samples = [control("patient"), control("recombination_control")]
    assert judge_controls(samples, SampleTables(), ()) == []
