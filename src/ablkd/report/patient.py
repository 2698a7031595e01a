"""The patient page: serial samples and clinical events, all of it from the timeline's rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablkd.records import TimelinePoint
from ablkd.report.pages import NO_SITE, picture, render
from ablkd.report.timeline_plot import patient_picture
from ablkd.site import Site
from ablkd.tables import write_text
from ablkd.wording import plain

UNMUTATED = "unmutated"  # the haplotype without a change; it is no news
MOST_OPEN = 4  # sets of one sample that may be on one molecule
CLINICAL = ("treatment", "measurement", "response", "event")


def write_patient(patient: str, points: Sequence[TimelinePoint], html: Path, site: Site = NO_SITE) -> None:
    """Write the page of one patient from its timeline rows."""
    write_text(html, render("patient.html", site, **patient_view(patient, points)))


def patient_view(patient: str, points: Sequence[TimelinePoint]) -> dict[str, Any]:
    """What the template needs: rows by kind, the series as tables, responses and events numbered."""
    samples = [p for p in points if p.kind == "sample"]
    numbered = [p for p in points if p.kind in ("response", "event") and p.date]
    dated = any(p.date for p in points)
    return {
        "patient": patient,
        "samples": samples,
        "numbered": numbered,
        "changes": _changes(points, samples),
        "identity": [p for p in points if p.kind == "identity"],
        "mutations": _grid(points, samples, ("mutation", "splicing")),
        "haplotypes": _grid(points, samples, ("haplotype",)),
        "burden": [p for p in points if p.kind == "mutation" and p.unit == "copies"],
        "treatments": [p for p in points if p.kind == "treatment" and p.date],
        "measurements": [p for p in points if p.kind == "measurement" and p.date],
        "undated": [p for p in points if not p.date and p.kind in (*CLINICAL, "sample")],
        "course": picture(patient_picture(points, numbered)) if dated else "",
    }


def _changes(
    points: Sequence[TimelinePoint], samples: Sequence[TimelinePoint]
) -> list[tuple[TimelinePoint, list[TimelinePoint], int, str]]:
    """(sample, what changed, further sets that are not excluded, the names that could not be assessed) for every
    sample with news.
    """
    made = []
    for sample in samples:
        news = [p for p in points if p.sample == sample.sample and p.change and p.name != UNMUTATED]
        named = {p.name for p in news if p.kind == "haplotype"}
        news = [p for p in news if p.kind != "phase" or p.status != "compound" or p.name not in named]
        unseen = [p.name for p in news if p.status == "not_assessable" and p.kind != "haplotype"]
        further = [p for p in news if p.status == "not excluded"][MOST_OPEN:]
        told = [p for p in news if p.status != "not_assessable" and p not in further]
        if told or unseen:
            made.append((sample, told, len(further), ", ".join(map(plain, unseen))))
    return made


def _grid(
    points: Sequence[TimelinePoint], samples: Sequence[TimelinePoint], kinds: tuple[str, ...]
) -> dict[str, list[TimelinePoint]]:
    """Name -> its row for every sample, in the order of the samples."""
    rows = {(p.name, p.sample): p for p in points if p.kind in kinds and p.unit == "fraction"}
    names = dict.fromkeys(p.name for p in points if p.kind in kinds)
    return {name: [rows[name, s.sample] for s in samples] for name in names}
