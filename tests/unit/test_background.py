"""Tail, threshold and interval of one allele against sums and simulations that share nothing with them."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from ablkd.background.allele import Background, ErrorRate, assumed, lognormal, possible, prior_background

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


def grid_of_rates(mean_rate, log_sd, highest):
    """Site rates and their prior weights: 60 rates from a hundredth to 100,000 times the class mean, a lognormal
    whose mean is the class mean, nothing above 2 % (or ten times the highest class mean)."""
    rates = mean_rate * np.geomspace(1e-2, 1e5, 60)
    density = stats.norm.pdf(np.log(rates), np.log(mean_rate) - log_sd**2 / 2, log_sd)
    density[rates > max(0.02, 10 * highest, 10 * mean_rate) * (1 + 1e-12)] = 0
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


def scipy_tail(x, size, mean):
    return stats.nbinom.sf(x - 1, size, size / (size + mean))


def mixture(x, n, rate, templates, jackpots, platform, tail):
    rates, weights = grid_of_rates(rate, platform.error_log_sd, platform.transition_error)
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


def usual(platform, rate, jackpots=0.0):
    """The error rate of an allele of which only the class is known."""
    return assumed(rate, platform.error_log_sd, jackpots, platform.transition_error)


# ---------------------------------------------------------------- rates


def test_mean_and_spread_of_a_rate_by_hand():
    rate = ErrorRate(np.array([1e-4, 3e-4]), np.array([0.75, 0.25]))
    assert rate.mean == pytest.approx(1.5e-4)
    # 0.75 * 0.5e-4^2 + 0.25 * 1.5e-4^2 = 0.75e-8
    assert rate.spread == pytest.approx(np.sqrt(0.75e-8))


@pytest.mark.parametrize(("mean", "log_sd", "highest"), [(3e-4, 0.9, 3e-4), (6e-5, 0.5, 3e-4), (5e-3, 1.0, 1e-2)])
def test_an_assumed_rate_is_a_lognormal_around_the_class_mean(mean, log_sd, highest):
    rates, weights = grid_of_rates(mean, log_sd, highest)
    rate = assumed(mean, log_sd, 0.1, highest)
    assert rate.rates == pytest.approx(rates) and rate.weights == pytest.approx(weights) and rate.clones == 0.1
    assert rate.mean == pytest.approx(mean, rel=0.02)


def test_a_lognormal_has_the_mean_1():
    for log_sd in (0.3, 0.9, 1.5):
        assert lognormal(log_sd) @ np.geomspace(1e-2, 1e5, 60) == pytest.approx(1, rel=0.01)


def test_no_site_errs_more_often_than_it_could_unnoticed():
    """2 %, or ten times the mean where errors are frequent."""
    rates, even = np.array([1e-3, 0.019, 0.021, 0.09, 0.11]), np.full(5, 0.2)
    assert possible(rates, even, 3e-4) == pytest.approx([0.5, 0.5, 0, 0, 0])
    assert possible(rates, even, 0.01) == pytest.approx([0.25, 0.25, 0.25, 0.25, 0])


# ---------------------------------------------------------------- tail and threshold


@pytest.mark.parametrize("n, rate, templates, jackpots, counts", MIXTURES)
def test_tail_is_the_mixture_over_site_rates_and_rt_clones(platform, n, rate, templates, jackpots, counts):
    background, error = prior_background(platform, templates), usual(platform, rate, jackpots)
    for x in counts:
        tail = background.tail(x, n, error)
        # Numbers of clones with a probability below 1e-13 are left out: an absolute error of as much.
        for other in (scipy_tail, summed_tail):
            assert tail == pytest.approx(mixture(x, n, rate, templates, jackpots, platform, other), rel=1e-9, abs=1e-13)
    assert background.tail(0, n, error) == 1.0


def test_tail_falls_with_the_count_and_rises_with_rate_and_clones(platform):
    background, error = prior_background(platform, 500), usual(platform, 3e-4, 0.0085)
    tails = [background.tail(x, 5_000, error) for x in range(60)]
    assert all(a > b for a, b in zip(tails, tails[1:], strict=False))
    assert background.tail(10, 5_000, usual(platform, 6e-5, 0.0085)) < background.tail(10, 5_000, error)
    without, more = usual(platform, 3e-4), usual(platform, 3e-4, 0.1)
    assert background.tail(10, 5_000, without) < background.tail(10, 5_000, error) < background.tail(10, 5_000, more)


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
    background, error = prior_background(platform, 500), usual(platform, rate, jackpots)
    found = (x for x in range(1, n + 1) if background.tail(x, n, error) < alpha)
    assert background.threshold(n, error, alpha) == next(found, n + 1)


def test_where_even_all_fragments_would_not_do_no_count_is_enough(platform):
    assert prior_background(platform, 500).threshold(3, assumed(0.3, 0.9), 1e-12) == 4


def test_a_platform_without_data_assumes_its_row_and_500_templates(platform):
    assert prior_background(platform, None) == Background(platform.between_sample_cv, 500.0)
    assert prior_background(platform, 1234).templates == 1234


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize("templates, n", [(500, 2_000), (500, 300), (2_000, 20_000), (10_000, 1_000)])
@pytest.mark.parametrize("fraction", [0.03, 0.2, 0.5])
def test_interval_covers_the_truth_in_95_of_100_samples(platform, templates, n, fraction):
    """Molecules, families (squared variation 0.25), reads. 3,000 samples: standard error 0.4 %."""
    background = prior_background(platform, templates)
    rng = np.random.default_rng(templates + n)
    share = drawn_share(rng, templates, fraction, 3_000)
    rate = 3e-4
    counts = rng.binomial(n, share + rate * (1 - share))
    intervals = {x: background.interval(int(x), n, rate) for x in np.unique(counts)}
    inside = [low <= fraction <= high for _, low, high in (intervals[x] for x in counts)]
    assert 0.93 <= np.mean(inside) <= 0.97
    estimates = np.array([intervals[x][0] for x in counts])
    assert estimates.mean() == pytest.approx(fraction, rel=0.02)


def drawn_share(rng, templates, fraction, samples):
    mutated = rng.binomial(templates, fraction, samples)
    families = rng.gamma(4.0 * mutated) / 4
    others = rng.gamma(4.0 * (templates - mutated)) / 4
    return families / (families + others)


@pytest.mark.parametrize("fraction", [0.01, 0.02])
def test_interval_covers_the_truth_where_the_error_rate_is_not_known(fraction):
    """Site rates are lognormal (log sd 0.5) around 0.2 %, and vary by 30 % between samples; 20,000 fragments of 20,000
    templates alone would give a far too narrow interval."""
    background, rng = Background(0.3, 20_000.0), np.random.default_rng(5)
    rates = 2e-3 * np.exp(rng.normal(-0.125, 0.5, 3_000)) * rng.gamma(1 / 0.09, 0.09, 3_000)
    share = drawn_share(rng, 20_000, fraction, 3_000)
    counts = rng.binomial(20_000, share + rates * (1 - share))
    spread = 2e-3 * np.sqrt(np.exp(0.25) - 1)

    def coverage(spread):
        found = (background.interval(int(x), 20_000, 2e-3, spread)[1:] for x in counts)
        return np.mean([low <= fraction <= high for low, high in found])

    assert 0.93 <= coverage(spread) <= 0.985
    assert coverage(0.0) < coverage(spread) - 0.03


def test_interval_at_none_and_all_stays_inside_0_and_1(platform):
    background = prior_background(platform, 500)
    share, low, high = background.interval(0, 2_000, 3e-4)
    assert share == 0 and low == 0 and 0 < high < 0.02
    share, low, high = background.interval(2_000, 2_000, 3e-4)
    assert share == 1 and high == 1 and 0.98 < low < 1


def test_an_error_below_the_background_is_no_fraction(platform):
    share, low, high = prior_background(platform, 500).interval(1, 10_000, 3e-4)
    assert (share, low) == (0.0, 0.0) and high > 0
