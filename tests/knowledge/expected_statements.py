"""Statements typed from the curated facts: what each source says, of whom, and whether it words a category.

A row is finding, drug, category, evidence, disease, region, favours, source. Those that the facts hold as tables
(guidelines, resistant samples, worded sensitivities) are derived in test_derivation.py instead.
"""

CML = "cml_cp;cml_ap;cml_bp"
OLDER = ("imatinib", "bosutinib", "dasatinib", "nilotinib")

LABELS = {
    ("T315I", "ponatinib", "sensitive", "label", CML, "US", "", "label_iclusig_us"),
    ("T315I", "ponatinib", "sensitive", "label", "ph_all", "US", "", "label_iclusig_us"),
    ("T315I", "ponatinib", "sensitive", "label", CML, "EU", "", "label_iclusig_eu"),
    ("T315I", "ponatinib", "sensitive", "label", "ph_all", "EU", "", "label_iclusig_eu"),
    ("T315I", "ponatinib", "sensitive", "label", "cml_ap;cml_bp", "EU", "", "front_oncol_2019"),
    ("T315I", "ponatinib", "sensitive", "guideline", "ph_all", "England", "", "nice_ta451"),
    ("T315I", "asciminib", "", "label", "cml_cp", "Ireland", "", "hse_asciminib"),
    ("T315I", "olverembatinib", "sensitive", "label", "cml_cp;cml_ap", "China", "", "leukemia_2024_t315i"),
}
STUDIES = {
    ("T315I", "olverembatinib", "", "clinical", "cml_cp;cml_ap", "", "", "ash_2019_493"),
    ("T315I", "ponatinib", "", "clinical", "cml_cp", "", "yes", "leukemia_2024_t315i"),
    ("F317L", "nilotinib", "", "clinical", CML, "", "yes", "jho_2008"),
    ("F359I", "dasatinib", "", "clinical", CML, "", "yes", "jho_2008"),
    ("F359V", "dasatinib", "", "clinical", CML, "", "yes", "jho_2008"),
    ("T315I", "bosutinib", "resistant", "clinical", "cml_cp", "", "", "cortes_2011"),
    ("T315I", "bosutinib", "resistant", "clinical", "cml_cp", "", "", "khoury_2012"),
    ("T315I", "bosutinib", "resistant", "clinical", CML, "", "", "biologics_2013"),
    ("T315I", "bosutinib", "resistant", "clinical", CML, "", "", "ott_2013"),
    ("V299L", "bosutinib", "resistant", "clinical", CML, "", "", "biologics_2013"),
    ("V299L", "bosutinib", "resistant", "clinical", CML, "", "", "ott_2013"),
    ("T315I+E453K", "ponatinib", "resistant", "clinical", "cml_ap", "", "", "front_oncol_2021"),
    ("T315I+F359C", "ponatinib", "resistant", "clinical", "cml_bp", "", "", "front_oncol_2021"),
    ("T315I", "asciminib", "", "in_vitro", "any", "", "yes", "gleixner_2021"),
    ("35INS", "imatinib", "", "clinical", "cml_cp", "", "", "berman_2016"),
    ("35INS", "imatinib", "", "clinical", "any", "", "", "ijlh_2011"),
    # The two published patients: a compound, and a mutation with exon 4 skipping.
    ("G250E+D276G+T315I", "ponatinib", "", "clinical", "ph_all", "", "", "case_reports"),
    ("exon4_skipping+T315I", "ponatinib", "", "clinical", "ph_all", "", "", "case_reports"),
}
STUDIES |= {("T315I", drug, "resistant", "clinical", CML, "", "", "leukemia_2024_t315i") for drug in OLDER}
STUDIES |= {("T315I", drug, "resistant", "clinical", "ph_all", "", "", "case_reports") for drug in OLDER}
REPORTED = {
    (name, "dasatinib", "reported", "reported", "any", "", "", "soverini_2006")
    for name in ("T315I", "T315A", "F317L", "F317I")
}
# Annotated as clinically resistant in the list, and without another row on imatinib.
REPORTED |= {
    (name, "imatinib", "reported", "reported", "any", "", "", "abl_dms_list")
    for name in ("L248V", "E255D", "T315V", "D325N", "S348L", "E355A")
}
TYPED = LABELS | STUDIES | REPORTED

# applies_to, drug, category, evidence, disease, favours, source
RULES = {
    ("compound_with:T315I", drug, "resistant", "in_vitro", "any", "", "zabriskie_2014")
    for drug in (*OLDER, "ponatinib")
} | {
    ("compound_with:T315I", "asciminib", "resistant", "in_vitro", "any", "", "gleixner_2021"),
    ("further:T315I", "ponatinib", "", "clinical", "cml_cp", "", "parker_2016"),
    ("any_compound", "ponatinib", "", "clinical", "cml_cp", "", "deininger_2016"),
    ("compound_without:T315I", "ponatinib", "", "in_vitro", "any", "", "zabriskie_2014"),
    ("any_compound", "ponatinib", "", "in_vitro", "any", "", "byrgazov_2018"),
    ("except:T315M", "ponatinib", "", "in_vitro", "any", "yes", "deininger_2016"),
    ("except:T315I", "dasatinib", "", "clinical", "cml_cp", "yes", "muller_2009"),
    ("region:P-loop", "dasatinib", "", "clinical", "cml_cp", "yes", "muller_2009"),
    ("region:P-loop", "dasatinib", "", "clinical", CML, "yes", "jho_2008"),
    ("except:T315I", "bosutinib", "", "clinical", "cml_cp", "yes", "cortes_2011"),
    ("except:T315I", "bosutinib", "", "clinical", "cml_cp", "yes", "khoury_2012"),
    ("region:P-loop", "asciminib", "", "in_vitro", "any", "", "leyte_vidal_2024"),
    ("region:N-lobe", "asciminib", "", "in_vitro", "any", "", "leyte_vidal_2024"),
    ("region:alphaC helix", "asciminib", "", "in_vitro", "any", "", "leyte_vidal_2024"),
}

# finding, drug, IC50, unmutated IC50, source of the values found since the first table of the facts
VALUES = {
    ("T315M", "imatinib", ">10240", "", "zabriskie_2014"),
    ("T315M", "dasatinib", ">768", "", "zabriskie_2014"),
    ("T315M", "ponatinib", "577.5", "", "zabriskie_2014"),
    ("G250E+T315I", "imatinib", ">10240", "", "zabriskie_2014"),
    ("G250E+T315I", "dasatinib", ">768", "", "zabriskie_2014"),
    ("G250E+T315I", "ponatinib", "152.4", "", "zabriskie_2014"),
    ("Y253H+E255V", "imatinib", ">10240", "", "zabriskie_2014"),
    ("Y253H+E255V", "dasatinib", "18.1", "", "zabriskie_2014"),
    ("Y253H+E255V", "ponatinib", "203.5", "", "zabriskie_2014"),
    ("Y253H+T315I", "dasatinib", ">768", "", "zabriskie_2014"),
    ("Y253H+T315I", "ponatinib", "357.9", "", "zabriskie_2014"),
    ("E255V+T315I", "dasatinib", ">768", "", "zabriskie_2014"),
    ("E255V+T315I", "ponatinib", "659.5", "", "zabriskie_2014"),
    ("G250E", "dasatinib", "8.1", "1.8", "redaelli_2012"),
    ("E255K", "dasatinib", "10.3", "1.8", "redaelli_2012"),
    ("E255V", "dasatinib", "6.3", "1.8", "redaelli_2012"),
    ("T315I", "dasatinib", "137.3", "1.8", "redaelli_2012"),
    ("Y253H", "imatinib", "4908", "201", "gozgit_2013"),
    ("Y253H", "bosutinib", "40", "71", "gozgit_2013"),
    ("Y253H", "dasatinib", "3", "2", "gozgit_2013"),
    ("Y253H", "nilotinib", "179", "15", "gozgit_2013"),
    ("Y253H", "ponatinib", "5", "3", "gozgit_2013"),
    ("G250E", "ponatinib", "5", "3", "gozgit_2013"),  # from the free energy: 3 nM * exp(0.3 / 0.596)
}
