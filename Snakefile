# ablkd: kinase-domain mutations, compounds and exon skipping from amplicon and Sanger reads.
#
#   reads.smk    read samples:  align -> call, splice -> phase
#   traces.smk   trace samples: trace
#   report.smk   every sample:  interpret -> report; patients, runs, index
#
# Settings are in config.yaml, samples in the sheet it names, everything medical in reference/.
from snakemake.utils import min_version

from ablkd.config import stop_if_unreadable

min_version("9.19")
stop_if_unreadable("config.yaml")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/reads.smk"
include: "workflow/rules/traces.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "<results>/index.html",
        "<results>/manifest.json",
        collect("<results>/samples/{sample}/{page}", sample=PLAN.samples, page=PAGES),
        collect("<results>/patients/{patient}.html", patient=PATIENTS),
        collect("<results>/runs/{run}/report.html", run=RUNS),
