"""ablkd: BCR::ABL1 kinase-domain mutations, compounds and exon skipping, and what could not be seen."""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: that takes longer than all else of `ablkd --help`."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("ablkd")
