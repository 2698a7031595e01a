"""Inner loops, compiled by numba; each file stands alone."""
