import keras
import numpy as np
import pytest

from keras_latent.layers import GaussianCorruption, MaskingCorruption

X = np.random.default_rng(0).uniform(0.5, 1.0, (200, 50)).astype("float32")


class TestMasking:
    def test_loses_the_rate_and_keeps_the_rest(self):
        corrupted = np.array(MaskingCorruption(0.3, seed=1)(X, training=True))
        lost = corrupted == 0.0
        # 10,000 entries: a standard error of 0.0046.
        assert lost.mean() == pytest.approx(0.3, abs=0.02)
        np.testing.assert_array_equal(corrupted[~lost], X[~lost])

    def test_rate_zero_keeps_everything(self):
        np.testing.assert_array_equal(MaskingCorruption(0.0)(X, training=True), X)

    @pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
    def test_a_rate_out_of_range(self, rate):
        with pytest.raises(ValueError, match=rf"`rate`.*\[0, 1\].*rate={rate}"):
            MaskingCorruption(rate)


class TestGaussian:
    def test_adds_normal_noise(self):
        noise = np.array(GaussianCorruption(0.2, seed=1)(X, training=True)) - X
        assert noise.mean() == pytest.approx(0.0, abs=0.01)
        assert noise.std() == pytest.approx(0.2, rel=0.05)

    @pytest.mark.parametrize("stddev", [-0.1, float("inf"), None])
    def test_a_wrong_stddev(self, stddev):
        with pytest.raises(ValueError, match=rf"`stddev`.*stddev={stddev}"):
            GaussianCorruption(stddev)


@pytest.mark.parametrize("corruption", [MaskingCorruption, GaussianCorruption])
class TestCorruption:
    def test_acts_in_training_alone(self, corruption):
        layer = corruption()
        np.testing.assert_array_equal(layer(X), X)
        assert np.abs(np.array(layer(X, training=True)) - X).max() > 0.0

    def test_seeds(self, corruption):
        first, same, other = (
            np.array(corruption(seed=seed)(X, training=True)) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first, same)
        assert np.abs(first - other).max() > 0.0

    def test_draws_anew_each_time(self, corruption):
        layer = corruption(seed=1)
        first, second = layer(X, training=True), layer(X, training=True)
        assert np.abs(np.array(first) - np.array(second)).max() > 0.0

    def test_config(self, corruption):
        layer = corruption(0.5, seed=3, name="mine")
        again = keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(layer)
        )
        assert type(again) is corruption
        assert again.get_config() == layer.get_config()

    def test_keeps_half_precision(self, corruption):
        layer = corruption(dtype="float16")
        assert layer(X, training=True).dtype == "float16"
