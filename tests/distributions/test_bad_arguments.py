"""What distributions of codes refuse, by name, before they compute."""

import keras
import numpy as np
import pytest
import tensorflow as tf

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
from keras_latent.models import VAE
from tests.models.cases import dense_networks, images

Z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
Z /= 2 * np.linalg.norm(Z, axis=-1, keepdims=True)


def built(distribution, role="build"):
    getattr(distribution, role)((3,))
    return distribution


POSTERIORS = {
    "normal": Normal(),
    "power_spherical": PowerSpherical(),
    "von_mises_fisher": VonMisesFisher(),
    "wrapped_normal": WrappedNormal(),
    "flow": built(Flow("normal", ["planar", "radial"]), "build_as_posterior"),
    "masked": built(Flow("normal", ["masked_autoregressive"]), "build_as_posterior"),
}
PRIORS = {
    "normal": POSTERIORS["normal"],
    "wrapped_normal": POSTERIORS["wrapped_normal"],
    "normal_mixture": built(NormalMixture(2)),
    "uniform_sphere": UniformSphere(),
    "flow": built(Flow()),
}


@pytest.fixture(scope="module")
def model():
    return VAE.for_images((8, 8, 1), latent_dim=3, prior=VampPrior(4))


@pytest.fixture(params=POSTERIORS)
def posterior(request):
    return POSTERIORS[request.param]


@pytest.fixture(params=[*PRIORS, "vamp_prior"])
def prior(request, model):
    name = request.param
    return model.prior if name == "vamp_prior" else PRIORS[name]


def parameters_of(posterior):
    return np.ones((5, *posterior.parameters_shape((3,))), "float32")


NO_NUMBERS = [None, "a", np.full((5, 3), "a"), {"a": 1}, [[1.0], [1.0, 2.0]], Z * 1j]


class TestPosteriors:
    @pytest.mark.parametrize("wrong", [*NO_NUMBERS, 3.0, Z[0]])
    def test_values(self, posterior, wrong):
        with pytest.raises(ValueError, match=r"`value` must .* Received: value"):
            posterior.log_prob(wrong, parameters_of(posterior))

    @pytest.mark.parametrize("wrong", [Z[:2], Z[:, :2], Z[None]])
    def test_values_that_parameters_are_not_of(self, posterior, wrong):
        with pytest.raises(ValueError, match=r"`value` .*Received: value\.shape=\("):
            posterior.log_prob(wrong, parameters_of(posterior))

    @pytest.mark.parametrize("wrong", [*NO_NUMBERS[1:], 3.0, Z[0], np.ones((5, 0))])
    @pytest.mark.parametrize(
        "use",
        [
            lambda posterior, wrong: posterior.log_prob(Z, wrong),
            lambda posterior, wrong: posterior.sample(wrong),
            lambda posterior, wrong: posterior.mean(wrong),
            lambda posterior, wrong: posterior.kl(wrong, Normal(), Z),
            lambda posterior, wrong: posterior.sample_with_log_prob(wrong),
        ],
    )
    def test_parameters(self, posterior, wrong, use):
        with pytest.raises(ValueError, match=r"`parameters` must .*: parameters"):
            use(posterior, wrong)

    def test_no_parameters(self, posterior):
        if posterior.stands_alone and not isinstance(posterior, Flow):
            return
        for use in (posterior.sample, posterior.mean):
            with pytest.raises(ValueError, match=r"array of numbers.*parameters=None"):
                use(None)
        with pytest.raises(ValueError, match=r"array of numbers.*parameters=None"):
            posterior.log_prob(Z)

    def test_parameters_by_name(self, posterior):
        good = tuple(posterior.parameters_in(parameters_of(posterior)))
        names = posterior.parameters_type._fields
        np.testing.assert_allclose(
            posterior.log_prob(Z, good),
            posterior.log_prob(Z, posterior.parameters_type(*good)),
        )
        with pytest.raises(ValueError, match=rf"`parameters` must hold {names[0]}, "):
            posterior.log_prob(Z, good[:1])
        last = rf"`parameters\.{names[-1]}` must "
        for wrong, received in (
            (None, rf"parameters\.{names[-1]}=None"),
            (good[-1][:1], r".* of shape \(1, "),
            (np.ones((5, 9)), r".* of shape \(5, 9\)"),
        ):
            with pytest.raises(ValueError, match=f"{last}.*Received: {received}"):
                posterior.log_prob(Z, (*good[:-1], wrong))

    @pytest.mark.parametrize("wrong", [None, "normal", Normal])
    @pytest.mark.parametrize("method", ["kl", "log_ratio"])
    def test_what_is_no_prior(self, posterior, wrong, method):
        message = r"`prior` must be a distribution of codes.*Received: prior="
        with pytest.raises(ValueError, match=message):
            getattr(posterior, method)(parameters_of(posterior), wrong, Z)
        with pytest.raises(ValueError, match=message):
            posterior.closed_kl(parameters_of(posterior), wrong)

    @pytest.mark.parametrize("wrong", [None, Z[0], Z[:2]])
    def test_draws(self, posterior, wrong):
        with pytest.raises(ValueError, match=r"`z` .*Received: z[=. ]"):
            posterior.log_ratio(parameters_of(posterior), Normal(), wrong)

    def test_graphs_of_unknown_sizes(self, posterior):
        parameters = parameters_of(posterior)
        shapes = (None, 3), (None, parameters.shape[-1])
        graph = tf.function(
            posterior.log_prob,
            input_signature=[tf.TensorSpec(shape) for shape in shapes],
            autograph=False,
        )
        np.testing.assert_allclose(
            graph(Z, parameters), posterior.log_prob(Z, parameters), rtol=1e-5
        )


class TestPriors:
    @pytest.mark.parametrize("wrong", [*NO_NUMBERS, 3.0, Z[0]])
    def test_values(self, prior, wrong):
        with pytest.raises(ValueError, match=r"`value` must .* Received: value"):
            prior.log_prob(wrong)
        with pytest.raises(ValueError, match=r"`z` must .* Received: z"):
            prior.sample_like(wrong, seed=1)

    @pytest.mark.parametrize(
        "wrong", [(), None, 3, (5,), "ab", (5, -3), (5, 1.5), {"a": 1, "b": 2}]
    )
    def test_shapes_of_draws(self, prior, wrong):
        with pytest.raises(ValueError, match=r"`shape` must be \(batch, .*: shape="):
            prior.sample(shape=wrong)

    def test_shapes_of_other_codes(self, prior):
        if isinstance(prior, Normal | WrappedNormal | UniformSphere):
            return
        with pytest.raises(ValueError, match=r"`shape` must be \(batch, 3\)"):
            prior.sample(shape=(5, 2))
        with pytest.raises(ValueError, match=r"`value` must have .* \(batch, 3\)"):
            prior.log_prob(Z[:, :2])

    @pytest.mark.parametrize("shape", [[5, 3], tf.constant([5, 3]), np.array([5, 3])])
    def test_shapes_of_any_kind(self, prior, shape):
        expected = prior.sample(shape=(5, 3), seed=1)
        np.testing.assert_array_equal(prior.sample(shape=shape, seed=1), expected)
        in_graph = tf.function(lambda z: prior.sample(shape=keras.ops.shape(z), seed=1))
        in_graph = in_graph.get_concrete_function(tf.TensorSpec((None, 3)))
        np.testing.assert_allclose(in_graph(tf.constant(Z)), expected, rtol=1e-5)

    @pytest.mark.parametrize("wrong", ["a", -1, 1.5, [1], True])
    def test_seeds(self, prior, wrong):
        with pytest.raises(ValueError, match=r"`seed` must be an integer.*: seed="):
            prior.sample(shape=(5, 3), seed=wrong)

    def test_seeds_of_numpy(self, prior):
        np.testing.assert_array_equal(
            prior.sample(shape=(5, 3), seed=np.int64(3)),
            prior.sample(shape=(5, 3), seed=3),
        )

    @pytest.mark.parametrize("wrong", [Z, "a"])
    def test_parameters_of_what_takes_none(self, prior, wrong):
        if prior.stands_alone and not isinstance(prior, Flow):
            return
        for use in (lambda p: prior.log_prob(Z, p), prior.sample, prior.mean):
            with pytest.raises(ValueError, match=r"`parameters` must be None for '"):
                use(wrong)


@pytest.mark.parametrize("wrong", [None, 3, "ab", (), (0,), (2.5,), (None, 3)])
def test_shapes_of_codes(wrong):
    for use in (
        NormalMixture(2).build,
        Flow().build,
        Flow().build_as_posterior,
    ):
        with pytest.raises(ValueError, match=r"`code_shape` must be .*: code_shape="):
            use(wrong)
    with pytest.raises(ValueError, match=r"`event` must be .*Received: event="):
        Normal().parameters_shape(wrong)


@pytest.mark.parametrize("prior", [Normal, NormalMixture, Flow])
def test_what_is_no_model(prior):
    with pytest.raises(ValueError, match=r"`model` must be a latent model.*NoneType"):
        prior().build_for(None)


@pytest.mark.parametrize("wrong", [None, "normal", Normal])
def test_what_is_no_distribution(wrong):
    for name, check in (
        ("posterior", lambda: distributions.check_pair(wrong, Normal())),
        ("prior", lambda: distributions.check_pair(Normal(), wrong)),
        ("prior", lambda: distributions.check_code_prior(wrong)),
        ("prior", lambda: distributions.check_normal("prior", wrong)),
    ):
        with pytest.raises(ValueError, match=rf"`{name}` must be a distribution of"):
            check()


@pytest.mark.parametrize("wrong", [None, "a", [[1.0], [1.0, 2.0]]])
def test_pseudo_inputs(model, wrong):
    with pytest.raises(ValueError, match=r"`images` must be an array of numbers of"):
        model.prior.set_inputs(wrong)


def test_parameters_of_other_precision_are_taken():
    wide = NormalParameters(Z.astype("float64"), Z.tolist())
    expected = Normal().log_prob(Z, np.concatenate([Z, Z], axis=-1))
    np.testing.assert_allclose(Normal().log_prob(Z, wide), expected, rtol=1e-6)


@pytest.mark.parametrize("posterior", [PowerSpherical(), VonMisesFisher()])
@pytest.mark.parametrize(
    ("mean", "concentration", "message"),
    [
        ([3.0, 0.0], 1.0, r"`parameters\.mean` must hold directions.*length 3"),
        ([1.0, 0.0], -1.0, r"`parameters\.concentration` must be at least 0.* -1"),
    ],
)
def test_parameters_that_are_of_no_direction(posterior, mean, concentration, message):
    q = np.array([mean]), np.array([[concentration]])
    for use in (posterior.sample, lambda q: posterior.log_prob([[1.0, 0.0]], q)):
        with pytest.raises(ValueError, match=message):
            use(q)


@pytest.mark.parametrize(
    ("mean", "scale", "message"),
    [
        ([2.0, 0.0], 1.0, r"`parameters\.mean` must lie inside of the ball.*length 2"),
        ([0.2, 0.0], 0.0, r"`parameters\.scale` must be positive.* 0"),
        ([0.2, 0.0], -1.0, r"`parameters\.scale` must be positive.* -1"),
    ],
)
def test_parameters_outside_of_the_ball(mean, scale, message):
    posterior = WrappedNormal()
    q = np.array([mean]), np.full((1, 2), scale)
    for use in (posterior.sample, lambda q: posterior.log_prob([[0.1, 0.0]], q)):
        with pytest.raises(ValueError, match=message):
            use(q)


@pytest.mark.parametrize("eagerly", [True, False])
@pytest.mark.parametrize(
    ("posterior", "prior"),
    [
        ("power_spherical", "uniform_sphere"),
        ("von_mises_fisher", "uniform_sphere"),
        (WrappedNormal(), WrappedNormal()),
    ],
)
def test_networks_that_give_nan_are_told_of_by_the_step(posterior, prior, eagerly):
    model = VAE(**dense_networks(), posterior=posterior, prior=prior, seed=1)
    for weight in model.encoder.trainable_weights:
        weight.assign(np.nan * weight)
    model.compile("sgd", run_eagerly=eagerly)
    with pytest.raises(ValueError, match=r"`loss` must be finite, but at step 1"):
        model.fit(images(4), verbose=0)
