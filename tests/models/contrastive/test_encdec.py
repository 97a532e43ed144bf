import keras
import numpy as np
import pytest
from keras import ops

from keras_latent.layers import Repair
from keras_latent.losses import different, same
from keras_latent.models import EncDec
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import (
    LATENT_DIM,
    dense_networks,
    images,
    mixed_data,
    mixed_networks,
)

TERMS = {"cycle": 0.9, "spread": 0.8, "discrimination": 1.7}


def build(**arguments):
    weights = {f"{term}_weight": weight for term, weight in TERMS.items()}
    return EncDec(**{**dense_networks(), **weights, "margin": 1.5, **arguments})


def numpy_different(a, b, margin):
    distance = np.sqrt(np.mean((a - b) ** 2, axis=-1))
    return 0.5 * np.maximum(margin - distance, 0.0) ** 2


def assert_terms(model, x):
    """Compare with the equations of the docstring, without a stopped gradient."""
    z = np.array(model.encode(x), "float64")
    generated = model.decode(z)
    z_generated = np.array(model.encode(generated), "float64")
    repaired = model.repair(generated) if model.repair else generated
    z_stopped = np.array(model.encode(repaired), "float64")
    even, odd = z[0::2][: len(z) // 2], z[1::2]
    expected = {
        "cycle": 0.5 * np.mean((z_generated - z) ** 2),
        "spread": np.mean(numpy_different(even, odd, model.margin)),
        "discrimination": np.mean(numpy_different(z_stopped, z, model.margin)),
        "latent_length": 0.5 * (np.mean(z**2) + np.mean(z_generated**2)),
        "mse": np.mean(
            [
                np.mean((np.array(a) - np.array(b)) ** 2)
                for a, b in zip(
                    keras.tree.flatten(x), keras.tree.flatten(generated), strict=True
                )
            ]
        ),
    }
    model.compile(run_eagerly=True)
    logs = model.evaluate(x, batch_size=len(z), return_dict=True, verbose=0)
    expected["loss"] = sum(
        float(model._weight_by_term[term]) * expected[term] for term in TERMS
    )
    assert logs == pytest.approx(expected, rel=1e-5)


class TestTerms:
    @pytest.mark.parametrize("count", [6, 7])
    def test_equal_the_equations(self, count):
        assert_terms(build(), images(count))

    def test_equal_the_equations_on_mixed_data(self):
        repair = Repair({"category": "one_hot"})
        assert_terms(build(**mixed_networks(), repair=repair), mixed_data(6))

    def test_the_margin_bounds_the_distance(self):
        model, x = build(margin=1e-4), images(6)
        terms = model.objective(Batch(x), True)
        assert float(ops.max(terms["spread"])) == 0.0

    def test_default_weights(self):
        model = EncDec(**dense_networks())
        weights = {name: float(weight) for name, weight in model.term_weights.items()}
        assert weights == {
            "cycle_weight": 1.0,
            "spread_weight": 1.0,
            "discrimination_weight": 2.0,
        }
        assert model.margin == 1.0


class TestSpread:
    def test_a_last_odd_row_has_no_partner(self):
        terms = build().objective(Batch(images(5)), True)
        spread = np.array(terms["spread"])
        assert spread.shape == (5,)
        assert spread[-1] == 0.0
        assert (spread[:4] > 0.0).all()

    def test_a_batch_of_one_row(self):
        model = build()
        terms = model.objective(Batch(images(1)), True)
        assert np.array(terms["spread"]).tolist() == [0.0]
        model.compile(run_eagerly=True)
        model.fit(images(1), verbose=0)
        assert all(np.isfinite(w).all() for w in model.get_weights())

    def test_equal_codes_have_a_finite_gradient(self):
        model = build()
        x = np.repeat(images(1), 4, axis=0)
        for gradient in gradients.gradients(model, lambda: gradients.loss(model, x)):
            assert np.isfinite(gradient).all()

    def test_perfect_generations_have_a_finite_gradient(self):
        """z'' equals z exactly where the decoder gives x back."""
        encoder = keras.Sequential([keras.Input((3,)), keras.layers.Flatten()])
        decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
        model = EncDec(encoder, decoder)
        model.code.set_weights([np.eye(3), np.zeros(3)])
        decoder.layers[0].set_weights([np.eye(3), np.zeros(3)])
        x = np.random.default_rng(0).integers(0, 3, (4, 3)).astype("float32")
        terms = model.objective(Batch(x), True)
        np.testing.assert_array_equal(terms["discrimination"], 0.5)
        for gradient in gradients.gradients(model, lambda: gradients.loss(model, x)):
            assert np.isfinite(gradient).all()


class TestGradients:
    def two_passes(self, model, x):
        """The loss as written down, with an encoder pass for z' and one for z''."""
        z = model.encode(x, training=True)
        generated = model.decode(z, training=True)
        z_live = model.encode(generated, training=True)
        z_stopped = model.encode(
            keras.tree.map_structure(ops.stop_gradient, generated), training=True
        )
        paired = len(z) // 2 * 2
        return (
            TERMS["cycle"] * ops.mean(same(z_live, z))
            + TERMS["spread"]
            * ops.mean(different(z[0:paired:2], z[1:paired:2], model.margin))
            + TERMS["discrimination"] * ops.mean(different(z_stopped, z, model.margin))
        )

    @pytest.mark.parametrize("count", [6, 7])
    @pytest.mark.parametrize(
        ("networks", "data"),
        [(dense_networks, images), (mixed_networks, mixed_data)],
        ids=["images", "mixed"],
    )
    def test_the_shared_pass_equals_two_passes(self, count, networks, data):
        model, x = build(**networks()), data(count)
        gradients.assert_same_gradients(
            gradients.gradients(model, lambda: gradients.loss(model, x)),
            gradients.gradients(model, lambda: self.two_passes(model, x)),
        )

    @pytest.mark.parametrize("repair", [None, keras.layers.Identity()])
    def test_discrimination_does_not_move_the_decoder_through_its_images(self, repair):
        model = build(repair=repair)
        x = images(6)

        def discrimination():
            return ops.mean(model.objective(Batch(x), True)["discrimination"])

        moved = gradients.gradients(model, discrimination)
        decoder = {id(v) for v in model.decoder.trainable_variables}
        to_encoder = 0.0
        for variable, gradient in zip(model.trainable_variables, moved, strict=True):
            if id(variable) in decoder:
                np.testing.assert_array_equal(gradient, 0.0)
            else:
                to_encoder += np.abs(gradient).sum()
        assert to_encoder > 0.0

    def test_cycle_moves_encoder_and_decoder(self):
        model, x = build(), images(6)
        moved = gradients.gradients(
            model, lambda: ops.mean(model.objective(Batch(x), True)["cycle"])
        )
        assert all(np.abs(gradient).max() > 0.0 for gradient in moved)

    @pytest.mark.parametrize("term", TERMS)
    def test_a_weight_of_zero_switches_its_term_off(self, term):
        model, x = build(**{f"{term}_weight": 0.0}), images(6)

        def others():
            terms = model.objective(Batch(x), True)
            return sum(w * ops.mean(terms[t]) for t, w in TERMS.items() if t != term)

        gradients.assert_same_gradients(
            gradients.gradients(model, lambda: gradients.loss(model, x)),
            gradients.gradients(model, others),
        )

    def test_an_identical_repair_changes_nothing(self):
        networks, x = dense_networks(), images(6)
        model = build(**networks)
        repaired = build(**networks, repair=keras.layers.Identity())
        repaired.code.set_weights(model.code.get_weights())
        gradients.assert_same_gradients(
            gradients.gradients(model, lambda: gradients.loss(model, x)),
            gradients.gradients(repaired, lambda: gradients.loss(repaired, x)),
        )


class TestRepair:
    def test_the_discrimination_sees_repaired_data(self):
        seen = []

        @keras.saving.register_keras_serializable(package="tests")
        class Noted(Repair):
            def call(self, x):
                repaired = super().call(x)
                seen.append({name: np.array(value) for name, value in repaired.items()})
                return repaired

        model = build(**mixed_networks(), repair=Noted({"category": "one_hot"}))
        model.objective(Batch(mixed_data(5)), True)
        assert len(seen) == 1
        category = seen[0]["category"]
        assert category.shape == (5, 4)
        np.testing.assert_array_equal(np.sort(category, axis=-1)[:, -1], 1.0)
        np.testing.assert_array_equal(category.sum(axis=-1), 1.0)

    @pytest.mark.all
    def test_trains_on_images_with_categories(self):
        model = build(
            **mixed_networks(),
            likelihood={"image": "gaussian", "category": "categorical"},
            repair=Repair({"category": "one_hot"}),
        )
        model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
        x = mixed_data(16)
        cycle = model.fit(x, batch_size=8, epochs=10, verbose=0).history["cycle"]
        assert np.isfinite(cycle).all()
        reconstructed = model.predict(x, verbose=0)
        assert reconstructed["image"].shape == x["image"].shape
        np.testing.assert_allclose(reconstructed["category"].sum(-1), 1.0, rtol=1e-5)


def test_a_dropout_encoder_draws_one_mask_for_both_codes():
    networks = dense_networks()
    dropped = keras.layers.Dropout(0.5, seed=1)(networks["encoder"].outputs[0])
    networks["encoder"] = keras.Model(networks["encoder"].inputs, dropped)
    model = build(**networks)
    calls = []
    encoded = model.encoded
    model.encoded = lambda *args: calls.append(1) or encoded(*args)
    terms = model.objective(Batch(images(4)), True)
    assert len(calls) == 2
    assert np.isfinite(terms["discrimination"]).all()


@pytest.mark.parametrize(
    "name", ["margin", "cycle_weight", "spread_weight", "discrimination_weight"]
)
def test_negative_arguments(name):
    with pytest.raises(ValueError, match=rf"`{name}`.*Received: {name}=-1"):
        build(**{name: -1})


def test_the_latent_dim_is_read_from_the_decoder():
    assert build().latent_dim == LATENT_DIM
