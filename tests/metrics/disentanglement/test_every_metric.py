"""What holds for every metric of codes and factors."""

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.metrics import Score, disentanglement
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=4)
NOISY = known_codes.noisy(FACTORS)
SMALL = {
    "beta_vae_score": {"train_points": 300, "test_points": 200},
    "factor_vae_score": {"train_votes": 300, "test_votes": 200},
}
METRICS = [
    name for name in disentanglement.__all__ if name.islower() and name not in ("udr",)
]
NEED_TWO_FACTORS = [
    "beta_vae_score",
    "dci",
    "factor_vae_score",
    "infomec",
    "modularity",
]


def scored(name, codes, factors, **arguments):
    metric = getattr(kl.metrics.disentanglement, name)
    return metric(codes, factors, **SMALL.get(name, {}), **arguments)


@pytest.mark.parametrize("name", METRICS)
class TestEveryMetric:
    def test_gives_a_number_with_its_protocol(self, name):
        score = scored(name, NOISY, FACTORS, factor_names=["hue", "size", "place"])

        assert isinstance(score, Score)
        assert type(float(score)) is float
        assert 0 <= float(score) <= 1
        assert score.interval is None
        assert score.protocol["n"] == len(FACTORS)
        assert score.protocol["latent_dim"] == 4
        assert score.protocol["factors"] == ["hue", "size", "place"]
        assert score.protocol["seed"] == 0

    def test_is_the_same_again_by_seed(self, name):
        first, second = (scored(name, NOISY, FACTORS, seed=3) for _ in range(2))

        assert float(first) == float(second)
        assert first.protocol == second.protocol

    def test_does_not_depend_on_the_order_of_codes_and_factors(self, name):
        order = [2, 0, 3, 1]

        permuted = scored(name, NOISY[:, order], FACTORS)

        # Trees break ties at random.
        tolerance = {"dci": 0.05}.get(name, 1e-6)
        assert float(permuted) == pytest.approx(
            float(scored(name, NOISY, FACTORS)), abs=tolerance
        )
        if name not in ("beta_vae_score", "factor_vae_score"):
            other = scored(name, NOISY, FACTORS[:, [2, 0, 1]])
            assert float(other) == pytest.approx(
                float(scored(name, NOISY, FACTORS)), abs=tolerance
            )

    def test_does_not_depend_on_the_scale_of_all_codes(self, name):
        if name in ("beta_vae_score", "sap"):
            pytest.skip("its penalty sees the scale, as documented")

        scaled = scored(name, -8 * NOISY + 4, FACTORS)

        assert float(scaled) == pytest.approx(
            float(scored(name, NOISY, FACTORS)), abs=0.02 if name == "dci" else 1e-6
        )

    def test_numbers_without_any_between_them(self, name):
        codes = NOISY.copy()
        codes[:, 3] = np.where(FACTORS[:, 0] == 0, np.nextafter(1, 2), 1.0)

        assert 0 <= float(scored(name, codes, FACTORS)) <= 1

    def test_takes_any_seed_that_others_take(self, name):
        score = scored(name, NOISY, FACTORS, seed=np.int64(2**40))

        assert type(score.protocol["seed"]) is int
        assert 0 <= float(score) <= 1

    def test_has_an_interval_by_resampling(self, name):
        score = scored(name, NOISY, FACTORS, resamples=4)

        assert 0 < score.interval < 0.5
        assert "4 resamples" in score.protocol["interval"]

    def test_a_factor_of_one_value_is_left_out_and_named(self, name):
        factors = np.column_stack([np.full(len(FACTORS), 9), FACTORS])

        score = scored(name, NOISY, factors, factor_names=["lost", "a", "b", "c"])

        assert score.protocol["excluded_factors"] == ["lost"]
        assert float(score) == float(scored(name, NOISY, FACTORS))

    def test_only_factors_of_one_value_are_refused(self, name):
        with pytest.raises(
            ValueError, match=r"`factors` .* of which 0 can be measured"
        ):
            scored(name, NOISY, np.ones((len(FACTORS), 2)))

    def test_one_factor(self, name):
        if name in NEED_TWO_FACTORS:
            with pytest.raises(ValueError, match="at least 2 factors of two values"):
                scored(name, NOISY, FACTORS[:, 0])
        else:
            assert 0 <= float(scored(name, NOISY, FACTORS[:, 0])) <= 1

    def test_constant_codes_are_named_and_finite(self, name):
        codes = np.full((len(FACTORS), 2), 0.1)

        score = scored(name, codes, FACTORS)

        assert score.protocol["constant_codes"] == [0, 1]
        assert 0 <= float(score) <= 0.6

    def test_one_active_code(self, name):
        codes = np.column_stack([FACTORS[:, 0], np.zeros((len(FACTORS), 2))])

        assert 0 <= float(scored(name, codes, FACTORS)) <= 1

    def test_continuous_and_discrete_factors_together(self, name):
        noise = np.random.default_rng(0).uniform(0, 0.5, len(FACTORS))
        factors = np.column_stack([FACTORS[:, :2], FACTORS[:, 2] + noise])

        score = scored(name, NOISY, factors)

        assert score.protocol["continuous_factors"] == ["2"]
        assert 0 <= float(score) <= 1

    def test_missing_combinations(self, name):
        kept = (FACTORS[:, 0] != 1) | (FACTORS[:, 1] == 2)

        score = scored(name, NOISY[kept], FACTORS[kept])

        assert 0 <= float(score) <= 1

    def test_whole_numbers_and_lists_will_do(self, name):
        codes = FACTORS.astype("int32")

        expected = float(scored(name, codes.astype("float64"), FACTORS))
        assert float(scored(name, codes.tolist(), FACTORS.tolist())) == expected

    @pytest.mark.parametrize(
        ("codes", "factors", "message"),
        [
            (NOISY * np.nan, FACTORS, r"`codes` must be finite"),
            (NOISY, FACTORS + np.inf, r"`factors` must be finite"),
            (NOISY[:9], FACTORS, r"`factors` must have the shape .* the 9 codes"),
            (
                NOISY[:, 0],
                FACTORS,
                r"`codes` must have the shape \(count, latent_dim\)",
            ),
            (NOISY, FACTORS[:, None], r"`factors` must have .* shape \(240, 1, 3\)"),
            (NOISY[:0], FACTORS[:0], r"`codes` must not be empty"),
            (NOISY[:1], FACTORS[:1], r"`codes` must hold at least \d rows"),
            (NOISY, [["a"]] * 240, r"`factors` must hold numbers"),
            (
                NOISY.reshape(-1, 1, 2, 2),
                FACTORS,
                r"`codes` must have the shape \(count, latent_dim\)\. .* 1, 2, 2\)",
            ),
        ],
    )
    def test_bad_arrays_are_refused(self, name, codes, factors, message):
        with pytest.raises(ValueError, match=message):
            scored(name, codes, factors)

    @pytest.mark.parametrize(
        ("argument", "value", "message"),
        [
            ("resamples", 1, r"`resamples` .* Received: resamples=1"),
            ("resamples", 2.5, r"`resamples` .* Received: resamples=2\.5"),
            ("continuous_factors", [3], r"columns from 0 to 2\. Received: .*\[3\]"),
            ("continuous_factors", [True, False, True], r"columns from 0 .*\[True, F"),
            (
                "continuous_factors",
                [1.0],
                r"columns from 0 to 2\. Received: .*\[1\.0\]",
            ),
            ("continuous_factors", 1, r"columns from 0 to 2\. .*continuous_factors=1"),
            ("factor_names", ["a", "a", "b"], r"3 different names.*Received: factor_n"),
            ("factor_names", "abc", r"3 different names.*Received: factor_names='abc'"),
            ("factor_names", ["a", "b", None], r"3 different names.*'b', None\]"),
            ("factor_names", np.array(3), "3 different names.*Received: factor_names"),
            ("continuous_factors", np.array(1), r"columns from 0 to 2\. Received: co"),
            ("factor_names", 3, r"3 different names.*Received: factor_names=3"),
            ("seed", -1, r"`seed` must be an integer in .* Received: seed=-1"),
            ("seed", 1.5, r"`seed` must be an integer in .* Received: seed=1\.5"),
            ("seed", None, r"`seed` must be an integer in .* Received: seed=None"),
        ],
    )
    def test_bad_arguments_are_refused(self, name, argument, value, message):
        with pytest.raises(ValueError, match=message):
            scored(name, NOISY, FACTORS, **{argument: value})


@pytest.mark.parametrize("name", ["mig", "mig_sup", "modularity", "irs", "infomec"])
def test_hundreds_of_factors(name):
    generator = np.random.default_rng(0)
    factors = generator.integers(0, 2, (60, 300))

    score = scored(name, factors[:, :2] + 0.1 * generator.normal(size=(60, 2)), factors)

    assert len(score.protocol["factors"]) == 300
    assert 0 <= float(score) <= 1


def test_a_value_that_resampling_loses_is_told():
    factors = np.column_stack([np.arange(40) % 2, np.r_[1, np.zeros(39)]])
    codes = np.random.default_rng(0).normal(size=(40, 2))

    # A row is lost in one of e resamples: not a hundred times in a row.
    assert kl.metrics.disentanglement.mig(codes, factors, resamples=5).interval > 0


def test_the_interval_holds_the_spread_of_other_rows():
    """Half of it is near 1.96 deviations over samples that are independent."""
    metric = kl.metrics.disentanglement.mig

    def sample(seed, rows=600):
        generator = np.random.default_rng(seed)
        factors = generator.integers(0, 4, (rows, 2))
        return factors + generator.normal(size=(rows, 2)), factors

    spread = 1.96 * np.std(
        [float(metric(*sample(seed))) for seed in range(100)], ddof=1
    )

    assert metric(*sample(0), resamples=100).interval == pytest.approx(spread, rel=0.35)


def test_rows_for_testing_are_never_rows_for_training():
    """Codes that are the number of the row tell nothing of other rows."""
    generator = np.random.default_rng(0)
    factors = generator.integers(0, 5, (600, 2))

    score = kl.metrics.disentanglement.dci(np.arange(600)[:, None], factors)

    assert score.informativeness < 0.3
    assert score.protocol["n_train"] + score.protocol["n_test"] == 600
