"""The page maker: templates, what they may say with, and nothing that a sample's words could run."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ablkd import wording

# Words of the tables as people read them. A word that is not here is shown as it stands.
WORDS = {
    "evidence_only": "evidence only",
    "low_level": "low level",
    "not_assessable": "not assessable",
    "not_detected": "not detected",
    "explained_by_recombination": "explained by PCR recombination",
    "not_proven": "compound not proven",
    "cannot_be_phased": "cannot be phased",
    "bounds_only": "bounds only",
    "in_vitro": "in vitro",
    "both_orientations": "both orientations",
    "single_orientation": "one orientation only",
    "primer": "under or beside a primer",
    "depth": "too few fragments",
    "templates": "too few template molecules",
    "not_covered": "not covered by the reads",
    "background": "background error too high",
    "orientation": "the two orientations disagree",
    "amplicon": "the amplicons that cover it disagree",
    "read_end": "only at the ends of reads",
    "homopolymer": "in a run of equal bases",
    "carry_over": "may come from another sample of the run",
}


# On a first screen; the whole list stands further down and in the tables.
MOST_CODONS = 10


def words(name: str) -> str:
    """A cell of a table as people read it; several joined by `;` are joined by commas."""
    parts = [part.strip() for part in name.split(";") if part.strip()]
    return ", ".join(WORDS.get(part, wording.plain(part)) for part in parts) or wording.NOT_COMPUTED


def mutations(names: str) -> str:
    """`A+B` as `A + B`, isoform events in plain words."""
    return " + ".join(wording.plain(name) for name in names.split("+"))


def names(cell: str) -> str:
    """Several findings joined by `;` in a cell, as people write them."""
    return ", ".join(mutations(name.strip()) for name in cell.split(";") if name.strip())


def codons(cell: str) -> str:
    """Codons joined by `;` in a cell, as ranges; a cell that holds other words is shown as it stands."""
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    return wording.ranges(map(int, parts)) if all(p.isdigit() for p in parts) else ", ".join(parts)


def few_codons(cell: str) -> str:
    """As `codons`, the first ones only where there are many."""
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    if len(parts) <= MOST_CODONS or not all(p.isdigit() for p in parts):
        return codons(cell)
    shown = sorted(map(int, parts))[: MOST_CODONS - 2]
    return f"{wording.ranges(shown)} and {len(parts) - len(shown)} more"


def linked(text: str, keys: Collection[str]) -> Markup:
    """Text with each `[key]` or `[key, key]` of a listed source as a link to its place on the page."""
    parts = re.split(r"(\[[^\[\]]+\])", text)
    made = [
        Markup('<span class="small">[{}]</span>').format(Markup(", ").join(_link(key, keys) for key in named))
        if part.startswith("[") and (named := part[1:-1].split(", ")) and set(named) <= set(keys)
        else escape(part)
        for part in parts
    ]
    return Markup("").join(made)


def _link(key: str, keys: Collection[str]) -> Markup:
    if key not in keys:
        return escape(key)
    return Markup('<a href="#source-{}">{}</a>').format(quote(key, safe=""), key)


def cite(cell: str, keys: Collection[str]) -> Markup:
    """Sources joined by `;` in a cell, those that are listed on the page as links."""
    return Markup(", ").join(_link(key, keys) for key in cell.split(";"))


@cache
def environment() -> Environment:
    """Templates of the package; everything is escaped, and an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("ablkd", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        per_cent=wording.per_cent,
        interval=wording.interval,
        number=wording.number,
        rounded=wording.rounded,
        plain=wording.plain,
        words=words,
        mutations=mutations,
        names=names,
        codons=codons,
        few_codons=few_codons,
        linked=linked,
        cite=cite,
        address=lambda name: quote(str(name), safe=""),
        dash=lambda value: wording.NOT_COMPUTED if value in (None, "") else value,
    )
    return made


def render(template: str, **context: Any) -> str:
    """A page's text. `context` holds rows and words; drawings come as `Markup`."""
    return environment().get_template(template).render(**context)


def picture(svg: str) -> Markup:
    """A drawing of our own as page text; its words were escaped when it was drawn."""
    return Markup(svg)
