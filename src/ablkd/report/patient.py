"""The patient page: serial samples and clinical events, all of it from the timeline's rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablkd.course.words import shown_value
from ablkd.records import TimelinePoint
from ablkd.report.pages import NO_SITE, picture, render
from ablkd.report.timeline_lanes import NO_END
from ablkd.report.timeline_plot import patient_picture
from ablkd.report.timeline_table import date_rows
from ablkd.report.timeline_words import label, news_of
from ablkd.site import Site
from ablkd.tables import write_text

FOLLOWED = ("mutation", "splicing", "haplotype")
CLINICAL = ("treatment", "measurement", "response", "event")


def write_patient(patient: str, points: Sequence[TimelinePoint], html: Path, site: Site = NO_SITE) -> None:
    """Write the page of one patient from its timeline rows."""
    write_text(html, render("patient.html", site, **patient_view(patient, points)))


def patient_view(patient: str, points: Sequence[TimelinePoint]) -> dict[str, Any]:
    """What the template needs: rows by kind, the series as tables, responses and events numbered."""
    samples = [p for p in points if p.kind == "sample"]
    numbered = [p for p in points if p.kind in ("response", "event") and p.date]
    dated = any(p.date for p in points if p.kind != "remark")
    news = [(sample, news_of(points, sample.sample)) for sample in samples]
    measurements = [p for p in points if p.kind == "measurement" and p.date]
    return {
        "patient": patient,
        "label": label,
        "shown_value": shown_value,
        "no_end": NO_END,
        "remarks": [p for p in points if p.kind == "remark"],
        "samples": samples,
        "numbered": numbered,
        "changes": [(sample, told) for sample, told in news if told.changes or told.unseen],
        "dates": date_rows(points),
        "identity": [p for p in points if p.kind == "identity"],
        "mutations": _grid(points, samples, ("mutation", "splicing")),
        "haplotypes": _grid(points, samples, ("haplotype",)),
        "burden": _burden(points),
        "treatments": [p for p in points if p.kind == "treatment" and p.date],
        "measurements": measurements,
        "graded": any(p.status for p in measurements),
        "levels": [p for p in points if p.kind == "level"],
        "undated": [p for p in points if not p.date and p.kind in (*CLINICAL, "sample")],
        "course": picture(patient_picture(points, numbered)) if dated else "",
    }


def _burden(points: Sequence[TimelinePoint]) -> list[TimelinePoint]:
    """The burdens, of one thing after the other."""
    rows = [p for p in points if p.kind in FOLLOWED and p.unit != "fraction"]
    names = list(dict.fromkeys((p.kind, p.name) for p in points))
    return sorted(rows, key=lambda p: (FOLLOWED.index(p.kind), names.index((p.kind, p.name)), p.unit))


def _grid(
    points: Sequence[TimelinePoint], samples: Sequence[TimelinePoint], kinds: tuple[str, ...]
) -> dict[str, list[TimelinePoint]]:
    """Name -> its row for every sample, in the order of the samples."""
    rows = {(p.name, p.sample): p for p in points if p.kind in kinds and p.unit == "fraction"}
    names = dict.fromkeys(p.name for p in points if p.kind in kinds)
    return {name: [rows[name, s.sample] for s in samples] for name in names}
