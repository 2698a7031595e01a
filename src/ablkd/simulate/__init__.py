"""Truth table -> reads: what the tests, continuous integration and a laboratory's validation start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ablkd.errors import InputError
from ablkd.reference import Reference
from ablkd.simulate.abif import write_trace
from ablkd.simulate.capillary import draw_trace, sequenced_bases
from ablkd.simulate.fastq import fastq_writer
from ablkd.simulate.molecules import UNRELATED_LENGTH, Molecule, unrelated_molecule
from ablkd.simulate.pcr import Products, Templates, amplified_shares, draw_pool, draw_templates
from ablkd.simulate.reads import (
    Sites,
    Template,
    cut_fragments,
    number_of_molecules,
    read_pairs,
    read_products,
    whole_products,
)
from ablkd.simulate.realised import Realised, realised_rows
from ablkd.simulate.truth import Tube, read_truth
from ablkd.tables import write_rows

__all__ = ["Realised", "simulate"]

REALISED_TABLE = "molecules.tsv"


@dataclass(frozen=True, eq=False)
class _Sample:
    """One tube on its way from templates to files."""

    tube: Tube
    molecules: list[Molecule]
    templates: Templates
    reference: Reference
    folder: Path
    rng: np.random.Generator


def simulate(truth_path: Path, reference: Reference, folder: Path, seed: int = 0) -> list[Path]:
    """Write the reads of every sample of a truth table, and `molecules.tsv` with what they really hold.

    Short reads are `SAMPLE_1.fastq.gz` and `SAMPLE_2.fastq.gz`, long reads `SAMPLE.fastq.gz`, traces
    `SAMPLE_F.ab1` and `SAMPLE_R.ab1` (then `_F2`, `_R2` and so on). The same truth, knowledge and seed give
    the same bytes; a sample's reads do not depend on the other samples of the table.

    Returns the files of reads. Raises InputError for a truth table that cannot be followed.
    """
    folder = Path(folder)
    files: list[Path] = []
    realised: list[Realised] = []
    for tube in read_truth(truth_path, reference):
        rng = _generator(seed, tube.settings.sample)
        molecules = [unrelated_molecule(rng) if m is None else m for m in tube.molecules]
        templates = draw_templates(molecules, tube.fractions, tube.settings, rng)
        sample = _Sample(tube, molecules, templates, reference, folder, rng)
        if tube.reads == "trace":
            written, rows = _write_traces(sample)
        else:
            written, rows = _write_reads(sample, _sites(tube, reference, seed))
        files += written
        realised += rows
    write_rows(folder / REALISED_TABLE, Realised, realised)
    return files


def _generator(seed: int, *names: str) -> np.random.Generator:
    """A stream of its own for each sample, and one for each platform's sites."""
    words = [byte for name in names for byte in (*name.encode(), 0)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def _sites(tube: Tube, reference: Reference, seed: int) -> Sites:
    first = min(t.target_start - 1 - t.partner_length for t in reference.transcripts)
    span = (first, max(len(reference.sequence), UNRELATED_LENGTH))
    return Sites(tube.settings.site_error_log_sd, span, _generator(seed, tube.settings.platform, "sites"))


def _write_reads(sample: _Sample, sites: Sites) -> tuple[list[Path], list[Realised]]:
    """FASTQ files of one sample; files without a record where nothing amplifies or the depth is 0."""
    tube, rng = sample.tube, sample.rng
    settings = tube.settings
    paired = tube.reads == "short"
    paths = [sample.folder / f"{settings.sample}{end}.fastq.gz" for end in (("_1", "_2") if paired else ("",))]
    rows: list[Realised] = []
    with fastq_writer(paths, settings.sample) as write:
        for amplicon in tube.tiles:
            products = Products(sample.reference, sample.molecules, amplicon)
            number = number_of_molecules(settings, tube.reads, products.longest)
            pool = draw_pool(sample.templates, products, number, settings, rng)
            counts = np.bincount(pool.product, minlength=len(products.molecules))
            shares = counts / max(counts.sum(), 1)
            rows += realised_rows(settings.sample, products, sample.templates, shares, len(pool.product))
            if not len(pool.product):
                continue
            template = Template(pool)
            if paired:
                for pair in read_pairs(template, cut_fragments(pool, settings, rng), settings, sites, rng):
                    write(pair)
            else:
                for reads in read_products(template, whole_products(pool, rng), settings, sites, rng):
                    write((reads,))
    return paths, rows


def _write_traces(sample: _Sample) -> tuple[list[Path], list[Realised]]:
    """One .ab1 file for each sequencing primer of each tile."""
    tube, name = sample.tube, sample.tube.settings.sample
    paths: list[Path] = []
    rows: list[Realised] = []
    starts: list[tuple[bool, int | None]] = [(True, c - 1) for c in tube.forward_starts]
    starts += [(False, c - 1) for c in tube.reverse_starts]
    for amplicon in tube.tiles:
        products = Products(sample.reference, sample.molecules, amplicon)
        by_template = amplified_shares(sample.templates, products, tube.settings.length_bias)
        shares = np.bincount(sample.templates.haplotype, by_template, len(products.molecules)).astype(float)
        rows += realised_rows(name, products, sample.templates, shares, 0)
        for forward, first in starts or [(True, None), (False, None)]:
            strands = [
                np.empty(0, np.uint8) if p is None else sequenced_bases(p, forward, first) for p in products.products
            ]
            weights = np.array([share if len(s) else 0.0 for share, s in zip(shares, strands, strict=True)])
            if not weights.any():
                place = "the end of its product" if first is None else f"c.{first + 1}"
                raise InputError(f"{name}: no molecule can be sequenced from {place} (move the start)")
            letter = "F" if forward else "R"
            count = 1 + sum(path.stem.startswith(f"{name}_{letter}") for path in paths)
            path = sample.folder / f"{name}_{letter}{count if count > 1 else ''}.ab1"
            trace = draw_trace(path.name, strands, weights / weights.sum(), sample.rng)
            write_trace(path, trace, name)
            paths.append(path)
    return paths, rows
