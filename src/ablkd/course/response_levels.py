"""Molecular response levels: which of them a measurement reaches, and whether they apply to the patient at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ablkd.checks.identity import present_fusions
from ablkd.clinical import measured
from ablkd.course.burden import on_international_scale
from ablkd.records import ClinicalEvent, ResponseLevel, Result
from ablkd.wording import joined, number

NOT_REACHED, NOT_GRADED = "none reached", "not graded"


@dataclass(frozen=True)
class Grade:
    """What a measurement reaches: `status` is a level, `none reached`, `not graded`, or empty where `levels` do not
    apply; `reason` says why there is no level.
    """

    status: str = ""
    reason: str = ""
    levels: tuple[ResponseLevel, ...] = ()


class Grading:
    """Grades the measurements of one patient."""

    def __init__(self, results: Sequence[Result], fusions: Collection[str], levels: Sequence[ResponseLevel]) -> None:
        self.fusions = fusions
        self.levels = sorted(levels, key=lambda level: -level.percent_is)
        self.present = {f.fusion for result in results for f in present_fusions(result, fusions)}

    def grade(self, event: ClinicalEvent) -> Grade:
        """Only a measurement in `% IS` has a level, and only where it holds for every fusion of the patient.

        A measurement that names fusions is of these; of any other the samples say which there are.
        """
        if event.kind != "measurement" or not on_international_scale(event.unit) or not self.levels:
            return Grade()
        own = {f for f in self.fusions if re.search(rf"(?<!\w){re.escape(f)}(?!\w)", event.name)} or self.present
        if not own:
            return Grade(reason="no response level: the fusion transcript is not known; name it in the measurement")
        apply = tuple(level for level in self.levels if own <= set(level.fusions.split(";")))
        if not apply:
            return Grade(reason=f"no response level: none is defined for {joined(sorted(own))}")
        return _reached(event.value, apply)


def _reached(value: str, levels: tuple[ResponseLevel, ...]) -> Grade:
    """The deepest of `levels`, which run from the highest value to the lowest."""
    found = measured(value)
    if found is None:
        return Grade()
    sign, amount = found
    if sign != "<" and amount == 0:
        # METHOD: a measurement of nothing is as deep as the test was, which 0 does not say; `<0.01` does.
        return Grade(NOT_GRADED, "no response level: write the limit of the test, <NUMBER, instead of 0", levels)
    if sign == ">":
        above = amount >= levels[0].percent_is
        return Grade(NOT_REACHED, "", levels) if above else Grade(NOT_GRADED, "a lower bound reaches no level", levels)
    reached = [level for level in levels if amount <= level.percent_is]
    if reached:
        return Grade(reached[-1].level, "", levels)
    if sign == "<":
        return Grade(NOT_GRADED, f"below {number(amount)} % may be any level", levels)
    return Grade(NOT_REACHED, "", levels)
