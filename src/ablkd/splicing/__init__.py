"""Which isoform events and fusions are there, listed ones and new ones, and how much."""
