"""A run as a whole: settings, knowledge and sheet checked together, and what the workflow asks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

from ablkd.clinical import read_clinical
from ablkd.config import settings_and_problems
from ablkd.counting.counts import read_counts
from ablkd.errors import InputError
from ablkd.records import Sample
from ablkd.reference import SEQUENCES, TABLES, Reference, load_reference
from ablkd.samples import read_files, read_library, read_sheet
from ablkd.site import load_site
from ablkd.tables import format_cell

Given = TypeVar("Given")

# The knowledge each kind of step reads: a change of drug evidence repeats no alignment and no calling.
ALIGNING = (SEQUENCES, "transcripts.tsv", "exons.tsv", "amplicons.tsv", "platforms.tsv", "splicing.tsv")
CALLING = (*ALIGNING, "mutations.tsv", "polymorphisms.tsv")
KNOWLEDGE = (SEQUENCES, *TABLES)
RUN_PAGES = ("report.html", "summary.tsv", "results.tsv", "summary.xlsx", "ablkd_mqc.json")
SAMPLE_TABLES = (
    "calls",
    "coverage",
    "haplotypes",
    "phase",
    "splicing",
    "fusion",
    "clones",
    "clone_drugs",
    "drugs",
    "qc",
)
SAMPLE_FILES = (
    *(f"{name}.tsv" for name in SAMPLE_TABLES),
    "calls.vcf.gz",
    "calls.vcf.gz.tbi",
    "result.json",
    "report.html",
)
READ_FILES = ("aligned.bam", "aligned.bam.bai")


@dataclass(frozen=True)
class Plan:
    """What a run will do: settings (every key of the schema), knowledge, and the samples by name.

    The methods answer the workflow's questions about one sample, patient or run; `path` is a template
    that holds `{sample}`, and `{step}` where steps are asked for.
    """

    settings: dict[str, Any]
    reference: Reference
    samples: dict[str, Sample]

    def is_trace(self, sample: str) -> bool:
        """Whether the sample was read as traces."""
        return self.reference.platforms[self.samples[sample].platform].reads == "trace"

    def cell(self, sample: str, column: str) -> str:
        """A cell of the sample's line."""
        return format_cell(getattr(self.samples[sample], column))

    def files(self, sample: str, column: str) -> list[str]:
        """The reads or traces named in a column of the sample's line."""
        return [str(path) for path in read_files(getattr(self.samples[sample], column))]

    def thresholds(self, sample: str) -> list[str]:
        """The limits in force for a sample, as KEY=VALUE."""
        kind = "sanger" if self.is_trace(sample) else "reads"
        return [f"{key}={self.settings[f'{key}_{kind}']}" for key in ("required_lod", "reporting_cut")]

    def beside(self, sample: str, path: str) -> str:
        """A file of the sample's run; `path` holds `{run}`."""
        return path.format(run=self.samples[sample].run)

    def run_lines(self, run: str) -> list[str]:
        """What the sheet says of every sample of a run, as text to compare."""
        return [repr(row) for row in self.samples.values() if row.run == run]

    def lines(self, sample: str) -> list[str]:
        """What the sheet says of a sample and its controls, as text to compare."""
        return [repr(self.samples[name]) for name in (sample, *self._controls_beside(sample))]

    def of_patient(self, patient: str, path: str) -> list[str]:
        """A file of every sample of a patient."""
        return _each((s.sample for s in self.samples.values() if s.patient == patient), path)

    def of_run(self, run: str, path: str) -> list[str]:
        """A file of every sample of a run."""
        return _each((s.sample for s in self.samples.values() if s.run == run), path)

    def sample_files(self) -> list[str]:
        """Names of the files that samples have; those of reads are not there for traces."""
        return [*SAMPLE_FILES, *READ_FILES, *(["report.pdf"] if self.settings["pdf"] else [])]

    def written(self, run: str, folder: str) -> list[str]:
        """Every such file of every sample of a run; `folder` holds `{sample}`."""
        return [
            f"{folder.format(sample=row.sample)}/{name}"
            for row in self.samples.values()
            if row.run == run
            for name in self.sample_files()
            if not (name in READ_FILES and self.is_trace(row.sample))
        ]

    def controls(self, sample: str, path: str) -> list[str]:
        """A file of every control of the sample's run."""
        return _each(self._controls_beside(sample), path)

    def recombination_controls(self, run: str, path: str) -> list[str]:
        """A file of every recombination control of a run."""
        return _each((row.sample for row in self._recombination_controls(run)), path)

    def recombination_lines(self, run: str) -> list[str]:
        """What the sheet says of the recombination controls of a run, as text to compare."""
        return [repr(row) for row in self._recombination_controls(run)]

    def batch(self, sample: str) -> str:
        """Name of the samples that share a background: those of one run on one platform."""
        line = self.samples[sample]
        return f"{line.run}.{line.platform}"

    def batch_platform(self, batch: str) -> str:
        """The platform of a batch."""
        return batch.rpartition(".")[2]

    def batch_lines(self, batch: str) -> list[str]:
        """What the sheet says of the samples of a batch, as text to compare."""
        return [repr(self.samples[name]) for name in self._in_batch(batch)]

    def of_batch(self, batch: str, path: str) -> list[str]:
        """A file of every sample of a batch."""
        return _each(self._in_batch(batch), path)

    def qc(self, sample: str, path: str) -> list[str]:
        """What each step before interpretation measured of a sample."""
        steps = ["call"] if self.is_trace(sample) else ["align", "call", "phase"]
        return [path.format(sample=sample, step=step) for step in steps]

    def control_qc(self, sample: str, path: str) -> list[str]:
        """The same for every control of the sample's run."""
        return [file for name in self._controls_beside(sample) for file in self.qc(name, path)]

    def peaks(self, sample: str, path: str) -> list[str]:
        """The chromatogram windows of a trace sample; nothing for reads."""
        return _each([sample] if self.is_trace(sample) else [], path)

    def pile_ups(self, sample: str, path: str) -> list[str]:
        """The fragments to draw of a read sample; nothing for traces."""
        return _each([] if self.is_trace(sample) else [sample], path)

    def wild_types(self, sample: str) -> list[str]:
        """The traces of the other wild-type controls of the sample's run."""
        return [
            file
            for name in self._controls_beside(sample)
            if name != sample and self.is_trace(name) and self.samples[name].role == "wild_type_control"
            for file in self.files(name, "reads_1")
        ]

    def library_traces(self) -> list[str]:
        """The traces of known molecules that the laboratory's library names."""
        table = self.settings["trace_library"]
        return [str(path) for path, _ in read_library(table)] if table else []

    def _in_batch(self, batch: str) -> list[str]:
        return [name for name in self.samples if self.batch(name) == batch]

    def _recombination_controls(self, run: str) -> list[Sample]:
        return [row for row in self.samples.values() if row.run == run and row.role == "recombination_control"]

    def _controls_beside(self, sample: str) -> list[str]:
        run = self.samples[sample].run
        return [name for name, row in self.samples.items() if row.run == run and row.role != "patient"]


def _each(samples: Iterable[str], path: str) -> list[str]:
    return [path.format(sample=sample) for sample in samples]


def read_plan(config: dict[str, Any], name: str = "config.yaml") -> Plan:
    """Check a run's settings, then its knowledge, site folder, sheet and clinical table; all problems at once.

    Parameters
    ----------
    config : the settings as read from YAML; keys left out take the schema's defaults
    name : what to call the settings in messages

    Raises
    ------
    InputError
        With every problem found.
    """
    settings, problems = settings_and_problems(config, name)
    reference = _or_told(problems, load_reference, settings.get("reference"))
    if settings.get("pdf") and find_spec("weasyprint") is None:
        problems.append(f"{name}: pdf needs WeasyPrint (pip install 'ablkd[pdf]', or set it to false)")
    samples: list[Sample] | None = None
    if reference:
        samples = _or_told(problems, read_sheet, settings.get("samples"), reference)
        _or_told(problems, read_counts, settings.get("panel"), reference)
    _or_told(problems, read_library, settings.get("trace_library"))
    _or_told(problems, load_site, settings.get("site"))
    _or_told(problems, read_clinical, settings.get("clinical"))
    if problems or reference is None or samples is None:
        raise InputError(problems)
    return Plan(settings, reference, {row.sample: row for row in samples})


def _or_told(problems: list[str], read: Callable[..., Given], path: str | None, *known: Any) -> Given | None:
    """What is read from a path of the settings; nothing where there is none, or it is wrong: that is then told."""
    if not path:
        return None
    try:
        return read(path, *known)
    except InputError as error:
        problems += error.problems
        return None
