"""Compile the inner loops once, so that jobs which start side by side find them ready."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ablkd.alignment.align import align_sample
from ablkd.alignment.bam import write_bam
from ablkd.background.allele import DEFAULT_TEMPLATES
from ablkd.background.learning import Library, learn
from ablkd.calling.call import call_sample
from ablkd.counting.counts import read_counts
from ablkd.counting.recalibration import quality_tail
from ablkd.fragments import load
from ablkd.phasing.mixture import Mixture
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED
from ablkd.reference import Reference
from ablkd.splicing.events import splice_sample


def warm(reference: Reference) -> None:
    """Take one read of the target through every step that has kernels; numba keeps what it compiles."""
    kinds = {p.reads: p for p in reference.platforms.values() if p.reads != "trace"}
    if not kinds:
        return
    read = reference.sequence[:150]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reads = folder / "read.fastq"
        reads.write_text(f"@read\n{read}\n+\n{'I' * len(read)}\n")
        fragments, counts = folder / "fragments.npy", folder / "counts.tsv"
        for platform in kinds.values():
            mates, bam = [reads] if platform.reads == "short" else [], folder / "aligned.bam"
            write_bam(platform, reference, [reads], mates, bam)
            for first, second in ([reads], mates), ([bam], []):
                align_sample("warm", platform, "", reference, first, second, fragments, counts)
        loaded = load(fragments)
        run = learn(platform, reference, [Library(sample, True) for sample in read_counts(counts, reference)])
        calls, _, _ = call_sample("warm", platform, reference, loaded, run, None, 0.5, 0.5)
        # One read gives no call to test by its qualities.
        quality_tail(50, np.array([10_000]), np.array([1e-4]), 0.01)
        splicing, _ = splice_sample("warm", platform, reference, loaded, None, 0.5, run)
        phase_sample("warm", reference, loaded, calls, splicing, DEFAULT_TEMPLATES, ASSUMED)
        # Nor two changes to phase.
        one = Mixture(np.array([[0, 1]], np.int8), np.array([1]), np.array([5.0]), np.full(2, 1e-3), np.ones(4, bool))
        one.fit(ASSUMED.median)
