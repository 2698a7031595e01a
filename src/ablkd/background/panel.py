"""Samples to learn errors from: those of a run, and wild-type controls of past runs kept as a laboratory panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ablkd.background.contaminants import mutated_states
from ablkd.background.learning import Library
from ablkd.counting.counts import Counts, read_counts, write_counts
from ablkd.errors import InputError
from ablkd.hgvs import CODONS
from ablkd.records import Sample
from ablkd.reference import Reference, sha256
from ablkd.samples import NAME

LEARNED_FROM = ("patient", "wild_type_control", "positive_control", "recombination_control")


def libraries(
    reference: Reference, platform: str, lines: Mapping[str, Sample], counts: Sequence[Path], panel: Path | None
) -> list[Library]:
    """What to learn from; `lines` are the sheet's rows by sample.

    METHOD: a no-template control is never learned from: what contaminates it would count as an error.
    """
    found = []
    for sample in (sample for path in counts for sample in read_counts(path, reference)):
        line = lines[sample.sample]
        if line.role in LEARNED_FROM:
            found.append(Library(sample, line.role == "wild_type_control", line.template_copies, line.patient))
    if panel:
        past = [sample for sample in read_counts(panel, reference) if sample.platform == platform]
        version = sha256(panel)[:12]
        found += [Library(replace(sample, panel=f"{sample.panel} ({version})"), True) for sample in past]
    return found


def make_panel(name: str, reference: Reference, counts: Sequence[Path], panel: Path) -> str:
    """Write a panel of these samples and say what it holds.

    Raises
    ------
    InputError
        If a sample shows a listed mutation as more than an error would, is there twice, or holds nothing.
    """
    problems = []
    if NAME.fullmatch(name) is None:
        problems.append(f"{name}: is no name for a panel (letters, digits, _ . and - only)")
    samples: dict[str, Counts] = {}
    for path in counts:
        for sample in read_counts(path, reference):
            mutated = ", ".join(_mutations(sample, reference))
            if mutated:
                problems.append(f"{path}: shows {mutated} (leave it out: a panel holds wild-type samples)")
            if sample.sample in samples:
                problems.append(f"{path}: sample {sample.sample} is in another file too (give it once)")
            samples[sample.sample] = replace(sample, panel=name)
    if not samples:
        problems.append(f"{panel}: would be empty (give counts.tsv files that hold fragments)")
    if problems:
        raise InputError(problems)
    write_counts(panel, samples.values())
    platforms = sorted({sample.platform for sample in samples.values()})
    controls = "1 control" if len(samples) == 1 else f"{len(samples)} controls"
    return f"{panel}: panel {name} with {controls} ({', '.join(platforms)})"


def _mutations(sample: Counts, reference: Reference) -> list[str]:
    """Names of listed changes that are no errors."""
    shown = mutated_states(sample, reference, reference.platform(sample.platform))
    return [m.name for m in reference.mutations if shown[m.codon - 1, CODONS.index(m.alt_codon)]]
