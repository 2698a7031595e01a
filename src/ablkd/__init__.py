"""ablkd: BCR::ABL1 kinase-domain mutations, compounds and exon skipping, and what could not be seen."""

from importlib.metadata import version

__version__ = version("ablkd")
