"""The page maker: templates, what they may say with, and nothing that a sample's words could run."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined, TemplateError
from markupsafe import Markup, escape

from ablkd import wording
from ablkd.errors import InputError
from ablkd.interpretation.evidence import KINDS
from ablkd.records import OPEN
from ablkd.site import Site

NO_SITE = Site()

# Words of the tables as people read them. A word that is not here is shown as it stands.
WORDS = {
    "evidence_only": "evidence only",
    "low_level": "low level",
    "not_assessable": "not assessable",
    "not_detected": "not detected",
    "explained_by_recombination": "explained by PCR artefacts",
    "not_proven": "compound not proven",
    "cannot_be_phased": "cannot be phased",
    "bounds_only": "bounds only",
    "in_vitro": "in vitro",
    "both_orientations": "both orientations",
    "primer": "under or beside a primer",
    "depth": "too few fragments",
    "templates": "too few template molecules",
    "not_covered": "not covered by the reads",
    "background": "background error too high",
    "orientation": "the two orientations disagree",
    "amplicon": "the amplicons that cover it disagree",
    "read_end": "only at the ends of reads",
    "context": "only on molecules with a more frequent variant next to it: may be an error of the changed sequence",
    "recurrent": "other patients of the run have it at a like fraction: an error of its place",
    "carry_over": "may come from another sample of the run",
    "control_contaminated": "a wild-type control of the run contains it",
    "traces_disagree": "the traces of the sample contradict each other",
    "no_limit_of_detection": "no limit of detection",
    "below_limit": "below the smallest fraction that is called",
    "single_orientation": "one orientation only",
    "one_orientation_shows_it": "only one of two strands shows it",
    "target_peak_too_high": "the wild-type peak is too high for it",
    "bases_not_linked": "its bases may be on different molecules",
    "ends_disagree": "its two ends give different fractions",
    "template_switch": "may be a template switch",
    "one_fragment_end": "copies of one fragment",
}


# On a first screen; the whole list stands further down and in the tables.
MOST_CODONS = 10
MOST_OPEN = 3  # sets of which it is open whether they are on one molecule


def words(name: str, own: Mapping[str, str] = MappingProxyType({})) -> str:
    """A cell of a table as people read it, `own` words first; several joined by `;` are joined by commas."""
    parts = [part.strip() for part in name.split(";") if part.strip()]
    told = [own.get(part) or WORDS.get(part) or wording.plain(part) for part in parts]
    return ", ".join(told) or wording.NOT_COMPUTED


def mutations(names: str) -> str:
    """`A+B` as `A + B`, isoform events in plain words."""
    return " + ".join(wording.plain(name) for name in names.split("+"))


def names(cell: str) -> str:
    """Several findings joined by `;` in a cell, as people write them."""
    return ", ".join(mutations(name.strip()) for name in cell.split(";") if name.strip())


def few_sets(cell: str) -> str:
    """As `names`, of the sets that are not excluded the first ones only where there are many."""
    sets = [part.strip() for part in cell.split(";") if part.strip()]
    unproven = [name for name in sets if name.endswith(OPEN)]
    if len(unproven) <= MOST_OPEN + 1:
        return names(cell)
    shown = [name for name in sets if name not in unproven[MOST_OPEN:]]
    return f"{names(';'.join(shown))} and {len(unproven) - MOST_OPEN} more{OPEN}"


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
    """Text with each `[key]`, `[key, key]` or `[key; scope]` of listed sources as links to their place on the page."""
    return Markup("").join(_cited(part, keys) for part in re.split(r"(\[[^\[\]]+\])", text))


def _cited(part: str, keys: Collection[str]) -> Markup:
    named, separator, scope = part[1:-1].partition("; ")
    if not part.startswith("[") or not set(named.split(", ")) <= set(keys):
        return escape(part)
    links = Markup(", ").join(_link(key, keys) for key in named.split(", "))
    return Markup('<span class="small">[{}{}{}]</span>').format(links, separator, scope)


def _link(key: str, keys: Collection[str]) -> Markup:
    if key not in keys:
        return escape(key)
    return Markup('<a href="#source-{}">{}</a>').format(quote(key, safe=""), key)


def cite(cell: str, keys: Collection[str]) -> Markup:
    """Sources joined by `;` in a cell, those that are listed on the page as links."""
    return Markup(", ").join(_link(key, keys) for key in cell.split(";"))


@cache
def environment(site: Site) -> Environment:
    """Templates of the package, those of the site before them; everything is escaped, an unknown name is an error."""
    own = [FileSystemLoader(site.folder)] if site.folder else []
    made = Environment(
        loader=ChoiceLoader([*own, PackageLoader("ablkd", "templates")]),
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
        kind=lambda word: KINDS.get(word, word),
        tight=lambda text: text.replace(" %", "\u00a0%"),
        words=partial(words, own=dict(site.words)),
        mutations=mutations,
        names=names,
        codons=codons,
        few_codons=few_codons,
        few_sets=few_sets,
        linked=linked,
        cite=cite,
        address=lambda name: quote(str(name), safe=""),
        dash=lambda value: wording.NOT_COMPUTED if value in (None, "") else value,
    )
    made.globals["site"] = site
    return made


def render(template: str, site: Site = NO_SITE, **context: Any) -> str:
    """A page's text. `context` holds rows and words; drawings come as `Markup`.

    Raises
    ------
    InputError
        Where a template of the site cannot be used.
    """
    try:
        return environment(site).get_template(template).render(**context)
    except TemplateError as error:
        if site.folder is None:
            raise
        place = f"{getattr(error, 'filename', None) or site.folder}:{getattr(error, 'lineno', None) or 1}"
        raise InputError(f"{place}: {error.message} (correct the template, or take it out)") from None


def picture(svg: str) -> Markup:
    """A drawing of our own as page text; its words were escaped when it was drawn."""
    return Markup(svg)
