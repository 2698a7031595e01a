"""Backgrounds learned from drawn fragments: the sample's own, controls of its run, and other patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ablkd.background.learning import Library, learn
from ablkd.background.run import RunBackground
from ablkd.background.templates import LOG_PRIOR, TemplateEstimate
from ablkd.counting.counts import Counts
from ablkd.counting.indels import as_counts, seen_indels
from ablkd.counting.junctions import find_junctions
from ablkd.counting.tally import count
from ablkd.fragments import Fragments
from ablkd.isoforms import build_graph


def counted(reference, fragments: Fragments, sample: str = "S", platform: str = "illumina") -> Counts:
    """What a sample's counts.tsv holds."""
    graph = build_graph(reference)
    tally = count(fragments, reference, graph)
    junctions = find_junctions(fragments, reference, graph).counts
    indels = seen_indels(fragments, reference)
    return replace(as_counts(sample, platform, tally, indels, reference), junctions=junctions)


def run_of(
    reference,
    platform,
    fragments: Fragments,
    templates: float | None = None,
    controls: Sequence[Fragments] = (),
    others: Sequence[Fragments] = (),
) -> RunBackground:
    """The run of sample `S`, its wild-type controls and other patients; all have as many templates."""
    libraries = [Library(counted(reference, fragments, "S", platform.platform), False, templates)]
    for letter, samples in (("C", controls), ("O", others)):
        for i, sample in enumerate(samples):
            counts = counted(reference, sample, f"{letter}{i}", platform.platform)
            libraries.append(Library(counts, letter == "C", templates))
    return learn(platform, reference, libraries)


def trust_the_sheet(monkeypatch) -> None:
    """Make the fragments say nothing of the number of templates: drawn ones have no errors of reverse transcription, and
    whether the number can be found from them has tests of its own."""
    nothing = TemplateEstimate(LOG_PRIOR[:, None])
    monkeypatch.setattr("ablkd.background.expected.estimate_templates", lambda *_: nothing)
    monkeypatch.setattr("ablkd.background.learning.estimate_templates", lambda *_: nothing)
