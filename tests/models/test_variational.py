import keras
import numpy as np
import pytest
from scipy import stats

from keras_latent.likelihoods import Gaussian
from keras_latent.models import VAE
from keras_latent.distributions.normal import LOG_VAR_LIMIT
from tests.models.cases import LATENT_DIM, dense_networks, images

OBSERVED, LATENT, SCALE = 5, 2, 0.6


def build(**arguments):
    return VAE(**dense_networks(), **arguments)


@pytest.fixture
def linear():
    """A linear-Gaussian model x = Wz + b + σε with its exact posterior, W and b.

    p(z|x) = N(ΣWᵀ(x − b)/σ², Σ) with Σ = (I + WᵀW/σ²)⁻¹. W has orthogonal columns, so
    that Σ is diagonal.
    """
    rng = np.random.default_rng(3)
    weights = np.linalg.qr(rng.normal(size=(OBSERVED, LATENT)))[0] * [1.5, 0.7]
    offset = rng.normal(size=OBSERVED)
    encoder = keras.Sequential([keras.Input((OBSERVED,)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(OBSERVED)])
    model = VAE(encoder, decoder, likelihood=Gaussian(scale=SCALE))
    decoder.layers[0].set_weights([weights.T, offset])
    variances = 1.0 / (1.0 + np.sum(weights**2, axis=0) / SCALE**2)
    kernel = weights * variances / SCALE**2
    model.code_mean.set_weights([kernel, -offset @ kernel])
    model.code_log_var.set_weights([np.zeros_like(kernel), np.log(variances)])
    return model, weights, offset


def evidence(x, weights, offset):
    covariance = weights @ weights.T + SCALE**2 * np.eye(OBSERVED)
    return stats.multivariate_normal(offset, covariance).logpdf(x)


class TestLogLikelihood:
    x = np.random.default_rng(0).normal(size=(7, OBSERVED)).astype("float32")

    def test_one_sample_of_the_exact_posterior_is_enough(self, linear):
        model, weights, offset = linear
        np.testing.assert_allclose(
            model.log_likelihood(self.x, num_samples=1, batch_size=3),
            evidence(self.x, weights, offset),
            rtol=1e-4,
        )

    def test_a_wider_proposal_converges(self, linear):
        model, weights, offset = linear
        kernel, bias = model.code_log_var.get_weights()
        model.code_log_var.set_weights([kernel, bias + 0.5])
        kernel, bias = model.code_mean.get_weights()
        model.code_mean.set_weights([kernel, bias + 0.1])
        expected = evidence(self.x, weights, offset)
        few = model.log_likelihood(self.x, num_samples=1)
        many = model.log_likelihood(self.x, num_samples=300)
        np.testing.assert_allclose(many, expected, atol=0.15)
        assert np.abs(few - expected).max() > 0.1

    def test_more_samples_give_more_on_average(self, linear):
        model, _, _ = linear
        kernel, bias = model.code_log_var.get_weights()
        model.code_log_var.set_weights([kernel, bias + 1.0])
        x = np.tile(self.x, (40, 1))
        means = [
            model.log_likelihood(x, num_samples=k, batch_size=300).mean()
            for k in (1, 5, 50)
        ]
        assert means[0] < means[1] < means[2]

    def test_is_repeatable(self, linear):
        model, _, _ = linear
        kernel, bias = model.code_log_var.get_weights()
        model.code_log_var.set_weights([kernel, bias + 1.0])
        first, second, other = (
            model.log_likelihood(self.x, num_samples=3, seed=seed) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first, second)
        assert np.abs(first - other).max() > 0.0

    def test_refuses_grey_values_of_bernoulli(self):
        with pytest.raises(ValueError, match=r"`x` must be 0 or 1.*Received: grey="):
            build().log_likelihood(images(2), num_samples=2)

    def test_takes_binary_values_of_bernoulli(self):
        x = np.round(images(3))
        values = build().log_likelihood(x, num_samples=2)
        assert values.shape == (3,)
        assert (values < 0.0).all()

    @pytest.mark.parametrize("name", ["num_samples", "batch_size"])
    def test_refuses_numbers_that_are_not_positive(self, name):
        with pytest.raises(ValueError, match=rf"`{name}`.*Received: {name}=0"):
            build().log_likelihood(np.round(images(2)), **{name: 0})


class TestSample:
    def test_shape_and_range(self):
        sample = np.array(build().sample(5))
        assert sample.shape == (5, 4, 3, 1)
        assert 0.0 <= sample.min() < sample.max() <= 1.0

    def test_a_seed_repeats_the_draw(self):
        model = build()
        np.testing.assert_array_equal(model.sample(3, seed=1), model.sample(3, seed=1))
        assert np.abs(model.sample(3, seed=1) - model.sample(3, seed=2)).max() > 0.0

    def test_without_a_seed_each_draw_is_another(self):
        model = build()
        assert np.abs(model.sample(3) - model.sample(3)).max() > 0.0

    def test_refuses_no_samples(self):
        with pytest.raises(ValueError, match=r"`n`.*Received: n=0"):
            build().sample(0)


class TestPosterior:
    def test_draws_have_its_mean_and_variance(self):
        model = build(seed=1)
        mean, log_var = np.array([[1.0, -2.0]]), np.array([[0.0, 1.0]])
        mean, log_var = (
            np.tile(p, (20000, 1)).astype("float32") for p in (mean, log_var)
        )
        posterior = model.posterior_parameters(images(1))._replace(
            mean=mean, log_var=log_var
        )
        draws = np.array(model.draw(posterior))
        np.testing.assert_allclose(draws.mean(axis=0), mean[0], atol=0.05)
        np.testing.assert_allclose(draws.var(axis=0), np.exp(log_var[0]), rtol=0.05)

    def test_encode_gives_the_mean_or_a_draw(self):
        model, x = build(seed=1), images(3)
        np.testing.assert_array_equal(
            model.encode(x), model.posterior_parameters(x).mean
        )
        first, second = model.encode(x, sample=True), model.encode(x, sample=True)
        assert np.abs(first - second).min() > 0.0

    @pytest.mark.parametrize("bias", [-1e3, 1e3])
    def test_log_var_is_clipped(self, bias):
        model = build()
        kernel, _ = model.code_log_var.get_weights()
        model.code_log_var.set_weights([kernel, np.full(LATENT_DIM, bias)])
        log_var = np.array(model.posterior_parameters(images(2)).log_var)
        np.testing.assert_array_equal(log_var, np.sign(bias) * LOG_VAR_LIMIT)
        model.compile(run_eagerly=True)
        assert np.isfinite(model.evaluate(images(2), verbose=0)[0])
