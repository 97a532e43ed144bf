"""Networks over tokens: what the logits of each depend on, in one pass or many."""

import keras
import numpy as np
import pytest

from keras_latent.networks import CausalConvolutions, CausalTransformer

CODES, CLASSES = 5, 2
NETWORKS = {
    "transformer": lambda maps, **k: CausalTransformer(
        maps, CODES, CLASSES, units=8, blocks=2, heads=2, **k
    ),
    "convolutions": lambda maps, **k: CausalConvolutions(
        maps, CODES, CLASSES, units=8, blocks=2, **k
    ),
}
MAPS = {
    "a map": ((3, 4, 1),),
    "levels": ((2, 2, 3),),
    "two maps": ((2, 2, 1), (3, 4, 1)),
}
every_network = pytest.mark.parametrize("name", NETWORKS)
every_maps = pytest.mark.parametrize("maps", MAPS.values(), ids=MAPS)


def built(name, maps):
    """A network whose logits depend on all that they may depend on."""
    network = NETWORKS[name](maps)
    generator = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(generator.normal(0, 0.25, weight.shape))
    return network


def drawn(maps, count, seed=0):
    length = sum(int(np.prod(each)) for each in maps)
    generator = np.random.default_rng(seed)
    return generator.integers(0, CODES, (count, length)).astype("int32")


@every_network
@every_maps
def test_logits_depend_on_the_tokens_before_and_on_no_other(name, maps):
    network = built(name, maps)
    (tokens,) = drawn(maps, 1)
    length = len(tokens)
    # One row for each token that is changed, and the first with none.
    changed = np.tile(tokens, (length + 1, 1))
    changed[np.arange(1, length + 1), np.arange(length)] += 1
    changed %= CODES
    labels = np.full(length + 1, 1, "int32")
    logits = np.asarray(network([changed, labels]))
    assert logits.shape == (length + 1, length, CODES)
    differs = np.abs(logits[1:] - logits[0]).max(axis=-1)
    # Rows of a product may be rounded in different ways.
    assert differs[np.tril_indices(length)].max() < 1e-6
    # Nothing that may be seen is missed.
    assert differs[np.triu_indices(length, 1)].min() > 1e-5


@every_network
def test_logits_depend_on_the_label(name):
    maps = MAPS["two maps"]
    network, tokens = built(name, maps), np.repeat(drawn(maps, 1), CLASSES + 1, axis=0)
    logits = np.asarray(network([tokens, np.arange(CLASSES + 1)]))
    for a, b in ((0, 1), (1, 2), (0, 2)):
        assert np.abs(logits[a] - logits[b]).max(axis=-1).min() > 1e-5


@every_network
def test_configuration(name):
    maps = MAPS["two maps"]
    network = built(name, maps)
    inputs = [drawn(maps, 3), np.array([0, 1, 2])]
    expected = network(inputs)
    again = type(network).from_config(network.get_config())
    again.set_weights(network.get_weights())
    np.testing.assert_array_equal(again(inputs), expected)


@every_network
def test_files(name, tmp_path):
    maps = MAPS["levels"]
    network = built(name, maps)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    inputs = [drawn(maps, 3), np.array([0, 1, 2])]
    np.testing.assert_array_equal(loaded(inputs), network(inputs))


@pytest.mark.parametrize("kind", ["levels", "two maps"])
def test_token_by_token_is_what_one_pass_gives(kind):
    maps = MAPS[kind]
    network = built("transformer", maps)
    tokens, labels = drawn(maps, 3), np.array([0, 2, 1])
    expected = np.asarray(network([tokens, labels]))
    cache = None
    for place in range(tokens.shape[1]):
        before = tokens[:, place - 1]
        logits, cache = network.next_logits(place, before, labels, cache)
        np.testing.assert_allclose(logits, expected[:, place], atol=1e-4)


def test_numbers_are_hidden_in_training_alone():
    maps = MAPS["a map"]
    network = NETWORKS["transformer"](maps, dropout=0.5, seed=3)
    for weight in network.weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.5, weight.shape))
    inputs = [drawn(maps, 2), np.zeros(2, int)]
    still = np.asarray(network(inputs))
    np.testing.assert_array_equal(network(inputs), still)
    assert (np.asarray(network(inputs, training=True)) != still).any()


@every_network
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"maps": [(2, 2)]}, r"`maps` must hold .*Received: maps=\[\(2, 2\)\]"),
        ({"maps": []}, "`maps` must hold"),
        ({"num_codes": 0}, "`num_codes` must be a positive integer"),
        ({"classes": -1}, "`classes` must be a positive integer"),
        ({"units": 0}, "`units` must be a positive integer"),
        ({"blocks": 0}, "`blocks` must be a positive integer"),
    ],
)
def test_wrong_arguments(name, arguments, message):
    network = {"transformer": CausalTransformer, "convolutions": CausalConvolutions}
    with pytest.raises(ValueError, match=message):
        network[name](**{"maps": [(2, 2, 1)], "num_codes": 3, **arguments})


def test_heads_that_do_not_divide():
    with pytest.raises(ValueError, match=r"`heads` must divide .*heads=3 with units=8"):
        CausalTransformer([(2, 2, 1)], 3, units=8, heads=3)
