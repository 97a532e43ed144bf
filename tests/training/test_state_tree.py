"""The state of a model as a tree of arrays."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from tests.models.cases import dense_networks, images

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def trained():
    """Two players, each with an optimizer that has moved."""
    keras.utils.set_random_seed(0)
    model = kl.models.FactorVAE(**dense_networks())
    model.compile(run_eagerly=True)
    model.fit(images(4), verbose=0)
    return model


def loaded(model):
    """The same model from its config, as Orbax's checkpoints load it."""
    config = keras.saving.serialize_keras_object(model)
    return keras.saving.deserialize_keras_object(config)


def test_a_model_of_a_config_takes_all_of_it(trained):
    other = loaded(trained)
    other.set_state_tree(trained.get_state_tree("numpy_array"))
    x = images(3)
    np.testing.assert_array_equal(other.encode(x), trained.encode(x))
    for name, optimizer in trained.optimizers.items():
        assert len(optimizer.variables) > 2
        for theirs, ours in zip(
            other.optimizers[name].variables, optimizer.variables, strict=True
        ):
            np.testing.assert_array_equal(theirs, ours)


def test_values_are_tensors_or_arrays(trained):
    tensors, arrays = trained.get_state_tree(), trained.get_state_tree("numpy_array")
    keras.tree.assert_same_structure(tensors, arrays)
    assert all(isinstance(own, np.ndarray) for own in keras.tree.flatten(arrays))
    kernel = next(iter(arrays["trainable_variables"].values()))
    np.testing.assert_array_equal(kernel, trained.trainable_variables[0])


def test_a_model_that_is_not_compiled_takes_weights_alone(trained):
    other = kl.models.FactorVAE(**dense_networks())
    other.set_state_tree(trained.get_state_tree("numpy_array"))
    assert not other.compiled
    for theirs, ours in zip(other.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_the_state_of_another_model_is_refused_whole(trained):
    state = trained.get_state_tree("numpy_array")
    other = kl.models.VAE(**dense_networks())
    before = other.get_weights()
    with pytest.raises(ValueError, match="`state_tree` must be of a model like this"):
        other.set_state_tree(state)
    for theirs, ours in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_other_names_are_refused(trained):
    with pytest.raises(ValueError, match=r"`state_tree` must be one of 'trainable"):
        trained.set_state_tree({"weights": {}})
    with pytest.raises(ValueError, match=r"`value_format` must be one of .*'jax'"):
        trained.get_state_tree("jax")
