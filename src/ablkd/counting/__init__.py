"""Fragments -> counts of codon states, and what the base qualities of a sample are worth."""
