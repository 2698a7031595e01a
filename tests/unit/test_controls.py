"""Controls pass or fail by what they show; anything that cannot be judged fails."""

import pytest

from ablkd.controls import judge_controls
from ablkd.records import Call, Coverage, QcMetric, Sample


def control(role, expected=""):
    return Sample("C", "", "run1", "", "illumina", "", role, "c.fastq.gz", "", expected, None)


def call(name, vaf, half=0.0005, filter="PASS", tier="catalogue", sample="C"):
    return Call(
        sample, name, "", "", 315, "6", "substitution", tier, 5000, 50, vaf, vaf - half, vaf + half, None, None,
        None, None, None, None, 0.005, "both_orientations", filter, "reported", "",
    )  # fmt: skip


COVERED = [Coverage("C", "codon", "", "", 315, "6", 5000, 0.005, "yes", "", "not_detected")]
EMPTY = QcMetric("C", "usable", "no", "", "yes", "fail", "the files hold no reads")
BROKEN = QcMetric("C", "usable", "no", "", "yes", "fail", "c.fastq.gz is cut off")


def fragments(number):
    return QcMetric("C", "fragments", str(number), "fragments", "", "pass", "")


def judged(role, calls=(), coverage=COVERED, qc=(), expected=""):
    (verdict,) = judge_controls([control(role, expected)], list(calls), list(coverage), list(qc))
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
        (0.100, 0.0297, "fail"),  # 0.1 - 0.0297 * 3.29/1.96 is just above 0.05
        (0.100, 0.0299, "pass"),
    ],
)
def test_a_positive_control_must_show_its_fraction(vaf, half, status):
    found = judged("positive_control", [call("T315I", vaf, half)], expected="T315I:0.05")
    assert found[0] == status
    assert ("T315I expected at 0.05 was found at" in found[1]) == (status == "fail")


def test_codon_states_of_one_name_are_summed():
    states = [call("F317L", 0.02), call("F317L", 0.03)]
    assert judged("positive_control", states, expected="F317L:0.05")[0] == "pass"


def test_every_expected_finding_counts():
    calls = [call("T315I", 0.05), call("G250E", 0.05, filter="strand")]
    status, reason = judged("positive_control", calls, expected="T315I:0.05;G250E:0.05")
    assert status == "fail" and reason == "G250E expected at 0.05 was not found"


def test_a_finding_that_is_expected_to_be_absent():
    assert judged("positive_control", expected="T315I:0")[0] == "pass"
    assert judged("positive_control", [call("T315I", 0.05)], expected="T315I:0")[0] == "fail"


def test_a_positive_control_without_expectation_or_reads_fails():
    assert judged("positive_control")[0] == "fail"
    assert judged("positive_control", qc=[EMPTY], expected="T315I:0.05") == ("fail", EMPTY.reason)


def test_a_wild_type_control_holds_nothing():
    assert judged("wild_type_control") == ("pass", "")
    assert judged("wild_type_control", [call("T315I", 0.01, filter="background")])[0] == "pass"
    assert judged("wild_type_control", [call("K247R", 0.5, tier="polymorphism")])[0] == "pass"
    status, reason = judged("wild_type_control", [call("T315I", 0.01)])
    assert status == "fail" and "T315I" in reason


def test_a_wild_type_control_that_shows_nothing_proves_nothing():
    assert judged("wild_type_control", coverage=[])[0] == "fail"
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


def test_calls_of_another_sample_do_not_count():
    other = call("T315I", 0.05, sample="D")
    assert judged("wild_type_control", [other])[0] == "pass"


def test_patients_and_recombination_controls_are_not_judged():
    samples = [control("patient"), control("recombination_control")]
    assert judge_controls(samples, [], [], []) == []
