"""Priors over tokens: probabilities that sum to one, what they learn, resumed fits."""

import itertools
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.samplers import PixelCNN, TokenTransformer, training
from keras_latent.weights_hash import weights_hash
from tests.tiers import in_two_tiers, rarely

SMALL = {
    TokenTransformer: {"units": 16, "blocks": 1, "heads": 2, "verbose": 0},
    PixelCNN: {"units": 16, "blocks": 1, "verbose": 0},
}
every_sampler = pytest.mark.parametrize("cls", SMALL)
few_samplers = pytest.mark.parametrize("cls", in_two_tiers(SMALL, (PixelCNN,)))


class Tokens:
    """A model whose images are their tokens."""

    name, weights = "tokens", ()

    def __init__(self, token_shape, num_codes):
        self.token_shape = token_shape
        self.code_shape = (2, 2, 1)
        self.quantizer = SimpleNamespace(num_codes=num_codes)

    def tokens(self, x, batch_size=None):
        return x

    def decode_tokens(self, t, batch_size=None):
        return t

    def check_tokens(self, t, name):
        pass


def made(cls, model, **arguments):
    return cls(model, **{**SMALL[cls], **arguments})


def with_any_weights(sampler, classes=0):
    """The sampler, as after a fit, but for what it learned."""
    network, generator = sampler.network(classes), np.random.default_rng(0)
    weights = [generator.normal(0, 0.3, weight.shape) for weight in network.weights]
    sampler.restore(training.as_arrays(weights), weights_hash(sampler.model))
    if classes:
        sampler.state["classes"] = np.arange(classes)
    return sampler


def row_tokens(count, seed):
    """A row is its first token and those after it, modulo 4; labels say the first."""
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 4, count)
    tokens = (first[:, None, None] + np.arange(9).reshape(3, 3)) % 4
    is_noise = generator.random(tokens.shape) < 0.1
    return np.where(is_noise, generator.integers(0, 4, tokens.shape), tokens), first


def nats_of_frequencies(tokens, unseen):
    """Mean of −log p where each position has its own frequencies, and no more."""
    rows, others = tokens.reshape(len(tokens), -1), unseen.reshape(len(unseen), -1)
    counts = np.stack([np.bincount(column, minlength=4) + 1 for column in rows.T])
    log_p = np.log(counts / counts.sum(axis=1, keepdims=True))
    return -log_p[np.arange(rows.shape[1]), others].sum(axis=1).mean()


@pytest.fixture(scope="module")
def fitted():
    """Samplers of rows, with their labels."""
    tokens, labels = row_tokens(384, seed=0)
    arguments = {"epochs": 20, "batch_size": 32, "learning_rate": 0.01, "guidance": 1.5}
    model = Tokens((3, 3), 4)
    return {cls: made(cls, model, **arguments).fit(tokens, labels + 5) for cls in SMALL}


@few_samplers
def test_what_is_learned_beats_frequencies_of_positions(fitted, cls):
    (tokens, _), (unseen, labels) = row_tokens(384, seed=0), row_tokens(500, seed=1)
    sampler = fitted[cls]
    independent = nats_of_frequencies(tokens, unseen)
    assert independent > 9 * np.log(4) - 0.3
    learned = -sampler.log_prob(unseen).mean()
    assert learned < 0.7 * independent, (learned, independent)
    # What is left: noise, and which of four the first token is.
    given = -sampler.log_prob(unseen, labels + 5).mean()
    entropy = 9 * (-0.925 * np.log(0.925) - 3 * 0.025 * np.log(0.025))
    assert entropy - 0.3 < given < learned - 0.5, (entropy, given, learned)


@every_sampler
def test_draws_are_like_what_was_learned(fitted, cls):
    sampler = fitted[cls]
    drawn = sampler.sample_tokens(100, seed=3)
    assert drawn.shape == (100, 3, 3)
    follow = (drawn[:, :, 1] == (drawn[:, :, 0] + 1) % 4).mean()
    assert follow > 0.7
    np.testing.assert_array_equal(sampler.sample(100, seed=3), drawn)
    assert (sampler.sample_tokens(100, seed=4) != drawn).any()
    labels = np.arange(100) % 4
    own = sampler.sample_tokens(100, seed=5, labels=5 + labels)
    assert (own[:, 0, 0] == labels).mean() > 0.85


@every_sampler
def test_labels_that_were_never_seen(fitted, cls):
    sampler = fitted[cls]
    for ask in (
        lambda: sampler.sample(1, labels=4),
        lambda: sampler.log_prob(np.zeros((2, 3, 3), int), [5, 4]),
    ):
        with pytest.raises(ValueError, match=r"those of the fit, \[5, 6.*values \[4\]"):
            ask()


@every_sampler
@pytest.mark.parametrize(
    "shape",
    [
        (2, 2),
        *rarely((1, 2, 2)),
        {"bottom": (1, 3), "top": (1, 1)},
    ],
    ids=str,
)
def test_probabilities_sum_to_one(cls, shape):
    model = Tokens(shape, 3)
    order = kl.samplers.token_order.TokenOrder(shape)
    every = np.array(list(itertools.product(range(3), repeat=4)))
    sampler = with_any_weights(made(cls, model))
    log_prob = sampler.log_prob(order.to_tokens(every))
    assert log_prob.std() > 0.1
    np.testing.assert_allclose(np.exp(log_prob).sum(), 1, rtol=1e-5)
    drawn = order.to_sequences(sampler.sample_tokens(2048, seed=0))
    counts = np.bincount(drawn @ [27, 9, 3, 1], minlength=81)
    expected = 2048 * np.exp(log_prob)
    # Of 81 standard deviations, the largest is hardly ever 5.
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected) + 1).all()


def test_the_order_of_reading():
    tokens = {
        "bottom": np.arange(8).reshape(1, 2, 4),
        "top": np.array([[[8, 9]]]),
    }
    order = kl.samplers.token_order.TokenOrder({"bottom": (2, 4), "top": (1, 2)})
    assert (order.maps, order.length) == ([(1, 2, 1), (2, 4, 1)], 10)
    sequences = order.to_sequences(tokens)
    assert sequences.tolist() == [[8, 9, *range(8)]]
    back = order.to_tokens(sequences)
    assert {name: each.tolist() for name, each in back.items()} == {
        name: each.tolist() for name, each in tokens.items()
    }


@pytest.mark.all
def test_a_killed_fit_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    # What hides numbers in training goes on, too.
    cls, arguments = TokenTransformer, {"epochs": 4, "batch_size": 16, "dropout": 0.3}
    tokens, labels = row_tokens(32, seed=0)
    path = tmp_path / "sampler.npz"
    model = Tokens((3, 3), 4)
    whole = made(cls, model, **arguments).fit(tokens, labels)

    steps = []
    step = keras.Model.train_on_batch

    def killed(self, *given):
        steps.append(given)
        if len(steps) == 6:
            raise KeyboardInterrupt
        return step(self, *given)

    sampler = made(cls, model, checkpoint=path, **arguments)
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "train_on_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            sampler.fit(tokens, labels)
    assert sampler.state is None
    assert path.exists()
    resumed = made(cls, model, checkpoint=path, **arguments)
    with pytest.raises(
        ValueError, match=r"`checkpoint` must be of a fit with the same"
    ):
        resumed.fit(tokens, labels.max() - labels)
    resumed.fit(tokens, labels)
    assert not path.exists()
    assert resumed.state.keys() == whole.state.keys()
    for name, value in whole.state.items():
        np.testing.assert_allclose(resumed.state[name], value, 0, 1e-6, err_msg=name)


@pytest.fixture(scope="module")
def residual():
    return kl.models.VQVAE.for_images(
        (8, 8, 1),
        code_shape=(2, 2, 3),
        quantizer=kl.quantizers.ResidualQuantizer(2, 5, seed=0),
    )


IMAGES = np.random.default_rng(0).random((12, 8, 8, 1), "float32")


@every_sampler
def test_a_file_holds_what_was_fitted(cls, residual, tmp_path):
    sampler = with_any_weights(made(cls, residual), classes=2)
    sampler.save(tmp_path / "sampler.npz")
    loaded = kl.load_sampler(tmp_path / "sampler.npz", residual)
    assert type(loaded) is cls
    assert loaded.get_config() == sampler.get_config()
    tokens = residual.tokens(IMAGES)
    np.testing.assert_array_equal(loaded.log_prob(tokens), sampler.log_prob(tokens))
    drawn = loaded.sample(3, seed=0, labels=[0, 1, 0])
    np.testing.assert_array_equal(drawn, sampler.sample(3, seed=0, labels=[0, 1, 0]))
    assert drawn.shape == (3, 8, 8, 1)
    other = kl.models.VQVAE.for_images(
        (8, 8, 1), code_shape=(2, 2, 3), quantizer=residual.quantizer
    )
    hashes = [weights_hash(each) for each in (residual, other)]
    with pytest.raises(ValueError, match=rf"(?s){hashes[0]}.*{hashes[1]}"):
        kl.load_sampler(tmp_path / "sampler.npz", other)


@pytest.mark.all
@every_sampler
def test_two_maps_of_a_model(cls):
    model = kl.models.VQVAE2.for_images((8, 8, 1), code_shape=(4, 4, 4))
    sampler = with_any_weights(made(cls, model))
    assert sampler.log_prob(model.tokens(IMAGES)).shape == (12,)
    assert sampler.encoded(IMAGES, None, None).shape == (12, 20)
    tokens = sampler.sample_tokens(2, seed=0)
    decoded = model.decode(sampler.sample_codes(2, seed=0))
    expected = model.decode_tokens(tokens)
    np.testing.assert_allclose(decoded, expected, atol=1e-6)
    assert {name: each.shape for name, each in tokens.items()} == {
        "top": (2, 2, 2),
        "bottom": (2, 4, 4),
    }
    np.testing.assert_array_equal(
        sampler.sample(2, seed=0), model.decode_tokens(tokens)
    )


def test_wrong_tokens(residual):
    sampler = with_any_weights(made(PixelCNN, residual))
    tokens = np.array(residual.tokens(IMAGES))
    for wrong, message in (
        (tokens + 5, r"`tokens` must hold tokens from 0 to 4\..*tokens from \d+ to"),
        (tokens[..., 0], r"`tokens` must have the shape \(count, 2, 2, 2\)"),
        (tokens + 0.5, r"`tokens` must hold integers"),
    ):
        with pytest.raises(ValueError, match=message):
            sampler.log_prob(wrong)
    with pytest.raises(ValueError, match="fitted without"):
        sampler.log_prob(tokens, 0)
    with pytest.raises(ValueError, match="fitted without"):
        sampler.sample(2, labels=0)


@every_sampler
def test_asked_before_it_was_fitted(cls, residual, tmp_path):
    sampler = made(cls, residual)
    for ask in (
        lambda: sampler.sample(2),
        lambda: sampler.sample_tokens(2),
        lambda: sampler.log_prob(np.zeros((1, 2, 2, 2), int)),
        lambda: sampler.save(tmp_path / "sampler.npz"),
    ):
        with pytest.raises(ValueError, match=r"must be fitted before .*`fit`"):
            ask()


@every_sampler
def test_models_of_numbers(cls):
    model = kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=2)
    with pytest.raises(ValueError, match=r"that are tokens, .*`FlowMatching`.*Autoenc"):
        cls(model)
    assert not cls.suits(model)
    assert kl.samplers.Normal.suits(model)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": 0}, "`units` must be a positive integer"),
        ({"blocks": 0}, "`blocks` must be a positive integer"),
        ({"epochs": 0}, "`epochs` must be a positive integer"),
        ({"learning_rate": -1.0}, "`learning_rate` must be a number"),
        ({"label_dropout": 1.5}, r"`label_dropout` must be a number in \[0, 1\]"),
        ({"label_dropout": 1.0}, r"`label_dropout` must be less than 1.*=1\.0"),
        ({"dropout": 2}, r"`dropout` must be a number in \[0, 1\]"),
        ({"heads": 3}, "`heads` must divide `units`"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        TokenTransformer(Tokens((2, 2), 3), **arguments)


def test_too_many_codes():
    with pytest.raises(ValueError, match=r"at most 65536 codes.* of 65537 codes"):
        PixelCNN(Tokens((2, 2), 2**16 + 1))
