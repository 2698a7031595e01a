"""Tail, threshold, limit of detection and interval against sums and simulations that share nothing with them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from ablkd.background import prior_background, quality_tail

# fragments, error rate, templates, expected RT clones, counts to ask about
MIXTURES = [
    (200, 6e-5, 500, 0.0085, (1, 2, 3)),
    (2_000, 3e-4, 500, 0.0085, (1, 4, 12, 30)),
    (2_000, 1e-6, 500, 0.0, (1, 2, 3)),
    (20_000, 3e-4, 500, 0.0085, (3, 10, 60, 178, 300)),
    (20_000, 6e-5, 20_000, 0.34, (2, 8, 25)),
    (20_000, 3e-4, 100, 0.0017, (20, 200, 400)),
    (100_000, 3e-4, 5_000, 0.085, (50, 200, 500)),
]


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


def grid_of_rates(mean_rate, log_sd, transition):
    """Site rates and their prior weights: 60 rates from a thousandth to a thousand times the class mean, a lognormal
    whose mean is the class mean, nothing above 2 % (or ten times the mean)."""
    rates = mean_rate * np.geomspace(1e-3, 1e3, 60)
    density = stats.norm.pdf(np.log(rates), np.log(mean_rate) - log_sd**2 / 2, log_sd)
    density[rates > max(0.02, 10 * transition, 10 * mean_rate) * (1 + 1e-12)] = 0
    return rates, density / density.sum()


def summed_tail(x, size, mean):
    """P(negative binomial >= x) term by term: the first from log-gamma, the next by their ratio."""
    p = size / (size + mean)
    log_first = gammaln(x + size) - gammaln(size) - gammaln(x + 1) + size * np.log(p) + x * np.log1p(-p)
    more = int(mean + 60 * np.sqrt(mean + mean**2 / size) + 60)
    k = np.arange(x, x + more)
    ratios = (k + size) / (k + 1) * (1 - p)
    terms = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    return float(np.exp(log_first + terms).sum())


def mixture(x, n, rate, templates, jackpots, platform, tail, controls=()):
    rates, weights = grid_of_rates(rate, platform.error_log_sd, platform.transition_error)
    size = 1 / platform.between_sample_cv**2
    for count, depth in controls:
        weights = weights * stats.nbinom.pmf(count, size, size / (size + depth * rates))
    weights = weights / weights.sum()
    total = 0.0
    for clones in range(80):
        share = float(stats.poisson.pmf(clones, jackpots))
        if share < 1e-25:
            if clones > jackpots:
                break
            continue
        means = n * (rates + clones / templates)
        extra = (platform.between_sample_cv * n * rates) ** 2 + 0.25 * clones * (n / templates) ** 2
        total += share * sum(w * tail(x, m**2 / e, m) for w, m, e in zip(weights, means, extra, strict=True) if w)
    return total


def scipy_tail(x, size, mean):
    return stats.nbinom.sf(x - 1, size, size / (size + mean))


@pytest.mark.parametrize("n, rate, templates, jackpots, counts", MIXTURES)
def test_tail_is_the_mixture_over_site_rates_and_rt_clones(platform, n, rate, templates, jackpots, counts):
    background = prior_background(platform, templates)
    for x in counts:
        tail = background.tail(x, n, rate, jackpots)
        # Numbers of clones with a probability below 1e-13 are left out: an absolute error of as much.
        assert tail == pytest.approx(
            mixture(x, n, rate, templates, jackpots, platform, scipy_tail), rel=1e-9, abs=1e-13
        )
        assert tail == pytest.approx(
            mixture(x, n, rate, templates, jackpots, platform, summed_tail), rel=1e-9, abs=1e-13
        )
    assert background.tail(0, n, rate, jackpots) == 1.0


@pytest.mark.parametrize("controls", [((0, 20_000),), ((3, 5_000), (2, 8_000)), ((40, 20_000), (55, 20_000))])
def test_controls_weigh_the_site_rates_by_their_likelihood(platform, controls):
    background = prior_background(platform, 5_000)
    for x in (2, 10, 40):
        expected = mixture(x, 5_000, 3e-4, 5_000, 0.085, platform, summed_tail, controls)
        assert background.tail(x, 5_000, 3e-4, 0.085, controls) == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_clean_controls_sharpen_and_controls_with_the_allele_blunt(platform):
    background = prior_background(platform, 20_000)

    def lod(controls):
        return background.lod95(20_000, 3e-4, 0.34, 4e-5, controls)

    clean, shown = ((2, 20_000), (3, 20_000)), ((200, 20_000), (220, 20_000))
    assert lod(clean) < 0.5 * lod(()) < lod(shown)
    assert lod(shown) > 0.02


def test_tail_falls_with_the_count_and_rises_with_rate_and_clones(platform):
    background = prior_background(platform, 500)
    tails = [background.tail(x, 5_000, 3e-4, 0.0085) for x in range(60)]
    assert all(a > b for a, b in zip(tails, tails[1:], strict=False))
    assert background.tail(10, 5_000, 6e-5, 0.0085) < background.tail(10, 5_000, 3e-4, 0.0085)
    assert background.tail(10, 5_000, 3e-4, 0.0) < background.tail(10, 5_000, 3e-4, 0.1)


@pytest.mark.parametrize(
    "n, rate, jackpots, alpha",
    [
        (150, 6e-5, 0.0085, 4e-5),
        (150, 3e-4, 0.0085, 2e-7),
        (1_000, 3e-4, 0.0085, 4e-5),
        (3_000, 6e-5, 0.0085, 2e-7),
        (3, 6e-5, 0.0085, 1e-12),
        (1, 3e-4, 0.0, 0.01),
    ],
)
def test_threshold_is_the_first_count_below_alpha(platform, n, rate, jackpots, alpha):
    background = prior_background(platform, 500)
    found = (x for x in range(1, n + 1) if background.tail(x, n, rate, jackpots) < alpha)
    assert background.threshold(n, rate, jackpots, alpha) == next(found, n + 1)


def power_of_molecules(needed, n, fraction, rate, templates, rng, trials=6_000):
    """Share of samples called: templates drawn, families of squared variation 0.25, then reads."""
    mutated = rng.binomial(templates, fraction, trials)
    families = rng.gamma(np.maximum(4.0 * mutated, 1e-9), 1.0)
    others = rng.gamma(np.maximum(4.0 * (templates - mutated), 1e-9), 1.0)
    share = np.where(mutated == 0, 0.0, families / (families + others))
    return float((rng.binomial(n, np.minimum(share + rate, 1.0)) >= needed).mean())


def power_of_beta(needed, n, fraction, rate, templates, rng, trials=6_000):
    """The same by beta-binomial draws of N / 1.25 effective templates."""
    effective = templates / 1.25
    share = rng.beta((fraction + rate) * effective, (1 - fraction - rate) * effective, trials)
    return float((rng.binomial(n, share) >= needed).mean())


@pytest.mark.parametrize("power", [power_of_beta, power_of_molecules])
@pytest.mark.parametrize("n", [500, 2_000, 20_000])
@pytest.mark.parametrize("templates", [200, 500, 5_000, 100_000])
def test_limit_of_detection_is_found_by_simulation(platform, power, n, templates):
    background = prior_background(platform, templates)
    rate, jackpots, alpha = 3e-4, templates * 1.7e-5, 4e-5
    lod = background.lod95(n, rate, jackpots, alpha)
    needed = background.threshold(n, rate, jackpots, alpha)
    rng = np.random.default_rng(n + templates)
    assert power(needed, n, min(lod * 1.15, 0.99), rate, templates, rng) >= 0.95
    assert power(needed, n, lod / 1.15, rate, templates, rng) <= 0.95


@pytest.mark.parametrize(
    "templates, n",
    [
        (10_000, 2_000),
        (2_000, 2_000),
        (50, 2_000),
        (200, 20_000),
        (500, 20_000),
    ],
)
def test_limit_of_a_junction_without_rt_clones(platform, templates, n):
    """Junction errors are rare, so the templates decide: with N of them nothing below 1 - 0.05^(1/N) is sure to be there."""
    background = prior_background(platform, templates)
    lod, needed = background.lod95(n, 1e-5, 0.0, 7e-5), background.threshold(n, 1e-5, 0.0, 7e-5)
    assert lod >= 1 - 0.05 ** (1 / templates)
    rng = np.random.default_rng(n + templates)
    assert power_of_molecules(needed, n, lod * 1.15, 1e-5, templates, rng) >= 0.95
    assert power_of_molecules(needed, n, lod / 1.15, 1e-5, templates, rng) <= 0.95


def test_limit_of_detection_gets_better_with_depth_and_templates_and_worse_with_errors(platform):
    def lod(n, templates, rate=3e-4):
        return prior_background(platform, templates).lod95(n, rate, templates * 1.7e-5, 4e-5)

    assert lod(500, 500) > lod(2_000, 500) > lod(20_000, 500)
    assert lod(20_000, 100) > lod(20_000, 500) > lod(20_000, 5_000)
    assert lod(2_000, 500, 6e-5) < lod(2_000, 500, 3e-4) < lod(2_000, 500, 3e-3)
    # Depth cannot buy back missing templates: from 20,000 to 200,000 fragments next to nothing is gained.
    assert lod(200_000, 200) > 0.8 * lod(20_000, 200)


def test_where_even_all_fragments_would_not_do_nothing_is_detectable(platform):
    noisy = prior_background(replace(platform, transition_error=0.3), 500)
    assert noisy.threshold(3, 0.3, 0.0, 1e-12) == 4
    assert noisy.lod95(3, 0.3, 0.0, 1e-12) == 1.0


@pytest.mark.parametrize("templates, n", [(500, 2_000), (500, 300), (2_000, 20_000), (10_000, 1_000)])
@pytest.mark.parametrize("fraction", [0.03, 0.2, 0.5])
def test_interval_covers_the_truth_in_95_of_100_samples(platform, templates, n, fraction):
    """Molecules, families (squared variation 0.25), reads. 3,000 samples: standard error 0.4 %."""
    background = prior_background(platform, templates)
    rng = np.random.default_rng(templates + n)
    mutated = rng.binomial(templates, fraction, 3_000)
    families = rng.gamma(4.0 * mutated) / 4
    others = rng.gamma(4.0 * (templates - mutated)) / 4
    share = families / (families + others)
    rate = 3e-4
    counts = rng.binomial(n, share + rate * (1 - share))
    intervals = {x: background.interval(int(x), n, rate) for x in np.unique(counts)}
    inside = [low <= fraction <= high for _, low, high in (intervals[x] for x in counts)]
    assert 0.93 <= np.mean(inside) <= 0.97
    estimates = np.array([intervals[x][0] for x in counts])
    assert estimates.mean() == pytest.approx(fraction, rel=0.02)


def test_interval_at_none_and_all_stays_inside_0_and_1(platform):
    background = prior_background(platform, 500)
    share, low, high = background.interval(0, 2_000, 3e-4)
    assert share == 0 and low == 0 and 0 < high < 0.02
    share, low, high = background.interval(2_000, 2_000, 3e-4)
    assert share == 1 and high == 1 and 0.98 < low < 1


def test_an_error_below_the_background_is_no_fraction(platform):
    share, low, high = prior_background(platform, 500).interval(1, 10_000, 3e-4)
    assert (share, low) == (0.0, 0.0) and high > 0


def test_quality_tail_bounds_the_exact_poisson_binomial(platform):
    """Exact: the probability of errors to one given base, folded read by read."""
    qualities = np.zeros(41, np.int64)
    qualities[[20, 30, 40]] = 30, 100, 400
    chances = np.repeat([0.01 / 3, 0.001 / 3, 0.0001 / 3], [30, 100, 400])
    exact = np.zeros(12)
    exact[0] = 1
    for chance in chances:
        exact[1:] = exact[1:] * (1 - chance) + exact[:-1] * chance
        exact[0] *= 1 - chance
    # The Poisson bounds it from one above the mean (Hoeffding 1956); between the mean and there it may fall short.
    for x in range(2, 7):
        tail = exact[x:].sum()
        assert tail <= quality_tail(x, qualities) * (1 + 1e-9)
        assert quality_tail(x, qualities) < 1.5 * tail
    assert quality_tail(0, qualities) == 1.0
