"""Tables of codes: against NumPy, what moves them and when, and what gradients see."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.quantizers import VectorQuantizer
from keras_latent.quantizers.codebook import k_means
from keras_latent.training.moved_by_data import collected_moves
from tests.quantizers import reference

E = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype("float32")


def built(num_codes=6, channels=2, **arguments):
    quantizer = VectorQuantizer(num_codes, **{"seed": 1, **arguments})
    quantizer.build_for(channels)
    return quantizer


def table_of(quantizer):
    return np.array(quantizer.codebook.embeddings)


def state_of(quantizer):
    return {v.path: np.array(v) for v in quantizer.variables}


def step(quantizer, e, **arguments):
    """One step of training: what the quantizer asks for is done."""
    with collected_moves() as moves:
        result = quantizer(e, training=True, **arguments)
    for move in moves:
        move.variable.assign(move.value)
    return result


def gradient(function, e):
    e = tf.constant(e)
    with tf.GradientTape() as tape:
        tape.watch(e)
        value = function(e)
    return np.array(tape.gradient(value, e))


class TestLookup:
    def test_codes_tokens_and_terms_against_numpy(self):
        quantizer = built(decay=None)
        codes, tokens, terms = quantizer(E)
        expected = reference.nearest(E, table_of(quantizer))
        np.testing.assert_array_equal(tokens, expected)
        assert tokens.dtype == "int32"
        np.testing.assert_array_equal(codes, table_of(quantizer)[expected])
        distance = reference.squared_distances(E, table_of(quantizer)).min(axis=-1)
        for term in ("commitment", "codebook"):
            np.testing.assert_allclose(
                terms[term], distance.sum(axis=(1, 2)), rtol=1e-5
            )

    def test_what_lies_on_codes_costs_nothing(self):
        quantizer = built()
        _, tokens, terms = quantizer(table_of(quantizer)[None, :, None])
        np.testing.assert_array_equal(tokens[0, :, 0], np.arange(6))
        np.testing.assert_array_equal(terms["commitment"], 0.0)
        assert set(terms) == {"commitment"}

    def test_tokens_and_codes_are_inverse(self):
        quantizer = built()
        tokens = np.arange(6).reshape(1, 2, 3)
        codes = quantizer.codes_of(tokens)
        np.testing.assert_array_equal(quantizer.tokens_of(codes), tokens)
        np.testing.assert_array_equal(quantizer.nearest_tokens(codes), tokens)

    def test_everything_is_float32_in_half_precision(self, dtype_policy):
        dtype_policy("mixed_bfloat16")
        codes, _, terms = built()(E)
        assert codes.dtype == terms["commitment"].dtype == "float32"


class TestGradients:
    def test_straight_through_is_the_gradient_of_the_code(self):
        quantizer = built()
        weights = np.random.default_rng(1).normal(size=E.shape).astype("float32")
        found = gradient(lambda e: tf.reduce_sum(weights * quantizer(e).codes), E)
        np.testing.assert_allclose(found, weights, rtol=1e-6)

    def test_commitment_moves_only_what_is_quantized(self):
        quantizer = built(decay=None)
        variable, e = quantizer.codebook.embeddings, tf.constant(E)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(e)
            codes, _, terms = quantizer(e)
        toward = 2 * (E - np.array(codes))
        np.testing.assert_allclose(
            tape.gradient(terms["commitment"], e), toward, rtol=1e-5, atol=1e-6
        )
        unconnected = tape.gradient(terms["commitment"], variable.value)
        assert unconnected is None or not np.any(unconnected)
        assert tape.gradient(terms["codebook"], e) is None or not np.any(
            tape.gradient(terms["codebook"], e)
        )
        found = np.array(tape.gradient(terms["codebook"], variable.value))
        tokens = reference.nearest(E, table_of(quantizer))
        expected = [-toward[tokens == k].sum(axis=0) for k in range(6)]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        through = tape.gradient(codes, variable.value)
        assert through is None or not np.any(through)

    def test_rotation_against_its_formula(self):
        quantizer = built(channels=3, gradient="rotation")
        e = np.random.default_rng(2).normal(size=(4, 3)).astype("float32")
        points = tf.constant(e)
        with tf.GradientTape() as tape:
            tape.watch(points)
            codes = quantizer(points).codes
        jacobians = np.array(tape.batch_jacobian(codes, points))
        for jacobian, point, code in zip(jacobians, e, np.array(codes), strict=True):
            matrix = reference.rotation(point, code)
            np.testing.assert_allclose(jacobian, matrix, rtol=1e-4, atol=1e-5)
            # It maps e to its code, and is a rotation but for the length.
            np.testing.assert_allclose(matrix @ point, code, rtol=1e-5)
            length = np.linalg.norm(code) / np.linalg.norm(point)
            np.testing.assert_allclose(
                jacobian @ jacobian.T, length**2 * np.eye(3), atol=1e-5
            )

    def test_rotation_gives_the_code_bit_for_bit(self):
        quantizer = built(gradient="rotation")
        codes, tokens, _ = quantizer(E)
        np.testing.assert_array_equal(codes, table_of(quantizer)[np.array(tokens)])

    @pytest.mark.parametrize("point", [[0.0, 0.0], [-1.0, 0.0]])
    def test_rotation_is_finite_where_it_is_not_defined(self, point):
        quantizer = built(num_codes=1, gradient="rotation")
        quantizer.codebook.embeddings.assign([[1.0, 0.0]])
        e = np.array([point], "float32")
        assert np.isfinite(gradient(lambda e: quantizer(e).codes, e)).all()


class TestRunningMeans:
    def test_two_steps_against_numpy(self):
        quantizer = built(decay=0.8, restart=0.0)
        expected = table_of(quantizer), np.ones(6), table_of(quantizer)
        for e in (E, E[::-1] + 0.5):
            expected = reference.running_means(e, *expected, decay=0.8, epsilon=1e-5)
            step(quantizer, e)
            found = table_of(quantizer), quantizer.mean_counts, quantizer.mean_sums
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)

    def test_without_memory_codes_are_cluster_means(self):
        quantizer = built(decay=0.0, epsilon=0.0, restart=0.0)
        tokens = reference.nearest(E, table_of(quantizer))
        before = table_of(quantizer)
        step(quantizer, E)
        for k in range(6):
            mine = E[tokens == k]
            expected = mine.mean(axis=0) if len(mine) else before[k]
            np.testing.assert_allclose(
                table_of(quantizer)[k], expected, rtol=1e-4, atol=1e-6
            )

    def test_with_memory_alone_codes_stay(self):
        quantizer = built(decay=1.0)
        before = table_of(quantizer)
        step(quantizer, E)
        np.testing.assert_allclose(table_of(quantizer), before, rtol=1e-5)

    def test_a_pass_uses_the_codes_from_before_the_step(self):
        quantizer = built(decay=0.0)
        before = table_of(quantizer)
        codes, tokens, _ = step(quantizer, E)
        np.testing.assert_array_equal(codes, before[np.array(tokens)])
        assert np.abs(table_of(quantizer) - before).max() > 0.01

    @pytest.mark.parametrize("training", [False, True])
    def test_nothing_moves_in_evaluation_or_when_frozen(self, training):
        quantizer = built(kmeans_init=True)
        quantizer.trainable = not training
        before = state_of(quantizer)
        with collected_moves() as moves:
            quantizer(E, training=training)
        assert not moves
        for name, value in state_of(quantizer).items():
            np.testing.assert_array_equal(value, before[name])

    def test_running_means_are_never_given_a_gradient(self):
        quantizer = built()
        assert not quantizer.trainable_variables
        quantizer.trainable = False
        quantizer.trainable = True
        assert not quantizer.trainable_variables
        assert len(built(decay=None).trainable_variables) == 1

    def test_dead_codes_become_positions_of_the_batch(self):
        quantizer = built(decay=0.0, restart=0.1)
        quantizer.codebook.embeddings.assign([[0.0, 0.0]] + 5 * [[90.0, 90.0]])
        step(quantizer, E)
        fresh = table_of(quantizer)[1:]
        rows = E.reshape(-1, 2)
        assert all((rows == code).all(axis=1).any() for code in fresh)
        lowest = 0.1 * 60 / 6
        np.testing.assert_allclose(quantizer.mean_counts[1:], lowest, rtol=1e-5)
        np.testing.assert_allclose(quantizer.mean_sums[1:], lowest * fresh, rtol=1e-5)
        np.testing.assert_allclose(
            table_of(quantizer)[0], rows.mean(axis=0), rtol=1e-4, atol=1e-6
        )

    def test_the_first_batch_starts_the_table_as_k_means_does(self):
        quantizer = built(kmeans_init=True, decay=1.0, restart=0.0)
        codes, tokens, _ = step(quantizer, E)
        table = table_of(quantizer)
        rows = E.reshape(-1, 2)
        # Lloyd's algorithm has found what it leaves as it is, or nearly.
        moved = reference.lloyd(rows, table, 1)
        assert np.abs(moved - table).max() < 0.2
        np.testing.assert_allclose(codes, table[np.array(tokens)], rtol=1e-5)
        spread = reference.squared_distances(rows, table).min(axis=-1).mean()
        assert spread < 0.5 * rows.var(axis=0).sum()
        assert float(quantizer.is_started) == 1.0
        step(quantizer, E + 3.0)
        np.testing.assert_allclose(table_of(quantizer), table, rtol=1e-5)

    def test_lloyds_steps_against_numpy(self):
        rows, start = E.reshape(-1, 2), np.array([[0, 0], [1, 1], [50, 50]], "f4")
        centroids, counts = k_means(rows, start)
        expected = reference.lloyd(rows, start, 10)
        np.testing.assert_allclose(centroids, expected, rtol=1e-4)
        np.testing.assert_array_equal(centroids[2], [50, 50])
        tokens = reference.nearest(rows, expected)
        assert np.array(counts).tolist() == [sum(tokens == 0), sum(tokens == 1), 1]


def test_a_table_that_starts_in_one_corner_recovers():
    """Codes that all lie far away from clusters that are spread over a plane."""
    grid = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), -1).reshape(-1, 2)
    random = np.random.default_rng(0)
    quantizer = built(num_codes=16, decay=0.9, restart=0.1)
    corner = 9.0 + 0.01 * random.normal(size=(16, 2))
    quantizer.codebook.embeddings.assign(corner)
    quantizer.mean_sums.assign(corner)
    batches = [
        (grid[random.permutation(256) % 16] + 0.05 * random.normal(size=(256, 2)))
        .astype("float32")
        .reshape(16, 4, 4, 2)
        for _ in range(60)
    ]
    first = len(np.unique(quantizer.tokens_of(batches[0])))
    for batch in batches:
        step(quantizer, batch)
    last = quantizer.tokens_of(np.concatenate(batches[-4:]))
    assert first <= 3
    assert len(np.unique(last)) >= 0.9 * 16


@pytest.mark.parametrize("gradient", ["straight_through", "rotation"])
def test_config_and_file_round_trip(gradient, tmp_path):
    e = keras.Input((4, 5, 2))
    quantizer = VectorQuantizer(6, gradient=gradient, kmeans_init=True, seed=3)
    model = keras.Model(e, quantizer(e).codes)
    step(quantizer, E)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(E), model(E))
    again = loaded.layers[-1]
    assert again.get_config() == quantizer.get_config()
    for a, b in zip(again.variables, quantizer.variables, strict=True):
        if "seed" not in a.path:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_codes": 0}, r"`num_codes` must be a positive integer.*=0"),
        ({"decay": 1.5}, r"`decay` must be a number in \[0, 1\].*=1.5"),
        ({"restart": -1}, r"`restart` must be a number in \[0, 1\].*=-1"),
        ({"gradient": "st"}, r"`gradient` must be one of 'straight_through'.*'st'"),
        ({"commitment_weight": -1}, r"`commitment_weight`.*=-1"),
        ({"epsilon": -1}, r"`epsilon`.*=-1"),
        ({"decay": None, "restart": 0.1}, r"`decay` must be a number.*decay=None"),
        ({"decay": None, "kmeans_init": True}, r"`decay`.*kmeans_init=True"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        VectorQuantizer(**arguments)


def test_codes_of_another_size():
    with pytest.raises(ValueError, match=r"`decoder` takes, 3 channels.*codes of 2"):
        built().build_for(3)
