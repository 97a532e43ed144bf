"""Signs, likely codes and residuals: against NumPy, and their identities."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent import quantizers
from keras_latent.quantizers import (
    GumbelQuantizer,
    LookupFreeQuantizer,
    ResidualQuantizer,
    VectorQuantizer,
)
from keras_latent.quantizers.usage import Perplexity, Usage
from keras_latent.training.moved_by_data import collected_moves
from tests.quantizers import reference

E = np.random.default_rng(0).normal(size=(3, 2, 4, 3)).astype("float32")


class TestLookupFree:
    def test_codes_and_tokens(self):
        quantizer = LookupFreeQuantizer()
        codes, tokens, _ = quantizer(E)
        np.testing.assert_array_equal(codes, np.where(E > 0, 1, -1))
        np.testing.assert_array_equal(tokens, ((E > 0) * [4, 2, 1]).sum(axis=-1))
        np.testing.assert_array_equal(quantizer.codes_of(tokens), codes)
        np.testing.assert_array_equal(quantizer.nearest_tokens(codes), tokens)
        assert quantizer.num_codes == 8

    @pytest.mark.parametrize("bits_in_group", [8, 3, 2, 1])
    def test_terms_against_numpy(self, bits_in_group):
        quantizer = LookupFreeQuantizer(0.7, bits_in_group=bits_in_group)
        terms = quantizer(E).terms
        codes = np.array(list(itertools.product((-1, 1), repeat=3)))
        p = reference.softmax(-0.7 * reference.squared_distances(E, codes))
        np.testing.assert_allclose(
            terms["entropy"], reference.entropy(p).sum(axis=(1, 2)), rtol=1e-4
        )
        mean = p.reshape(-1, 8).mean(axis=0)
        if bits_in_group >= 3:
            entropy = reference.entropy(mean)
        else:
            cube = mean.reshape(2, 2, 2)
            groups = {2: [(2,), (0, 1)], 1: [(1, 2), (0, 2), (0, 1)]}[bits_in_group]
            entropy = sum(reference.entropy(cube.sum(axis=g).ravel()) for g in groups)
        expected = 8 * (3 * np.log(2) - entropy)
        assert float(terms["uniformity"]) == pytest.approx(expected, rel=1e-4)
        distance = ((E - np.where(E > 0, 1, -1)) ** 2).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(terms["commitment"], distance, rtol=1e-5)

    def test_decided_and_even_codes_cost_nothing(self):
        codes = np.array(list(itertools.product((-1.0, 1.0), repeat=3)), "float32")
        terms = LookupFreeQuantizer()(codes.reshape(2, 2, 2, 3)).terms
        for value in terms.values():
            np.testing.assert_allclose(value, 0.0, atol=1e-5)

    def test_the_weights_are_the_papers(self):
        quantizer = LookupFreeQuantizer(entropy_weight=0.5, diversity_weight=3.0)
        assert quantizer.term_weights == pytest.approx(
            {"commitment": 0.25, "entropy": 0.5, "uniformity": 1.5}
        )


class TestGumbel:
    def built(self, **arguments):
        quantizer = GumbelQuantizer(5, **{"seed": 1, **arguments})
        quantizer.build_for(3)
        return quantizer

    def logits(self):
        return np.random.default_rng(3).normal(size=(2, 3, 2, 5)).astype("float32")

    def test_training_against_numpy(self, monkeypatch):
        quantizer, logits = self.built(temperature=0.7), self.logits()
        noise = np.random.default_rng(4).gumbel(size=logits.shape)
        monkeypatch.setattr(quantizer, "_noise", lambda like: noise.astype("float32"))
        codes, tokens, terms = quantizer(logits, training=True)
        y = reference.softmax((logits + noise) / 0.7)
        table = np.array(quantizer.codebook.embeddings)
        np.testing.assert_allclose(codes, y @ table, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(tokens, y.argmax(axis=-1))
        expected = (np.log(5) - reference.entropy(reference.softmax(logits))).sum(
            (1, 2)
        )
        np.testing.assert_allclose(terms["kl"], expected, rtol=1e-4)

    def test_evaluation_takes_the_most_likely_code(self):
        quantizer, logits = self.built(), self.logits()
        codes, tokens, _ = quantizer(logits)
        np.testing.assert_array_equal(tokens, logits.argmax(axis=-1))
        table = np.array(quantizer.codebook.embeddings)
        np.testing.assert_array_equal(codes, table[np.array(tokens)])
        np.testing.assert_array_equal(quantizer.nearest_tokens(codes), tokens)

    def test_straight_through_gives_codes_and_the_mixtures_gradient(self):
        logits = tf.constant(self.logits())
        gradients = []
        for hard in (False, True):
            quantizer = self.built(straight_through=hard)
            quantizer.codebook.embeddings.assign(np.arange(15.0).reshape(5, 3))
            with tf.GradientTape() as tape:
                tape.watch(logits)
                codes, tokens, _ = quantizer(logits, training=True)
            gradients.append(np.array(tape.gradient(codes, logits)))
            if hard:
                expected = np.arange(15.0).reshape(5, 3)[np.array(tokens)]
                np.testing.assert_allclose(codes, expected, atol=1e-4)
        np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-5)

    def test_uniform_logits_cost_nothing_and_certain_ones_log_k(self):
        quantizer = self.built()
        kl = quantizer(np.zeros((1, 1, 1, 5), "float32")).terms["kl"]
        np.testing.assert_allclose(kl, 0.0, atol=1e-6)
        kl = quantizer(99 * np.eye(5, dtype="float32")[None, :1, None]).terms["kl"]
        np.testing.assert_allclose(kl, np.log(5), rtol=1e-5)

    def test_noise_is_gumbels(self):
        noise = np.array(self.built()._noise(tf.zeros((20_000, 1))))
        assert noise.mean() == pytest.approx(0.5772, abs=0.03)
        assert noise.var() == pytest.approx(np.pi**2 / 6, abs=0.06)

    def test_the_config_holds_the_temperature_as_it_is(self):
        quantizer = self.built()
        quantizer.temperature.assign(0.1)
        again = GumbelQuantizer.from_config(quantizer.get_config())
        assert float(again.temperature) == float(quantizer.temperature)

    def test_logits_do_not_tell_the_size_of_a_code(self):
        with pytest.raises(ValueError, match=r"`build_for` must be called first"):
            GumbelQuantizer(5)(np.zeros((1, 5), "float32"))

    @pytest.mark.parametrize("name", ["temperature", "kl_weight", "num_codes"])
    def test_bad_arguments(self, name):
        with pytest.raises(ValueError, match=rf"`{name}` must be.*{name}=-1"):
            GumbelQuantizer(**{name: -1})


class TestResidual:
    def built(self, **arguments):
        quantizer = ResidualQuantizer(**{"num_codes": 5, "seed": 2, **arguments})
        quantizer.build_for(3)
        return quantizer

    def test_levels_against_numpy(self):
        quantizer = self.built(num_levels=3)
        codes, tokens, terms = quantizer(E)
        assert tokens.shape == (3, 2, 4, 3)
        residual, commitment = np.float64(E), 0.0
        for level, own in enumerate(quantizer.quantizers):
            table = np.float64(own.codebook.embeddings)
            chosen = reference.nearest(residual, table)
            np.testing.assert_array_equal(tokens[..., level], chosen)
            residual = residual - table[chosen]
            commitment = commitment + (residual**2).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(codes, E - residual, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(terms["commitment"], commitment, rtol=1e-5)
        np.testing.assert_allclose(quantizer.codes_of(tokens), codes, atol=1e-6)
        np.testing.assert_array_equal(quantizer.tokens_of(E), tokens)

    def test_one_level_is_the_vector_quantizer(self):
        residual, vector = self.built(num_levels=1), VectorQuantizer(5, seed=2)
        vector.build_for(3)
        table = vector.codebook.embeddings
        residual.quantizers[0].codebook.embeddings.assign(table)
        residual.quantizers[0].mean_sums.assign(table)
        for quantizer in (residual, vector):
            with collected_moves() as moves:
                quantizer(E, training=True)
            for move in moves:
                move.variable.assign(move.value)
        codes, tokens, terms = residual(E)
        expected = vector(E)
        np.testing.assert_array_equal(codes, expected.codes)
        np.testing.assert_array_equal(tokens[..., 0], expected.tokens)
        np.testing.assert_allclose(terms["commitment"], expected.terms["commitment"])

    def test_the_gradient_passes_once(self):
        quantizer, e = self.built(), tf.constant(E)
        with tf.GradientTape() as tape:
            tape.watch(e)
            codes = quantizer(e).codes
        np.testing.assert_allclose(tape.gradient(codes, e), 1.0)

    def test_each_level_commits_what_it_is_given(self):
        quantizer, e = self.built(num_levels=2), tf.constant(E)
        with tf.GradientTape() as tape:
            tape.watch(e)
            terms = quantizer(e).terms
        codes = [
            own.codes_of(quantizer.tokens_of(E)[..., i])
            for i, own in enumerate(quantizer.quantizers)
        ]
        first = E - np.array(codes[0])
        expected = 2 * first + 2 * (first - np.array(codes[1]))
        found = tape.gradient(terms["commitment"], e)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)

    def test_config_round_trip(self):
        quantizer = self.built(num_levels=2, decay=None, gradient="rotation")
        again = ResidualQuantizer.from_config(quantizer.get_config())
        assert again.get_config() == quantizer.get_config()
        assert again.term_weights == {"commitment": 0.25, "codebook": 1.0}


class TestUsage:
    def test_counts_of_an_epoch(self):
        usage, perplexity = Usage(1, 4, "usage"), Perplexity(1, 4, "perplexity")
        for metric in (usage, perplexity):
            assert float(metric.result()) == 0.0
            for counts in ([[3, 1, 0, 0]], [[0, 2, 0, 0]]):
                metric.update_state(np.array(counts, "float32"))
        assert float(usage.result()) == 0.5
        # Of the epoch's frequencies, not the mean of the batches' perplexities.
        assert float(perplexity.result()) == pytest.approx(2.0)
        perplexity.reset_state()
        assert float(perplexity.result()) == 0.0

    def test_levels_are_averaged(self):
        perplexity = Perplexity(2, 4, "perplexity")
        perplexity.update_state(np.array([[1, 1, 1, 1], [9, 0, 0, 0]], "float32"))
        assert float(perplexity.result()) == pytest.approx(2.5)

    def test_counts_by_level(self):
        quantizer = ResidualQuantizer(2, 3)
        tokens = np.array([[[[0, 1], [0, 2]]]], "int32")
        found = quantizer.counts(tf.constant(tokens))
        np.testing.assert_array_equal(found, [[2, 0, 0], [0, 1, 1]])


@pytest.mark.parametrize("name", quantizers._CLASSES)
def test_get(name):
    quantizer = quantizers.get(name)
    assert type(quantizer).__name__ == name.title().replace("_", "")
    assert quantizers.get(quantizer) is quantizer


@pytest.mark.parametrize("wrong", ["vq", None, keras.layers.Dense(2)])
def test_get_refuses_what_is_none(wrong):
    with pytest.raises(ValueError, match=r"`quantizer` must be one of.*Received"):
        quantizers.get(wrong)
