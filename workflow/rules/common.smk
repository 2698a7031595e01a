# The run's plan, checked as a whole before any job, and what rules ask of it. No rules here.
import os
import re
import sys

from ablkd.errors import InputError
from ablkd.home import code_hash
from ablkd.plan import ALIGNING, CALLING, KNOWLEDGE, RUN_PAGES, read_plan
from ablkd.site import site_files

try:
    PLAN = read_plan(config)
except InputError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

# Rules call `ablkd` by name: the one installed beside this Snakemake.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
# File names and text are UTF-8, whatever the locale says.
os.environ["PYTHONUTF8"] = "1"

CODE = code_hash()  # in every rule's params: a new version makes everything again
CLINICAL = PLAN.settings["clinical"] or []
SITE_FOLDER = PLAN.settings["site"] or []
SITE = site_files(PLAN.settings["site"])
PANEL = PLAN.settings["panel"] or []
LIBRARY = PLAN.settings["trace_library"] or []
TRACES = [name for name in PLAN.samples if PLAN.is_trace(name)]
READS = [name for name in PLAN.samples if not PLAN.is_trace(name)]
BATCHES = sorted({PLAN.batch(name) for name in READS})
PATIENTS = sorted({row.patient for row in PLAN.samples.values() if row.patient})
RUNS = sorted({row.run for row in PLAN.samples.values()})
SAMPLE_FOLDER = PLAN.settings["results"] + "/samples/{sample}"
PAGES = ["report.html", "report.pdf"] if PLAN.settings["pdf"] else ["report.html"]


pathvars:
    results=PLAN.settings["results"],
    reference=PLAN.settings["reference"],


def any_of(names):
    """A wildcard constraint."""
    return "|".join(map(re.escape, names)) or "(?!)"


def ask(question, *details):
    """An input or params function: what the plan answers for the job's one wildcard."""

    def answer(wildcards):
        return question(wildcards[0], *details)

    return answer
