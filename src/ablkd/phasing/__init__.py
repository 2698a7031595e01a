"""Which changes are on one molecule: haplotypes before PCR and a verdict on every set."""
