"""Invertible steps against NumPy and the Jacobian, and the densities they make."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_latent.distributions import Flow, Normal, NormalMixture, VampPrior, flows
from keras_latent.distributions.flows.autoregressive import MaskedNetwork
from keras_latent.gradients import stop_gradient
from keras_latent.models import IWAE, VAE
from keras_latent.models.variational_model import Latent
from keras_latent.typing import Batch
from tests.models.cases import dense_networks, images
from tests.tiers import rarely

D = 4
STEPS = {
    "planar": flows.Planar,
    "radial": flows.Radial,
    "inverse_autoregressive": lambda: flows.InverseAutoregressive((6,), context=3),
    "masked_autoregressive": lambda: flows.MaskedAutoregressive((6, 5), context=3),
}
each_step = pytest.mark.parametrize("name", STEPS)
Z = np.random.default_rng(0).normal(size=(5, D)).astype("float32")


def made(name, amortised, channels=D, reverse=False, scale=1.5):
    """A step, what a network gives it, and weights far from the identity."""
    step = STEPS[name]()
    step.build_step(channels, amortised, reverse)
    random = np.random.default_rng(1)
    for weight in step.trainable_variables:
        weight.assign(random.normal(size=weight.shape, scale=0.7))
    shape = 5, step.parameter_count(channels)
    given = random.normal(size=shape, scale=scale).astype("float32")
    return step, tf.constant(given) if amortised else None


def softplus(x):
    return np.logaddexp(0.0, x)


def planar(z, given):
    u, w, b = given[:, :D], given[:, D : 2 * D], given[:, 2 * D :]
    along = np.sum(w * u, axis=1, keepdims=True)
    m = softplus(along + np.log(np.e - 1)) - 1
    push = u + (m - along) * w / np.sum(w**2, axis=1, keepdims=True)
    np.testing.assert_allclose(np.sum(w * push, axis=1, keepdims=True), m, rtol=1e-9)
    return z + push * np.tanh(np.sum(w * z, axis=1, keepdims=True) + b)


def radial(z, given):
    centre = given[:, :D]
    alpha = np.exp(given[:, D : D + 1])
    beta = softplus(given[:, D + 1 :] + np.log(np.e - 1)) - alpha
    radius = np.linalg.norm(z - centre, axis=1, keepdims=True)
    return z + beta / (alpha + radius) * (z - centre)


def network(step, x, context):
    """The masked network in NumPy, its masks told by the degrees."""
    hidden, own = x, step.network
    for index, (kernel, bias) in enumerate(zip(own.kernels, own.biases, strict=True)):
        hidden = hidden @ (np.array(kernel) * own.masks[index]) + np.array(bias)
        if index == 0 and context is not None:
            hidden = hidden + context @ np.array(own.context_kernel)
        if index < len(own.kernels) - 1:
            hidden = np.where(hidden > 0, hidden, np.expm1(hidden))
    return np.split(hidden, 2, axis=1)


def inverse_autoregressive(z, given, step):
    middle, gate = network(step, z, given)
    scale = 1 / (1 + np.exp(-(gate + 2)))
    return scale * z + (1 - scale) * middle


def masked_autoregressive(z, given, step):
    after = np.zeros_like(z)
    for i in range(D):
        shift, log_scale = network(step, after, given)
        after[:, i] = z[:, i] * np.exp(log_scale[:, i]) + shift[:, i]
    return after


@each_step
@pytest.mark.parametrize("amortised", [False, True])
def test_forward_equals_numpy(name, amortised):
    step, given = made(name, amortised)
    found, _ = step.forward(tf.constant(Z), given)
    wide = None if given is None else np.array(given, "float64")
    z = Z.astype("float64")
    if name in ("planar", "radial"):
        if wide is None:
            weights = [np.array(w, "float64") for w in step.trainable_variables]
            wide = np.tile(np.concatenate(weights), (5, 1))
        expected = {"planar": planar, "radial": radial}[name](z, wide)
    else:
        expected = globals()[name](z, wide, step)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@each_step
@pytest.mark.parametrize("amortised", [False, True])
@pytest.mark.parametrize("channels", [1, D])
def test_log_determinant_equals_that_of_the_jacobian(name, amortised, channels):
    step, given = made(name, amortised, channels)
    z = tf.constant(Z[:, :channels])
    with tf.GradientTape() as tape:
        tape.watch(z)
        after, log_det = step.forward(z, given)
    jacobian = np.array(tape.batch_jacobian(after, z), "float64")
    sign, expected = np.linalg.slogdet(jacobian)
    assert (sign > 0).all()
    np.testing.assert_allclose(log_det[:, 0], expected, rtol=1e-5, atol=1e-5)


@each_step
@pytest.mark.parametrize("amortised", [False, True])
def test_inverse_and_its_gradients(name, amortised):
    step, given = made(name, amortised)
    after, log_det = step.forward(tf.constant(Z), given)
    before, same_log_det = step.inverse(after, given)
    np.testing.assert_allclose(before, Z, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(same_log_det, log_det, rtol=1e-4, atol=1e-4)
    # f⁻¹(f(z)) = z: derivatives by the weights cancel, those by z are the identity.
    start = tf.constant(Z)
    sources = [w.value for w in step.trainable_variables]
    sources += [] if given is None else [given]
    with tf.GradientTape() as tape:
        tape.watch([start, *sources])
        again, _ = step.inverse(step.forward(start, given)[0], given)
        reached = tf.reduce_sum(again * np.arange(1.0, D + 1, dtype="float32"))
    to_start, *to_numbers = tape.gradient(reached, [start, *sources])
    expected = np.tile(np.arange(1.0, D + 1), (5, 1))
    np.testing.assert_allclose(to_start, expected, rtol=1e-3, atol=1e-3)
    for gradient in to_numbers:
        np.testing.assert_allclose(gradient, np.zeros(gradient.shape), atol=2e-3)


@pytest.mark.parametrize("name", ["planar", "radial"])
def test_any_numbers_of_a_network_are_invertible(name):
    random = np.random.default_rng(3)
    step = STEPS[name]()
    step.build_step(D, amortised=True, reverse=False)
    shape = 500, step.parameter_count(D)
    given = tf.constant(random.normal(size=shape, scale=8.0), tf.float32)
    z = tf.constant(random.normal(size=(500, D), scale=3.0), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([z, given])
        after, log_det = step.forward(z, given)
        before, same = step.inverse(after, given)
        total = tf.reduce_sum(log_det + same) + tf.reduce_sum(before)
    assert np.isfinite(log_det).all()
    for gradient in tape.gradient(total, [z, given]):
        assert np.isfinite(gradient).all()
    # Where f is nearly flat, what float32 holds of f(z) doesn't tell z to its digits.
    steep = np.array(log_det)[:, 0] > -2.0
    assert steep.mean() > 0.5
    error = np.abs(np.array(before) - np.array(z))[steep].max(axis=1)
    assert np.quantile(error, 0.95) < 1e-3


@pytest.mark.parametrize("name", ["planar", "radial"])
def test_numbers_of_zero_leave_codes_as_they_are(name):
    step = STEPS[name]()
    step.build_step(D, amortised=True, reverse=False)
    given = tf.zeros((5, step.parameter_count(D)))
    after, log_det = step.forward(tf.constant(Z), given)
    np.testing.assert_allclose(after, Z, atol=1e-6)
    np.testing.assert_allclose(log_det, np.zeros((5, 1)), atol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("context", [3, *rarely(0)])
@pytest.mark.parametrize("channels", [1, 5, *rarely(2)])
def test_outputs_see_the_elements_before_them_alone(channels, context, reverse):
    network = MaskedNetwork(channels, 2, (16, 16), context, reverse)
    random = np.random.default_rng(2)
    for weight in network.trainable_variables:
        weight.assign(random.normal(size=weight.shape))
    x = tf.constant(random.normal(size=(3, channels)), tf.float32)
    told = (
        tf.constant(random.normal(size=(3, context)), tf.float32) if context else None
    )
    sources = [x] if told is None else [x, told]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(sources)
        first, second = network.outputs_of(x, told)
    for output in (first, second):
        sees = np.abs(tape.batch_jacobian(output, x)).max(axis=0) > 0
        order = range(channels)[::-1] if reverse else range(channels)
        for place, i in enumerate(order):
            before = list(order)[:place]
            assert sees[i, before].all()
            assert sees[i].sum() == len(before)
        if told is not None:
            assert (np.abs(tape.batch_jacobian(output, told)) > 0).any(axis=2).all()


def prior(names, channels=2, base="normal", scale=0.6):
    made = Flow(base, [STEPS[name]() for name in names])
    made.build((channels,))
    random = np.random.default_rng(5)
    for weight in made.trainable_variables:
        weight.assign(random.normal(size=weight.shape, scale=scale))
    return made


MIXES = [
    ("planar", "radial", "planar"),
    ("inverse_autoregressive",) * 2,
    ("masked_autoregressive", "planar", "masked_autoregressive"),
]


@pytest.mark.parametrize("names", MIXES, ids=lambda names: names[0])
@pytest.mark.parametrize("base", ["normal", "normal_mixture"])
def test_the_density_integrates_to_one_and_draws_follow_it(names, base):
    density = prior(names, base=NormalMixture(2) if base != "normal" else base)
    z = np.array(density.sample(shape=(4_000, 2), seed=1), "float64")
    centre, reach = np.median(z, axis=0), 1.5 * np.abs(z).max()
    line = np.linspace(-reach, reach, 401)
    plane = np.stack(np.meshgrid(*(c + line for c in centre)), axis=-1).reshape(-1, 2)
    mass = np.exp(np.array(density.log_prob(plane.astype("float32")), "float64"))
    mass *= (line[1] - line[0]) ** 2
    assert mass.sum() == pytest.approx(1.0, abs=5e-3)
    for power in (1, 2):
        expected = mass @ plane**power
        error = (z**power).std(axis=0) / np.sqrt(len(z))
        grid_error = 5e-3 * np.abs(expected) + 5e-3
        difference = np.abs((z**power).mean(axis=0) - expected)
        assert (difference < 4.5 * error + grid_error).all()


def test_the_order_is_reversed_from_step_to_step():
    names = ["inverse_autoregressive", "planar", "masked_autoregressive"]
    flow = prior(names, channels=3)
    first, _, last = flow.flows
    assert first.network.masks[0][:, 0].tolist() == [1.0, 0.0, 0.0]
    assert last.network.masks[0][:, 0].tolist() == [0.0, 0.0, 1.0]


def posterior(names):
    return Flow("normal", [STEPS[name]() for name in names])


def model(names, variant=VAE, **arguments):
    made = variant(**dense_networks(), posterior=posterior(names), seed=1, **arguments)
    random = np.random.default_rng(7)
    for weight in made.posterior.trainable_variables:
        weight.assign(random.normal(size=weight.shape, scale=0.4))
    return made


@pytest.mark.parametrize("names", MIXES, ids=lambda names: names[0])
def test_the_density_of_a_draw_is_that_of_its_inverse(names):
    made, x = model(names), images(4)
    for count in (None, 3):
        latent = made.infer(x, True, count)
        assert latent.log_q.shape == ((4,) if count is None else (4, 3))
        ratio = made.log_ratio(latent)
        by_inverse = made.log_ratio(Latent(*latent))
        np.testing.assert_allclose(ratio, by_inverse, rtol=1e-4, atol=1e-4)


def test_the_objective_equals_its_equation():
    """−log p(x|z) + log q₀(z₀) − Σ log |det| − log p(z), in NumPy."""
    made, x = model(["planar", "radial"]), images(4)
    q = made.posterior_parameters(x)
    draws = made.posterior.sample(q, seed=3)
    start = Normal().sample((q.mean, q.log_var), seed=3)
    z0 = np.array(start, "float64")
    mean, log_var = np.array(q.mean, "float64"), np.array(q.log_var, "float64")
    log_q = stats.norm(mean, np.exp(0.5 * log_var)).logpdf(z0).sum(axis=1)
    z = z0
    for step, given in zip(made.posterior.flows, q[2:], strict=True):
        with tf.GradientTape() as tape:
            point = tf.constant(z, tf.float32)
            tape.watch(point)
            after, _ = step.forward(point, given)
        jacobian = np.array(tape.batch_jacobian(after, point), "float64")
        log_q = log_q - np.linalg.slogdet(jacobian)[1]
        z = np.array(after, "float64")
    np.testing.assert_allclose(draws, z, rtol=1e-5, atol=1e-6)
    expected = log_q - stats.norm.logpdf(z).sum(axis=1)
    latent = Latent(draws, q)
    np.testing.assert_allclose(made.kl(latent), expected, rtol=1e-5, atol=2e-5)
    latent.log_q = made.posterior.sample_with_log_prob(q, seed=3)[1]
    np.testing.assert_allclose(made.kl(latent), expected, rtol=1e-5, atol=2e-5)


def test_steps_that_do_nothing_give_the_vae_with_its_divergence_at_the_draw():
    made, x = model(["planar", "radial"]), images(4)
    for name in ("code_flow_1", "code_flow_2"):
        layer = getattr(made, name)
        layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    latent = made.infer(x, True)
    q = latent.q.mean, latent.q.log_var
    expected = Normal().log_prob(latent.z, q) - Normal().log_prob(latent.z)
    np.testing.assert_allclose(made.kl(latent), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(made.encode(x), latent.q.mean, atol=1e-6)


@pytest.mark.all
@pytest.mark.parametrize("names", MIXES, ids=lambda names: names[0])
def test_graphs_and_xla_give_the_same(names):
    flow = prior(names, channels=3)
    z = tf.constant(Z[:, :3])

    def values(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_prob = flow.log_prob(z)
        return log_prob, tape.gradient(log_prob, z)

    expected = values(z)
    for a, b in zip(tf.function(values, jit_compile=True)(z), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("gradient", ["stl", "dreg"])
def test_other_gradients_of_the_bound_with_planar_steps(gradient):
    """Of K = 1, both are the gradient through z alone: q's numbers are stopped."""
    made, x = model(["planar"], IWAE, num_samples=1, gradient=gradient), images(4)
    made.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    state = made.noise.seed_generator.state.numpy()
    layer = made.code_flow_1.kernel.value

    def bound():
        made.noise.seed_generator.state.assign(state)
        return made.infer(x, True, 1)

    with tf.GradientTape() as tape:
        latent = bound()
        stopped = Latent(latent.z, stop_gradient(latent.q))
        loss = made.reconstruction(x, latent.z, True) + made.log_ratio(stopped)
    expected = tape.gradient(loss, layer)
    made.noise.seed_generator.state.assign(state)
    with tf.GradientTape() as tape:
        value = made.objective(Batch(x), True)["bound"]
    np.testing.assert_allclose(value, loss[:, 0], rtol=1e-5)
    found = tape.gradient(value, layer)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(found).max() > 1e-4


def test_masked_networks_can_not_be_stopped():
    with pytest.raises(
        ValueError, match=r'`gradient` must be "iwae".*gradient=\'stl\''
    ):
        model(["inverse_autoregressive"], IWAE, gradient="stl")


@pytest.mark.all
@pytest.mark.parametrize(
    "names",
    MIXES,
    ids=lambda names: names[0],
)
def test_models_of_both_are_saved(names, tmp_path):
    made = model(names, prior=Flow("normal", [STEPS[name]() for name in names]))
    x = np.round(images(4))
    made.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    before = [w.numpy() for w in made.posterior.variables + made.prior.variables]
    made.fit(x, verbose=0)
    after = [w.numpy() for w in made.posterior.variables + made.prior.variables]
    assert all(np.abs(a - b).max() > 0 for a, b in zip(after, before, strict=True))
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded.encode(x), made.encode(x), rtol=1e-6)
    np.testing.assert_allclose(loaded.sample(3, seed=1), made.sample(3, seed=1))
    np.testing.assert_allclose(
        loaded.log_likelihood(x, num_samples=3),
        made.log_likelihood(x, num_samples=3),
        rtol=1e-5,
    )


def test_a_map_is_transformed_at_each_position():
    flow = prior(["planar", "masked_autoregressive"], channels=3)
    wide = Flow("normal", flow.flows[:1])
    assert not wide.built
    z = np.random.default_rng(0).normal(size=(2, 2, 4, 3)).astype("float32")
    by_position = np.reshape(flow.log_prob(z.reshape(-1, 3)), (2, -1)).sum(axis=1)
    np.testing.assert_allclose(flow.log_prob(z), by_position, rtol=1e-5)


def test_what_stands_for_a_flow():
    flow = prior(["planar", "masked_autoregressive"], channels=3)
    expected = tf.zeros((1, 3))
    for step in flow.flows:
        expected, _ = step.forward(expected, None)
    np.testing.assert_allclose(flow.mean(), expected[0], rtol=1e-6)


class TestErrors:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Flow("cauchy"), r"`base` must be one of 'normal', 'normal_mixt"),
            (
                lambda: Flow(Flow()),
                r"`base` must be a distribution of real numbers.*no",
            ),
            (lambda: Flow("normal", []), r"`flows` must be a list of at least one"),
            (
                lambda: Flow("normal", "planar"),
                r"`flows` must be a list.*flows='planar",
            ),
            (lambda: Flow("normal", ["spline"]), r"`flows` must be one of 'planar'"),
            (lambda: Flow("normal", [PLANAR, PLANAR]), r"`flows` must hold each step"),
            (lambda: flows.MaskedAutoregressive(units=()), r"`units` must hold the"),
            (
                lambda: flows.InverseAutoregressive((8, 0)),
                r"`units` must be a sequence of posi",
            ),
            (lambda: flows.InverseAutoregressive(context=-1), r"`context` must be a p"),
        ],
    )
    def test_arguments(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()

    def test_one_role_and_one_shape(self):
        flow = Flow()
        VAE(**dense_networks(), posterior=flow)
        with pytest.raises(ValueError, match=r"`prior` must be a flow that is no post"):
            VAE(**dense_networks(), prior=flow)
        with pytest.raises(ValueError, match="must be another object than `posterior`"):
            VAE(**dense_networks(), posterior=flow, prior=flow)
        flow = Flow()
        VAE(**dense_networks(), prior=flow)
        VAE(**dense_networks(), prior=flow)
        with pytest.raises(ValueError, match=r"codes of shape \(3,\).*code_shape=\(4,"):
            VAE.for_images((8, 8, 1), latent_dim=4, prior=flow)

    def test_a_base_without_parameters_is_no_posterior(self):
        flow = Flow("normal_mixture")
        with pytest.raises(ValueError, match="`posterior` must take parameters"):
            VAE(**dense_networks(), posterior=flow)

    def test_steps_of_another_flow(self):
        step = flows.Planar()
        VAE(**dense_networks(), prior=Flow("normal", [step]))
        with pytest.raises(ValueError, match="steps that no other flow has"):
            VAE(**dense_networks(), prior=Flow("normal", [step]))

    def test_a_masked_network_is_none_of_keras_layers(self):
        made = model(["inverse_autoregressive"])
        with pytest.raises(ValueError, match=r"`to_encoder` needs.*'inverse_autoreg"):
            made.to_encoder()
        assert made.encode(images(2)).shape == (2, 3)

    def test_before_a_model_has_it(self):
        with pytest.raises(ValueError, match="must be given to a model before"):
            Flow().log_prob(Z)


PLANAR = flows.Planar()


def test_pseudo_inputs_of_a_flow_posterior():
    made = model(["planar", "radial"], prior=VampPrior(2))
    z = made.encode(images(3))
    q = made.posterior_parameters(made.prior.pseudo_inputs.value)
    by_input = [
        made.posterior.log_prob(z, type(q)(*(tf.repeat(p[k : k + 1], 3, 0) for p in q)))
        for k in range(2)
    ]
    expected = np.logaddexp(*(np.array(part, "float64") for part in by_input))
    found = made.prior.log_prob(z)
    np.testing.assert_allclose(found, expected - np.log(2), rtol=1e-4)


@pytest.mark.parametrize(
    "name", ["inverse_autoregressive", *rarely("planar", "radial")]
)
def test_second_derivatives_of_a_prior(name):
    """Of log p(z), which a HamiltonianVAE differentiates a second time."""
    flow = prior([name] * 2, channels=2)
    generator = np.random.default_rng(0)
    for weight in flow.trainable_variables:
        weight.assign(generator.normal(size=weight.shape))
    z = generator.normal(size=(3, 2)).astype("float32")

    def slope(z):
        z = tf.constant(z, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = tf.reduce_sum(flow.log_prob(z))
        return tape.gradient(value, z)

    z_tensor = tf.constant(z)
    with tf.GradientTape() as outer:
        outer.watch(z_tensor)
        with tf.GradientTape() as inner:
            inner.watch(z_tensor)
            value = tf.reduce_sum(flow.log_prob(z_tensor))
        first = inner.gradient(value, z_tensor)
    found = outer.batch_jacobian(first, z_tensor)
    for index in range(2):
        nudge = np.eye(2)[index] * 3e-3
        expected = (np.array(slope(z + nudge)) - np.array(slope(z - nudge))) / 6e-3
        np.testing.assert_allclose(found[:, :, index], expected, rtol=0.02, atol=0.02)


def test_fewer_units_than_channels_leave_no_dependency_out():
    """With units in turn, the highest degrees would have none."""
    for units in ((4,), (4, 4), (5, 3)):
        step = flows.InverseAutoregressive(units=units, context=0)
        step.build_step(10, False, False)
        reach = np.eye(10)
        for mask in step.network.masks:
            reach = (reach @ mask > 0).astype(float)
        allowed = np.triu(np.ones((10, 10)), k=1)
        # From each but the last, to the last; and nothing that mustn't be.
        assert reach[:-1, 9].all()
        assert not (reach[:, :10] > allowed).any()


def test_sizes_of_hidden_layers_may_be_those_of_numpy():
    step = flows.InverseAutoregressive(units=np.array([4, 4]), context=np.int64(3))
    assert step.get_config()["units"] == [4, 4]
    assert {type(size) for size in (*step.units, step.context)} == {int}
    for units in (None, 4, "44", ()):
        with pytest.raises(ValueError, match=r"`units` must hold the size of at least"):
            flows.InverseAutoregressive(units=units)
