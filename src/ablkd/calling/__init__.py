"""Which changes are there that errors do not explain, and what could have been seen."""
