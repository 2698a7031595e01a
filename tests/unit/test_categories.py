"""Which category follows from the tables: against a plain restatement of the rules, over made-up tables."""

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from sampled import REFERENCE
from test_drug_lines import FIXED, row

from ablkd.interpretation.evidence import Evidence
from ablkd.interpretation.scope import label, worded
from ablkd.records import Rule

NAMES = ["G250E", "E255K", "T315I", "M351T", "exon4_skipping"]
ORDER = ["sensitive", "unknown", "reported", "reduced", "resistant"]
STRONGEST_FIRST = ["guideline", "label", "clinical", "reported", "in_vitro"]
DISEASES = [d.disease for d in REFERENCE.diseases]


def oracle(rows, rules, members, disease):
    """The category, found by asking every kind of evidence in turn for every part of the molecule."""

    def of(statements):
        for kind in STRONGEST_FIRST:
            found = [s.category for s in statements if s.evidence == kind and s.category]
            if found:
                return sorted(found, key=ORDER.index)[-1]
        return "unknown"

    rows = [r for r in rows if r.disease in ("any", disease) or disease in r.disease.split(";")]
    rules = [r for r in rules if r.disease in ("any", disease) or disease in r.disease.split(";")]
    whole = "exon4_skipping" not in members
    compound = whole and len(members) > 1
    about = [r for r in rows if sorted(r.finding.split("+")) == sorted(members)]
    for r in rules if compound else []:
        kind, _, name = r.applies_to.partition(":")
        fits = {"any_compound": True, "compound_with": name in members, "compound_without": name not in members}
        about += [r] if fits[kind] else []
    answers = [of(about)]
    if compound:
        for size in range(1, len(members)):
            for part in combinations(members, size):
                answer = of([r for r in rows if sorted(r.finding.split("+")) == sorted(part)])
                answers += [answer] if answer not in ("sensitive", "unknown") else []
    return sorted(answers, key=ORDER.index)[-1]


@st.composite
def knowledge(draw):
    findings = ["+".join(c) for n in (1, 2, 3) for c in combinations(NAMES, n)]
    scopes = st.sampled_from(["any", "cml_cp", "ph_all", "cml_cp;cml_ap"])
    worded_kinds = st.tuples(st.sampled_from(["", "sensitive", "reduced", "resistant"]), st.sampled_from(
        ["guideline", "label", "clinical", "in_vitro"])) | st.just(("reported", "reported"))  # fmt: skip
    rows = [
        row(draw(st.sampled_from(findings[:12])), *draw(worded_kinds), draw(scopes))
        for _ in range(draw(st.integers(0, 8)))
    ]
    classes = ["any_compound", "compound_without:T315I", *(f"compound_with:{name}" for name in NAMES[:4])]
    rules = [
        Rule(draw(st.sampled_from(classes)), "ponatinib", category, evidence, draw(scopes), "", "Made up.", "eln_2020")
        for category, evidence in draw(st.lists(worded_kinds, max_size=3))
        if category != "sensitive"
    ]
    return rows, rules


@settings(max_examples=300, **FIXED)
@given(knowledge(), st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True), st.sampled_from(DISEASES))
def test_the_category_is_that_of_a_plain_restatement(known, members, disease):
    rows, rules = known
    reference = replace(REFERENCE, sensitivity=tuple(rows), rules=tuple(rules))
    decision = Evidence(reference, "ponatinib").decide(members, disease)
    assert decision.category == oracle(rows, rules, members, disease)
    for told in decision.deciding:
        assert told.row.category == decision.category
        assert told.row.disease == "any" or disease in told.row.disease.split(";")
        assert set(told.about.split("+")) <= set(members)
    kinds = [STRONGEST_FIRST.index(told.row.evidence) for told in decision.deciding]
    assert kinds == sorted(kinds)
    assert (decision.category == "unknown") == (not decision.deciding)


@settings(max_examples=200, **FIXED)
@given(st.lists(st.sampled_from(ORDER), min_size=4, max_size=4))
def test_a_category_of_some_diseases_names_them(categories):
    by_disease = dict(zip(DISEASES, categories, strict=True))
    text = worded(REFERENCE, by_disease)
    if len(set(categories)) == 1:
        assert text == categories[0]
    else:
        parts = dict(part.split(", ", 1) for part in text.split("; "))
        assert set(parts) == set(categories) - {"unknown"} and all(p.endswith(" only") for p in parts.values())
        for category, scope in parts.items():
            inside = [d for d in DISEASES if by_disease[d] == category]
            assert scope == f"{label(REFERENCE, inside)} only"


def test_a_family_is_named_where_all_of_it_is_meant():
    assert label(REFERENCE, ["cml_cp"]) == "CML-CP"
    assert label(REFERENCE, ["cml_cp", "cml_ap", "cml_bp"]) == "CML"
    assert label(REFERENCE, ["cml_cp", "cml_ap"]) == "CML-CP and CML-AP"
    assert label(REFERENCE, DISEASES) == "CML and Ph+ ALL"
