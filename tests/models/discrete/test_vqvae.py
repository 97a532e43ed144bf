"""VQVAE: against NumPy, tokens and back, and tables that the data moves."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_latent import quantizers
from keras_latent.models import VQVAE, Autoencoder
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import IMAGE_SHAPE, dense_networks, images, spatial_networks
from tests.quantizers import reference

X = images(7)

KINDS = {
    "vector": lambda: quantizers.VectorQuantizer(5, seed=1),
    "learned": lambda: quantizers.VectorQuantizer(5, decay=None),
    "rotation": lambda: quantizers.VectorQuantizer(5, gradient="rotation", seed=1),
    "residual": lambda: quantizers.ResidualQuantizer(3, 4, seed=1),
    "finite_scalar": lambda: quantizers.FiniteScalarQuantizer((5, 4)),
    "lookup_free": lambda: quantizers.LookupFreeQuantizer(),
    "gumbel": lambda: quantizers.GumbelQuantizer(6, seed=1),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def build(kind="vector", **arguments):
    arguments = {"quantizer": KINDS[kind](), **arguments}
    return VQVAE(**spatial_networks(output_activation=None), **arguments)


def state_of(model):
    return [np.array(v) for v in model.quantizer.non_trainable_variables]


class TestObjective:
    def test_terms_against_numpy(self):
        model = build("learned")
        terms = model.objective(Batch(X), False)
        e = np.array(model.code(model.encoder(X)))
        table = np.array(model.quantizer.codebook.embeddings)
        tokens = reference.nearest(e, table)
        code = table[tokens]
        error = X - np.array(model.decoder(code))
        expected = 0.5 * (error**2).sum((1, 2, 3)) + 6 * np.log(2 * np.pi)
        np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)
        distance = ((e - code) ** 2).sum((1, 2, 3))
        for term in ("commitment", "codebook"):
            np.testing.assert_allclose(terms[term], distance, rtol=1e-4)
        counts = np.bincount(tokens.ravel(), minlength=5)
        for name in ("usage", "perplexity"):
            np.testing.assert_array_equal(terms[name].counts, [counts])

    @pytest.mark.parametrize(
        ("kind", "weights"),
        [
            ("vector", {"commitment_weight": 0.25}),
            ("learned", {"commitment_weight": 0.25, "codebook_weight": 1.0}),
            ("finite_scalar", {}),
            ("gumbel", {"kl_weight": 1.0}),
            (
                "lookup_free",
                {
                    "commitment_weight": 0.25,
                    "entropy_weight": 0.1,
                    "uniformity_weight": 0.1,
                },
            ),
        ],
    )
    def test_the_quantizer_says_the_terms(self, kind, weights):
        found = {name: float(w) for name, w in build(kind).term_weights.items()}
        assert found == pytest.approx({"reconstruction_weight": 1.0, **weights})

    def test_the_gradient_reaches_the_encoder_through_the_code(self):
        """Without commitment, it is the gradient of R with respect to the code."""
        model = build(quantizer=quantizers.VectorQuantizer(5, commitment_weight=0.0))
        plain = Autoencoder(**{n: getattr(model, n) for n in ("encoder", "decoder")})
        plain.code.set_weights(model.code.get_weights())
        # An autoencoder whose code is shifted onto the codes, by constants.
        shift = np.array(model.encode(X)) - np.array(plain.encode(X))

        def shifted():
            z = plain.encoded(X, training=True) + shift
            return keras.ops.mean(plain.reconstruction(X, z, True))

        gradients.assert_same_gradients(
            gradients.gradients(model, lambda: gradients.loss(model, X)),
            gradients.gradients(plain, shifted),
        )

    def test_the_codebook_term_moves_codes_alone(self):
        model = build("learned")
        model.reconstruction_weight = model.commitment_weight = 0.0
        model.compile(keras.optimizers.SGD(0.1))
        networks = [model.encoder, model.code, model.decoder]
        before = [w for network in networks for w in network.get_weights()]
        table = np.array(model.quantizer.codebook.embeddings)
        model.fit(X, verbose=0)
        after = [w for network in networks for w in network.get_weights()]
        for a, b in zip(after, before, strict=True):
            np.testing.assert_array_equal(a, b)
        assert np.abs(model.quantizer.codebook.embeddings - table).max() > 1e-4

    def test_the_commitment_moves_the_encoder_alone(self):
        model = build("learned")
        model.reconstruction_weight = model.codebook_weight = 0.0
        model.compile(keras.optimizers.SGD(0.1))
        still = [*model.decoder.variables, model.quantizer.codebook.embeddings]
        before, moving = [np.array(v) for v in still], model.code.get_weights()
        model.fit(X, verbose=0)
        for a, b in zip(still, before, strict=True):
            np.testing.assert_array_equal(a, b)
        assert not np.array_equal(model.code.get_weights()[0], moving[0])


@every_kind
class TestTokens:
    def test_tokens_give_the_reconstruction(self, kind):
        model = build(kind)
        tokens = model.tokens(X)
        depth = (3,) if kind == "residual" else ()
        assert tokens.shape == (7, *IMAGE_SHAPE[:2], *depth)
        assert model.token_shape == tokens.shape[1:]
        assert tokens.dtype == "int32"
        decoded = model.decode_tokens(tokens)
        np.testing.assert_allclose(decoded, model.reconstruct(X), atol=1e-6)
        np.testing.assert_allclose(decoded, model.decode(model.encode(X)), atol=1e-6)
        in_parts = model.decode_tokens(tokens, batch_size=2)
        np.testing.assert_allclose(decoded, in_parts, atol=1e-6)
        np.testing.assert_array_equal(tokens, model.tokens(X, batch_size=2))

    def test_the_exported_encoder_knows_the_codes(self, kind):
        model = build(kind)
        encoder = model.to_encoder()
        np.testing.assert_allclose(encoder(X), model.encode(X), atol=1e-6)
        kinds = {type(layer).__module__.split(".")[0] for layer in encoder.layers}
        assert kinds == {"keras"}

    def test_codes_are_quantized_already(self, kind):
        model = build(kind)
        z = model.encode(X)
        if kind != "residual":  # What is nearest level by level needn't be.
            np.testing.assert_allclose(model.quantize(z), z, atol=1e-6)
        near = model.quantize(z + 1e-4)
        assert near.shape == z.shape

    def test_tokens_images_tokens(self, kind):
        """Networks that leave everything as it is bring all tokens back."""
        shape = (3, 4, 2)
        identity = [
            keras.Sequential([keras.Input(shape), layers.Reshape(shape)])
            for _ in range(2)
        ]
        model = VQVAE(*identity, quantizer=KINDS[kind]())
        channels = model.quantizer.input_channels(2)
        kernel, scale = np.eye(2, channels), 1.0
        if kind == "gumbel":  # Logits that are highest at the nearest code.
            table = np.array(model.quantizer.codebook.embeddings)
            bias = -(table**2).sum(axis=-1) / 2
            kernel = table.T
        else:
            bias = np.zeros(channels)
        if kind == "finite_scalar":  # Codes in [−1, 1] become levels again.
            scale = 1.3
        model.code.set_weights([scale * kernel[None, None], bias])
        depth = (3,) if kind == "residual" else ()
        if depth:  # Corners of smaller and smaller squares.
            corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
            for level, own in enumerate(model.quantizer.quantizers):
                own.codebook.embeddings.assign(0.25**level * corners)
        random = np.random.default_rng(0)
        tokens = random.integers(0, model.quantizer.num_codes, (6, 3, 4, *depth))
        images_of = model.decode_tokens(tokens)
        np.testing.assert_array_equal(model.tokens(images_of), tokens)

    def test_gradients_reach_the_encoder(self, kind):
        model = build(kind)
        found = gradients.gradients(model, lambda: gradients.loss(model, X))
        assert all(np.isfinite(g).all() for g in found)
        assert np.abs(found[0]).max() > 0.0


class TestStateMovedByData:
    def test_only_training_moves_it(self):
        model = build()
        model.compile(keras.optimizers.SGD(0.1))
        before = state_of(model)
        model.evaluate(X, verbose=0)
        model.encode(X), model.tokens(X), model.predict(X, verbose=0)
        for a, b in zip(state_of(model), before, strict=True):
            np.testing.assert_array_equal(a, b)
        model.fit(X, verbose=0)
        assert not np.array_equal(state_of(model)[0], before[0])

    def test_a_step_moves_it_once(self):
        model = build()
        model.compile(keras.optimizers.SGD(0.0))
        e = np.array(model.code(model.encoder(X)))
        table = np.array(model.quantizer.codebook.embeddings)
        expected = reference.running_means(e, table, np.ones(5), table, 0.99, 1e-5)
        model.fit(X, batch_size=7, verbose=0)
        found = np.array(model.quantizer.codebook.embeddings)
        np.testing.assert_allclose(found, expected[0], rtol=1e-4)
        np.testing.assert_allclose(model.quantizer.mean_counts, expected[1], rtol=1e-4)

    def test_a_step_that_is_not_allowed_leaves_it(self):
        model = build(quantizer=quantizers.VectorQuantizer(5, kmeans_init=True, seed=1))
        model.compile(keras.optimizers.SGD(0.1))
        before = state_of(model)
        bad = X.copy()
        bad[3, 0] = np.nan
        with pytest.raises(ValueError, match=r"finite"):
            model.train_on_batch(bad)
        for name, a, b in zip(
            [v.path for v in model.quantizer.non_trainable_variables],
            state_of(model),
            before,
            strict=True,
        ):
            if "seed" not in name:
                np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize(
        "kind",
        [
            "vector",
            *(
                pytest.param(kind, marks=pytest.mark.all)
                for kind in ("residual", "lookup_free", "gumbel")
            ),
        ],
    )
    @pytest.mark.parametrize("rows", [23, pytest.param(17, marks=pytest.mark.all)])
    def test_two_replicas_are_one(self, kind, rows, two_replicas):
        """Ragged shares, or none: the same tables, restarts and logs."""
        kinds = {
            "vector": lambda: quantizers.VectorQuantizer(
                8, decay=0.5, restart=0.5, kmeans_init=True, seed=1
            ),
            "residual": lambda: quantizers.ResidualQuantizer(
                2, 6, decay=0.5, restart=0.5, seed=1
            ),
        }
        x = images(rows)

        def trained(weights=None):
            keras.utils.set_random_seed(3)
            model = build(quantizer={**KINDS, **kinds}[kind]())
            if weights is not None:
                model.set_weights(weights)
            weights = model.get_weights()
            # One kind in graphs, whose tracing takes longer than all else.
            run_eagerly = kind != "vector"
            model.compile(keras.optimizers.SGD(0.05), run_eagerly=run_eagerly)
            logs = model.fit(x, batch_size=8, shuffle=False, verbose=0).history
            return weights, model.get_weights(), logs

        weights, expected, expected_logs = trained()
        with two_replicas.scope():
            _, found, logs = trained(weights)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=2e-5)
        for name, values in expected_logs.items():
            assert logs[name] == pytest.approx(values, rel=1e-4), name

    @pytest.mark.all
    def test_a_table_that_starts_in_one_corner_recovers(self):
        model = build(
            quantizer=quantizers.VectorQuantizer(16, decay=0.8, restart=0.2, seed=1)
        )
        table = 5.0 + 0.01 * np.random.default_rng(0).normal(size=(16, 2))
        model.quantizer.codebook.embeddings.assign(table)
        model.quantizer.mean_sums.assign(table)
        model.compile(keras.optimizers.Adam(1e-3))
        first = model.evaluate(images(64), return_dict=True, verbose=0)
        assert first["usage"] <= 2 / 16
        logs = model.fit(images(64), batch_size=16, epochs=15, verbose=0).history
        assert logs["usage"][-1] >= 0.9
        after = model.evaluate(images(64), return_dict=True, verbose=0)
        assert after["usage"] >= 0.9
        assert after["perplexity"] > 8.0

    def test_usage_is_that_of_the_whole_epoch(self):
        model = build("finite_scalar")
        model.compile()
        logs = model.evaluate(X, batch_size=2, return_dict=True, verbose=0)
        counts = np.bincount(model.tokens(X).ravel(), minlength=20)
        p = counts / counts.sum()
        assert logs["usage"] == pytest.approx((counts > 0).mean())
        expected = np.exp(reference.entropy(p))
        assert logs["perplexity"] == pytest.approx(expected, rel=1e-5)


def test_the_temperature_is_scheduled_and_saved(tmp_path):
    model = build("gumbel")
    model.temperature = 0.25
    assert float(model.quantizer.temperature) == 0.25
    assert "temperature" in model.scheduled
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert float(loaded.temperature) == 0.25
    with pytest.raises(ValueError, match=r"`temperature` must be a number in.*=0"):
        model.temperature = 0.0


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`:UserWarning")
@pytest.mark.filterwarnings("ignore:A table of codes stays:UserWarning")
@pytest.mark.parametrize("kind", ["vector", "residual", "finite_scalar", "gumbel"])
def test_weights_in_eight_bits(kind, tmp_path):
    model = build(kind)
    before = model.reconstruct(X)
    assert model.quantize("int8") is None
    after = model.reconstruct(X)
    assert np.abs(after - before).mean() < 0.1
    if kind in ("vector", "gumbel"):
        assert model.quantizer.codebook.embeddings.dtype == "float32"
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(X), after, atol=1e-6)


class TestErrors:
    def test_codes_of_another_size_than_the_decoders(self):
        finite = quantizers.FiniteScalarQuantizer((5, 5, 5))
        with pytest.raises(
            ValueError, match=r"`quantizer` must.*2 channels.*makes codes of 3"
        ):
            build(quantizer=finite)

    def test_a_decoder_of_vectors(self):
        with pytest.raises(ValueError, match=r"`decoder` must take a map.*vectors"):
            VQVAE(**dense_networks())

    def test_an_encoder_of_vectors(self):
        networks = {**spatial_networks(), "encoder": dense_networks()["encoder"]}
        with pytest.raises(ValueError, match=r"`encoder` must give a map.*a vector"):
            VQVAE(**networks)

    @pytest.mark.parametrize("size", [{"latent_dim": 4}, {"code_shape": (4,)}])
    def test_default_networks_of_vectors(self, size):
        with pytest.raises(ValueError, match=r"`code_shape` must be.*maps.*=4"):
            VQVAE.for_images((8, 8, 1), **size)

    @pytest.mark.parametrize(
        ("tokens", "message"),
        [
            (np.zeros((2, 4, 4), int), r"`t` must have the shape \(count, 4, 3\)"),
            (np.zeros((4, 3), int), r"`t` must have the shape.*\(4, 3\)"),
            (np.zeros((2, 4, 3, 1), int), r"`t` must have the shape.*\(2, 4, 3, 1\)"),
            (np.full((2, 4, 3), 5), r"`t` must hold tokens from 0 to 4.*from 5 to 5"),
            (np.full((2, 4, 3), -1), r"`t` must hold tokens from 0 to 4.*from -1 to"),
            (np.zeros((2, 4, 3)), r"`t` must hold integers.*float64"),
        ],
    )
    def test_tokens(self, tokens, message):
        with pytest.raises(ValueError, match=message):
            build().decode_tokens(tokens)

    def test_points_of_another_shape(self):
        with pytest.raises(
            ValueError, match=r"`z` must have the shape.*\(2, 4, 3, 9\)"
        ):
            build().quantize(np.zeros((2, 4, 3, 9), "float32"))

    def test_a_name_of_none(self):
        with pytest.raises(ValueError, match=r"`quantizer` must be one of.*'vq'"):
            build(quantizer="vq")
