"""Normal distributions, mixtures and posteriors of pseudo-inputs as priors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from keras_latent import distributions
from keras_latent.distributions import (
    Flow,
    Normal,
    NormalMixture,
    NormalParameters,
    PowerSpherical,
    UniformSphere,
    VampPrior,
    VonMisesFisher,
    WrappedNormal,
)
from keras_latent.models import IWAE, VAE
from tests.models.cases import LATENT_DIM, dense_networks, images, mixed_networks

Z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


class TestNormal:
    mean = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    log_var = np.random.default_rng(2).normal(size=(5, 3)).astype("float32")

    def test_log_density(self):
        expected = stats.norm(self.mean, np.exp(0.5 * self.log_var)).logpdf(Z).sum(1)
        q = NormalParameters(tf.constant(self.mean), tf.constant(self.log_var))
        np.testing.assert_allclose(Normal().log_prob(Z, q), expected, rtol=1e-5)
        side_by_side = np.concatenate([self.mean, self.log_var], axis=-1)
        np.testing.assert_allclose(
            Normal().log_prob(Z, side_by_side), expected, rtol=1e-5
        )
        np.testing.assert_allclose(
            Normal().log_prob(Z), stats.norm.logpdf(Z).sum(1), rtol=1e-5
        )

    def test_divergence_is_the_mean_of_the_log_ratio(self):
        q = NormalParameters(
            *(tf.repeat(p[:1], 200_000, 0) for p in (self.mean, self.log_var))
        )
        z = Normal().sample(q, seed=0)
        ratio = np.array(Normal().log_ratio(q, Normal(), z))
        closed = float(Normal().kl(q, Normal(), z)[0])
        assert abs(ratio.mean() - closed) < 4 * ratio.std() / np.sqrt(len(ratio))

    def test_density_integrates_to_one(self):
        line = np.linspace(-9.0, 9.0, 401)
        step = line[1] - line[0]
        z = line[:, None].astype("float32")
        density = np.exp(Normal().log_prob(z))
        assert density.sum() * step == pytest.approx(1.0, abs=1e-5)
        plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        q = NormalParameters(
            *(
                tf.constant(np.tile(p, (len(plane), 1)), tf.float32)
                for p in ([0.5, -1.0], [-0.4, 0.7])
            )
        )
        density = np.exp(Normal().log_prob(plane, q))
        assert density.sum() * step**2 == pytest.approx(1.0, abs=1e-4)

    def test_divergence_is_the_integral(self):
        line = np.linspace(-12.0, 12.0, 4001)[:, None].astype("float32")
        q = NormalParameters(
            tf.fill((len(line), 1), 0.8), tf.fill((len(line), 1), -0.5)
        )
        log_q = np.array(Normal().log_prob(line, q), "float64")
        ratio = log_q - np.array(Normal().log_prob(line), "float64")
        integral = integrate.trapezoid(np.exp(log_q) * ratio, line[:, 0])
        closed = float(Normal().kl(q, Normal(), None)[0])
        assert closed == pytest.approx(integral, rel=1e-5)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            (np.zeros((5, 5), "float32"), r"mean, log_var side by side.*\(5, 5\)"),
            (np.zeros((1, 6), "float32"), r"same shape.*\(5, 3\).*\(1, 3\)"),
            (np.zeros((5, 2), "float32"), r"same shape.*\(5, 3\).*\(5, 1\)"),
        ],
    )
    def test_parameters_that_do_not_fit(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            Normal().log_prob(Z, parameters)

    def test_values_of_other_precision_are_taken(self):
        wide = Z.astype("float64")
        assert Normal().log_prob(wide).dtype == "float32"
        side_by_side = np.zeros((5, 6))
        assert Normal().log_prob(wide, side_by_side).dtype == "float32"

    def test_what_derives_from_it_is_not_taken_for_the_standard_one(self):
        class Wide(Normal):
            def log_prob(self, value, parameters=None):
                return super().log_prob(value / 2, parameters) - np.log(2)

        q = NormalParameters(tf.zeros((5, 3)), tf.zeros((5, 3)))
        assert Normal().closed_kl(q, Wide()) is None
        assert Normal().closed_kl(q, Normal()) is not None

    def test_maps(self):
        q = NormalParameters(tf.ones((2, 4, 4, 3)), tf.zeros((2, 4, 4, 3)))
        assert Normal().kl(q, Normal(), None).numpy().tolist() == [24.0, 24.0]
        assert Normal().sample(q, seed=1).shape == (2, 4, 4, 3)
        assert Normal().parameters_shape((4, 4, 3)) == (4, 4, 6)


class TestMixture:
    def prior(self, shape=(3,), components=4):
        prior = NormalMixture(components)
        prior.build(shape)
        random = np.random.default_rng(3)
        prior.logits.assign(random.normal(size=components))
        prior.log_vars.assign(random.normal(size=(components, *shape)))
        return prior

    def test_log_density(self):
        prior = self.prior()
        logits = prior.logits.numpy()
        shares = np.exp(logits) / np.exp(logits).sum()
        densities = [
            share * np.exp(stats.norm(mean, np.exp(0.5 * log_var)).logpdf(Z).sum(1))
            for share, mean, log_var in zip(
                shares, prior.means.numpy(), prior.log_vars.numpy(), strict=True
            )
        ]
        expected = np.log(np.sum(densities, axis=0))
        np.testing.assert_allclose(prior.log_prob(Z), expected, rtol=1e-5)

    def test_components_differ_from_the_start(self):
        prior = NormalMixture(3)
        prior.build((2,))
        assert len(np.unique(prior.means.numpy(), axis=0)) == 3

    def test_density_integrates_to_one(self):
        line = np.linspace(-25.0, 25.0, 601)
        plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        density = np.exp(self.prior((2,)).log_prob(plane))
        assert density.sum() * (line[1] - line[0]) ** 2 == pytest.approx(1.0, abs=1e-3)

    def test_values_of_another_shape(self):
        message = r"`value` must have the shape \(batch, 3\).*\(5, 1\)"
        with pytest.raises(ValueError, match=message):
            self.prior().log_prob(Z[:, :1])

    @pytest.mark.parametrize("prior", [NormalMixture, VampPrior])
    def test_without_a_model_it_has_no_weights(self, prior):
        for use in (
            lambda: prior(2).sample(shape=(5, 3)),
            lambda: prior(2).log_prob(Z),
            lambda: prior(2).mean(),
        ):
            with pytest.raises(ValueError, match="must be given to a model before"):
                use()

    def test_models_with_other_codes_cannot_share_it(self):
        prior = self.prior((LATENT_DIM + 1,))
        with pytest.raises(ValueError, match=r"`prior` .* was made for codes of shape"):
            VAE(**dense_networks(), prior=prior)

    def test_one_component_at_zero_is_the_normal_prior(self):
        prior = NormalMixture(1)
        prior.build((3,))
        prior.means.assign(np.zeros((1, 3)))
        np.testing.assert_allclose(prior.log_prob(Z), Normal().log_prob(Z), rtol=1e-6)

    def test_draws_have_its_mean(self):
        prior = self.prior()
        z = np.array(prior.sample(shape=(50_000, 3), seed=1))
        error = z.std(axis=0) / np.sqrt(len(z))
        assert (np.abs(z.mean(axis=0) - prior.mean()) < 4 * error).all()
        np.testing.assert_array_equal(prior.sample(shape=(50_000, 3), seed=1), z)

    def test_maps(self):
        prior = self.prior((2, 2, 3))
        z = prior.sample(shape=(6, 2, 2, 3), seed=0)
        assert z.shape == (6, 2, 2, 3)
        assert prior.log_prob(z).shape == (6,)

    @pytest.mark.parametrize("components", [0, 1.5, None])
    def test_components_are_a_positive_integer(self, components):
        with pytest.raises(ValueError, match=rf"`components`.*{components}"):
            NormalMixture(components)

    def test_a_model_trains_saves_and_samples(self, tmp_path):
        model = VAE(**dense_networks(), prior=NormalMixture(3), seed=1)
        model.compile(keras.optimizers.Adam(0.05))
        before = model.prior.means.numpy()
        model.fit(images(16), batch_size=8, verbose=0)
        assert np.abs(model.prior.means.numpy() - before).max() > 1e-3
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.sample(3, seed=1), model.sample(3, seed=1))
        assert loaded.prior.components == 3


class TestVamp:
    def model(self, count=3, **arguments):
        return VAE(**dense_networks(), prior=VampPrior(count), seed=1, **arguments)

    def test_the_posterior_of_its_own_input_costs_nothing(self):
        model, x = self.model(1), images(1)
        model.prior.set_inputs(x)
        latent = model.infer(x, training=False)
        np.testing.assert_allclose(model.kl(latent), 0.0, atol=1e-5)

    def test_equal_inputs_are_one(self):
        one, many = self.model(1), self.model(4)
        many.set_weights(
            [
                np.repeat(w, 4, axis=0) if w.shape == (1, 4, 3, 1) else w
                for w in one.get_weights()
            ]
        )
        np.testing.assert_allclose(
            many.prior.log_prob(Z), one.prior.log_prob(Z), rtol=1e-5
        )

    @pytest.mark.parametrize("count", [3, 120])
    def test_log_density_is_that_of_a_mixture_of_posteriors(self, count):
        # More than are worked on at once.
        model = self.model(count)
        random = np.random.default_rng(0)
        model.prior.set_inputs(random.random((count, 4, 3, 1)))
        mean, log_var = model.posterior_parameters(model.prior.pseudo_inputs.numpy())
        densities = [
            np.exp(stats.norm(m, np.exp(0.5 * v)).logpdf(Z).sum(1)) / count
            for m, v in zip(np.array(mean), np.array(log_var), strict=True)
        ]
        np.testing.assert_allclose(
            model.prior.log_prob(Z), np.log(np.sum(densities, 0)), rtol=1e-4
        )

    def test_inputs_learn_and_stay_in_range(self):
        model = self.model(3)
        model.prior.set_inputs(np.round(images(3)))
        model.compile(keras.optimizers.Adam(0.3))
        before = model.prior.pseudo_inputs.numpy()
        model.fit(images(16), batch_size=8, epochs=3, verbose=0)
        after = model.prior.pseudo_inputs.numpy()
        assert np.abs(after - before).max() > 0.01
        assert after.min() >= 0.0
        assert after.max() <= 1.0

    def test_the_encoder_feels_the_prior(self):
        model, x = self.model(2), images(4)
        z = tf.constant(Z[:4])
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(model.prior.log_prob(z))
        gradients = tape.gradient(value, model.encoder.trainable_variables)
        assert max(np.abs(g).max() for g in gradients) > 1e-4
        assert x.shape[0] == 4

    def test_a_model_saves_and_samples(self, tmp_path):
        model = self.model(5)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(
            loaded.prior.pseudo_inputs.numpy(), model.prior.pseudo_inputs.numpy()
        )
        np.testing.assert_array_equal(loaded.sample(4, seed=2), model.sample(4, seed=2))
        x = np.round(images(3))
        np.testing.assert_allclose(
            loaded.log_likelihood(x, num_samples=3),
            model.log_likelihood(x, num_samples=3),
            rtol=1e-5,
        )

    def test_it_belongs_to_one_model(self):
        """With a second one it would be that one's density, in both."""
        prior = VampPrior(3)
        VAE(**dense_networks(), prior=prior)
        with pytest.raises(ValueError, match=r"`prior` .*belongs to one model"):
            VAE(**dense_networks(), prior=prior)

    @pytest.mark.parametrize("factor", [255.0, np.nan, -1.0])
    def test_inputs_out_of_range(self, factor):
        prior = self.model(3).prior
        before = prior.pseudo_inputs.numpy()
        with pytest.raises(ValueError, match=r"`images` must be finite and lie in \["):
            prior.set_inputs(images(3) * factor)
        np.testing.assert_array_equal(prior.pseudo_inputs.numpy(), before)

    def test_inputs_of_another_shape(self):
        with pytest.raises(ValueError, match=r"`images` must have the shape \(3, 4"):
            self.model(3).prior.set_inputs(images(2))

    def test_models_of_dicts_are_refused(self):
        with pytest.raises(ValueError, match=r"'vamp_prior' needs.*dict of \['cat"):
            VAE(
                **mixed_networks(),
                likelihood={"image": "gaussian", "category": "categorical"},
                prior="vamp_prior",
            )


class TestPairs:
    def build(self, **arguments):
        return VAE(**dense_networks(), **arguments)

    def test_different_spaces(self):
        message = "same space.*'power_spherical.*on 'sphere'.*'normal.*on 'real'"
        with pytest.raises(ValueError, match=message):
            self.build(posterior="power_spherical")
        with pytest.raises(ValueError, match="same space"):
            self.build(prior="uniform_sphere")

    def test_a_posterior_without_parameters(self):
        with pytest.raises(ValueError, match=r"`posterior` must take parameters"):
            self.build(posterior="uniform_sphere", prior="uniform_sphere")

    def test_a_prior_that_needs_parameters(self):
        with pytest.raises(ValueError, match=r"`prior` must be a distribution of its"):
            self.build(posterior="power_spherical", prior="power_spherical")

    def test_free_bits_need_elements(self):
        with pytest.raises(ValueError, match=r"`free_bits` must be 0"):
            self.build(prior=NormalMixture(2), free_bits=0.5)
        model = self.build(prior=NormalMixture(2))
        with pytest.raises(ValueError, match=r"`free_bits`.*Received: free_bits=0.5"):
            model.free_bits = 0.5

    @pytest.mark.parametrize("name", ["posterior", "prior"])
    def test_unknown_names(self, name):
        with pytest.raises(ValueError, match=rf"`{name}` must be one of 'normal'"):
            self.build(**{name: "cauchy"})

    @pytest.mark.all
    @pytest.mark.parametrize("variant", [VAE, IWAE])
    @pytest.mark.parametrize(
        ("posterior", "prior"),
        [
            (Normal, lambda: NormalMixture(3)),
            (Normal, lambda: VampPrior(3)),
            (PowerSpherical, UniformSphere),
            (PowerSpherical, lambda: VampPrior(3)),
        ],
    )
    def test_every_pair_goes_with_every_objective(self, variant, posterior, prior):
        model = variant(
            **dense_networks(), posterior=posterior(), prior=prior(), seed=1
        )
        model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
        logs = model.fit(images(6), batch_size=4, verbose=0).history
        assert all(np.isfinite(values[0]) for values in logs.values())
        assert np.array(model.sample(2, seed=0)).shape == (2, 4, 3, 1)
        x = np.round(images(2))
        assert np.isfinite(model.log_likelihood(x, num_samples=2)).all()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("normal", Normal),
        ("normal_mixture", NormalMixture),
        ("vamp_prior", VampPrior),
        ("power_spherical", PowerSpherical),
        ("uniform_sphere", UniformSphere),
        ("von_mises_fisher", VonMisesFisher),
        ("wrapped_normal", WrappedNormal),
        ("flow", Flow),
    ],
)
def test_names_and_configs(name, made):
    distribution = distributions.get("prior", name)
    assert type(distribution) is made
    config = keras.saving.serialize_keras_object(distribution)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is made
    assert again.get_config() == distribution.get_config()


@pytest.mark.all
def test_the_sphere_on_two_replicas(two_replicas):
    def trained():
        keras.utils.set_random_seed(3)
        model = VAE(
            **dense_networks(),
            posterior="power_spherical",
            prior="uniform_sphere",
            seed=1,
        )
        model.compile(keras.optimizers.SGD(0.05))
        logs = model.fit(images(15), batch_size=8, shuffle=False, verbose=0).history
        return logs["loss"][0], model.get_weights()

    loss, weights = trained()
    with two_replicas.scope():
        same_loss, same_weights = trained()
    assert same_loss == pytest.approx(loss, rel=1e-5)
    for a, b in zip(same_weights, weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_latent_dim_counts_the_directions():
    model = VAE(**dense_networks(), posterior="power_spherical", prior="uniform_sphere")
    assert model.code_concentration.units == 1
    z = model.encode(images(4))
    assert z.shape == (4, LATENT_DIM)
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-5)
