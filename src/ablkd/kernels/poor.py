"""What bases below the quality cut show: they are not observed, but what was read there is kept with its quality."""

from ablkd.kernels.jit import jit

# POOR + code of the base.
UNOBSERVED, POOR = 5, 8
MOST_QUALITY = 40


@jit
def poor_base(code, quality):
    """(state, quality) of a base below the cut; an N shows nothing."""
    if code > 3:
        return UNOBSERVED, 0
    return POOR + code, quality


@jit
def poor_of_two(one, quality_one, two, quality_two):
    """(state, quality) where neither mate observes a base; both are POOR bases or UNOBSERVED."""
    if one == UNOBSERVED:
        return two, quality_two
    if two == UNOBSERVED:
        return one, quality_one
    if one == two:
        return one, min(quality_one + quality_two, MOST_QUALITY)
    # METHOD: mates that disagree show nothing.
    return UNOBSERVED, 0
