"""The flow: what it generates, labels, maps and a fit that was killed."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist

import keras_latent as kl
from keras_latent.samplers import (
    FlowMatching,
    GaussianMixture,
    Normal,
    UniformSphere,
    files,
)
from tests.tiers import rarely


class TwoModes:
    """A model whose codes are its images: two numbers, of two modes."""

    name, code_shape, condition, posterior = "two_modes", (2,), None, None
    weights = ()

    def encode(self, x, batch_size=None):
        return x

    def decode(self, z, batch_size=None):
        return z


def two_modes(count, seed):
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    noise = generator.normal(0, 0.3, (count, 2))
    return (noise + 3.0 * (2 * labels[:, None] - 1)).astype("float32"), labels


def energy_distance(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


def test_two_modes():
    codes, labels = two_modes(512, seed=0)
    unseen, _ = two_modes(1000, seed=1)
    flow = FlowMatching(TwoModes(), units=64, epochs=80, guidance=1.5, verbose=0)
    flow.fit(codes, labels)
    samplers = {
        "normal": Normal(TwoModes()).fit(codes),
        "mixture": GaussianMixture(TwoModes(), components=2).fit(codes),
        "flow": flow,
    }
    distances = {
        name: energy_distance(sampler.sample(1000, seed=2), unseen)
        for name, sampler in samplers.items()
    }
    assert distances["mixture"] < distances["normal"] / 4, distances
    assert distances["flow"] < distances["normal"] / 4, distances
    for label in (0, 1):
        signs = np.sign(flow.sample(200, seed=3, labels=label).sum(axis=1))
        assert (signs == 2 * label - 1).mean() > 0.98
    with pytest.raises(ValueError, match=r"among those of the fit, \[0, 1\].*\[7\]"):
        flow.sample(1, labels=7)
    with pytest.raises(ValueError, match=r"`log_prob` isn't computed"):
        flow.log_prob(codes)


def test_labels_of_a_sampler_that_was_fitted_without():
    flow = FlowMatching(TwoModes(), units=8, epochs=1, verbose=0)
    flow.fit(two_modes(32, seed=0)[0])
    with pytest.raises(ValueError, match="fitted without"):
        flow.sample(2, labels=0)


@pytest.mark.parametrize("code_shape", [(3, 2, 1), *rarely((4, 4, 2))])
def test_maps_and_files(code_shape, tmp_path):
    class Maps(TwoModes):
        pass

    Maps.code_shape = code_shape
    codes = np.random.default_rng(0).normal(5, 2, (32, *code_shape))
    flow = FlowMatching(Maps(), units=8, epochs=2, steps=4, verbose=0).fit(codes)
    drawn = flow.sample(3, seed=0)
    assert drawn.shape == (3, *code_shape)
    assert np.isfinite(drawn).all()
    flow.save(tmp_path / "flow.npz")
    loaded = kl.load_sampler(tmp_path / "flow.npz", Maps())
    np.testing.assert_array_equal(loaded.sample(3, seed=0), drawn)


def test_heun_follows_the_field_of_a_normal_distribution(monkeypatch):
    # To N(m, s²): v* = m + (ts² − (1−t)) / (t²s² + (1−t)²) · (z − tm).
    mean, scale = 2.0, 0.5

    class Field:
        weights, input_shape = (), [(None, 1)]

        def predict_on_batch(self, given):
            z, t = given[0], given[1][:, :1]
            factor = (t * scale**2 - (1 - t)) / (t**2 * scale**2 + (1 - t) ** 2)
            return mean + factor * (z - t * mean)

    flow = FlowMatching(TwoModes(), steps=50)
    monkeypatch.setattr(flow, "network", lambda classes: Field())
    flow.state = {}
    moved = flow.draw(5, np.random.default_rng(0), None)
    z = np.random.default_rng(0).standard_normal((5, 2))
    np.testing.assert_allclose(moved, mean + scale * z, atol=2e-3)


def test_uniform_sphere():
    codes, _ = two_modes(64, seed=0)
    sampler = UniformSphere(TwoModes()).fit(codes)
    drawn = sampler.sample(2000, seed=0)
    radius = np.sqrt(np.square(codes).sum(axis=1).mean())
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), radius, rtol=1e-5)
    np.testing.assert_allclose(drawn.mean(axis=0) / radius, 0, atol=0.06)
    with pytest.raises(ValueError, match=r"fills no volume"):
        sampler.log_prob(codes)


def test_density_on_a_sphere(tmp_path):
    model = kl.models.VAE.for_images(
        (8, 8, 1), latent_dim=3, posterior="power_spherical", prior="uniform_sphere"
    )
    images = np.random.default_rng(0).random((8, 8, 8, 1), "float32")
    sampler = UniformSphere(model).fit(images)
    codes = sampler.sample_codes(5, seed=0)
    np.testing.assert_allclose(sampler.log_prob(codes), -np.log(4 * np.pi))
    with pytest.raises(ValueError, match=r"`codes` must have the length 1"):
        sampler.log_prob(2 * codes)
    with pytest.raises(ValueError, match=r"Normal has no density"):
        Normal(model).fit(images).log_prob(codes)


def conditional(**arguments):
    decoder = {"num_classes": 3, **arguments}
    return kl.models.ConditionalVAE.for_images((8, 8, 1), latent_dim=2, **decoder)


def pictures(count):
    return np.random.default_rng(0).random((count, 8, 8, 1), "float32")


def quick(model):
    return FlowMatching(model, units=4, epochs=1, steps=1, verbose=0)


@pytest.mark.all
def test_batches_that_bring_conditions_along():
    """The flow doesn't know which code is of which; the decoder is told."""
    model, labels = conditional(), np.arange(12) % 3
    batches = tf.data.Dataset.from_tensor_slices((pictures(12), labels)).batch(4)
    flow = quick(model).fit(batches)
    codes = flow.sample_codes(2, seed=0)
    expected = model.decode(codes, np.array([2, 2]))
    np.testing.assert_allclose(flow.sample(2, seed=0, labels=2), expected, atol=1e-6)


@pytest.mark.all
def test_conditions_that_are_vectors():
    model = conditional(num_classes=None, condition_size=2)
    given = np.random.default_rng(1).normal(size=(12, 2)).astype("float32")
    flow = quick(model).fit(pictures(12), given)
    one = flow.sample(2, seed=0, labels=given[0])
    two = flow.sample(2, seed=0, labels=given[[0, 0]])
    np.testing.assert_allclose(one, two)


def test_a_conditional_model_needs_labels_to_sample():
    flow = quick(conditional()).fit(pictures(12), np.arange(12) % 3)
    with pytest.raises(ValueError, match=r"^`labels` must be the condition"):
        flow.sample(2)
    with pytest.raises(ValueError, match=r"^`labels` must hold classes from 0 to 2"):
        flow.sample(2, labels=3)


def test_what_is_wrong_with_the_images_is_said_of_them_and_labels_come_first(
    monkeypatch,
):
    model = kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=2)
    with pytest.raises(ValueError, match=r"`images` must"):
        quick(model).fit(pictures(12)[:, :4])
    encoded = []
    monkeypatch.setattr(model, "encode", lambda *a, **k: encoded.append(a))
    with pytest.raises(ValueError, match=r"`labels` must be integers of shape \(12,\)"):
        quick(model).fit(pictures(12), np.zeros(3, int))
    assert not encoded


def test_checkpoints_that_can_not_be(tmp_path):
    codes, _ = two_modes(8, seed=0)

    def fit(checkpoint):
        FlowMatching(TwoModes(), units=4, epochs=1, checkpoint=checkpoint).fit(codes)

    # Before images are encoded.
    with pytest.raises(FileNotFoundError, match=r"folder of `checkpoint` must exist"):
        FlowMatching(TwoModes(), checkpoint=tmp_path / "missing" / "fit.npz")
    with pytest.raises(ValueError, match=r"`checkpoint` must be a file"):
        FlowMatching(TwoModes(), checkpoint=tmp_path)
    (tmp_path / "fit.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"`checkpoint` must be a whole file"):
        fit(tmp_path / "fit.npz")


def test_files_of_other_versions(tmp_path):
    codes, _ = two_modes(8, seed=0)
    file = tmp_path / "normal.npz"
    Normal(TwoModes()).fit(codes).save(file)
    header, arrays = files.read_arrays(file)
    changes = [
        (
            {**header, "config": {"new": 1}},
            arrays,
            r"`path` must be a sampler of a ver",
        ),
        ({k: header[k] for k in header if k != "config"}, arrays, r"`path` must be a"),
        (header, {"code_scale": arrays["code_scale"]}, r"`path` must be a whole file"),
    ]
    for changed, kept, message in changes:
        files.write_arrays(file, changed, kept)
        with pytest.raises(ValueError, match=message):
            kl.load_sampler(file, TwoModes())
    with pytest.raises(ValueError, match=r"`model` must be a latent model"):
        kl.load_sampler(file, str(file))
    for path in (None, 3, ""):
        with pytest.raises(ValueError, match=r"`path` must be the path of a file"):
            kl.load_sampler(path, TwoModes())
