import numpy as np
import pytest

from keras_latent.metrics import (
    majority_accuracy,
    mean_squared_error,
    principal_components,
)


@pytest.fixture
def images():
    """Ninety images of 5 × 4 × 2, of which few directions hold most."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(90, 40)) * 0.7 ** np.arange(40)
    return (3.0 + mixed @ rng.normal(size=(40, 40))).reshape(90, 5, 4, 2)


def in_batches(images):
    return lambda: (images[start : start + 16] for start in range(0, len(images), 16))


@pytest.mark.parametrize("components", [1, 3, 12, 40])
def test_components_leave_the_least_error(images, components):
    found = principal_components(in_batches(images), components)
    flat = images.reshape(90, -1)
    centred = flat - flat.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)
    least = np.sum(singular[components:] ** 2) / centred.size
    error = mean_squared_error(images, found.reconstruct(images)).mean()
    assert error == pytest.approx(least, rel=1e-3, abs=1e-6)
    np.testing.assert_allclose(found.mean, images.mean(axis=0), rtol=1e-5)
    product = found.directions @ found.directions.T
    np.testing.assert_allclose(product, np.eye(components), atol=1e-5)


def test_images_are_seen_a_batch_at_a_time(images):
    passes = []

    def one_pass():
        passes.append(0)
        for batch in in_batches(images)():
            passes[-1] = max(passes[-1], len(batch))
            yield batch

    principal_components(one_pass, 2)
    assert max(passes) == 16


@pytest.mark.parametrize(
    ("batches", "components", "message"),
    [
        ([], 1, "at least one image"),
        ([np.zeros((2, 2, 2, 1))], 5, "at most the 4 numbers.*components=5"),
        ([np.zeros((2, 2, 2, 1))], 0, "`components` must be a positive integer"),
    ],
)
def test_refused(batches, components, message):
    with pytest.raises(ValueError, match=message):
        principal_components(lambda: batches, components)


def test_the_majority_is_that_of_the_training():
    score = majority_accuracy(["a", "b", "b"], ["a", "b", "a", "c"])
    assert score.value == 0.25
    assert score.protocol["n_train"] == 3
    with pytest.raises(ValueError, match="`test_labels` must hold at least one"):
        majority_accuracy([0], [])
