"""What holds for every variant: configuration, data, logs, numerics, randomness."""

import functools
import inspect
import json
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent import models
from keras_latent.keras_internals import random_states
from keras_latent.typing import Batch
from tests.models.cases import (
    CASES,
    decode,
    each_case,
    few_cases,
    first_terms,
    in_tiers,
    optimizers,
)
from tests.tiers import rarely


def compiled(model, optimizer=None, **arguments):
    """The model, compiled to run eagerly: quicker for a few steps."""
    arguments = {"run_eagerly": True, **arguments}
    model.compile(
        optimizers(model, optimizer or keras.optimizers.SGD(0.01)), **arguments
    )
    return model


@functools.cache
def untrained(name):
    """A model that several tests look at, and none changes."""
    return next(case for case in CASES if case.name == name).build()


SEVERAL_PLAYERS = [
    *("adversarial", "vae-gan", "bigan", "alae", "soft-intro", "vqgan"),
    "autoencoder-kl",
]


def first_rows(x, stop, start=0):
    return keras.tree.map_structure(lambda column: column[start:stop], x)


def values_of(variables):
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_all_close(actual, expected, **tolerances):
    actual, expected = keras.tree.flatten(actual), keras.tree.flatten(expected)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, **tolerances)


class TestCases:
    def test_every_variant_has_a_case_and_every_case_a_variant(self):
        variants = set(models.VARIANTS.values())
        assert {case.variant for case in CASES} == variants

    def test_every_final_class_is_a_variant(self):
        public = [getattr(models, name) for name in models.__all__]
        classes = {c for c in public if inspect.isclass(c)}
        latent = {c for c in classes if issubclass(c, models.LatentModel)}
        final = {c for c in latent if not any(c in d.__bases__ for d in latent)}
        assert final == set(models.VARIANTS.values())

    def test_the_cases_have_names_of_their_own(self):
        assert len({case.name for case in CASES}) == len(CASES)


@each_case
class TestConfig:
    def test_config_holds_the_arguments(self, case):
        arguments = {**case.networks(), **case.arguments(), "name": "mine"}
        config = case.variant(**arguments).get_config()
        for name, value in arguments.items():
            if isinstance(value, keras.layers.Layer):
                value = keras.saving.serialize_keras_object(value)
            if isinstance(value, dict) and name == "likelihood":
                assert config[name]["config"]["likelihoods"].keys() == value.keys()
            else:
                assert json.dumps(config[name]) == json.dumps(value), name
        signature = inspect.signature(case.variant.__init__).parameters
        named = {n for n, p in signature.items() if p.kind is not p.VAR_KEYWORD}
        assert named - {"self"} <= config.keys()

    def test_config_makes_an_equal_model(self, case):
        model = untrained(case.name)
        config = json.loads(json.dumps(model.get_config()))
        again = case.variant.from_config(config)
        found = json.loads(json.dumps(again.get_config()))
        # Keras writes a functional network otherwise once it was read: see the outputs.
        for name in config.keys() - case.networks().keys():
            written = config[name]
            if isinstance(written, dict) and written.get("class_name") == "Functional":
                continue
            assert found[name] == written, name
        assert found.keys() == config.keys()
        again.set_weights(model.get_weights())
        x = case.data(3)
        assert_all_close(again.reconstruct(x), model.reconstruct(x))


@in_tiers(CASES, SEVERAL_PLAYERS)
def test_the_objective_is_traced(case):
    """What an eager step alone could do, such as branching by a value, fails here."""
    model, x = case.build(), case.with_labels(case.data(3))
    x, labels = x if isinstance(x, tuple) else (x, None)
    batch = Batch(keras.tree.map_structure(keras.ops.convert_to_tensor, x), labels)
    traced = tf.function(lambda: model.objective(batch, True))
    found = traced.get_concrete_function().structured_outputs
    # And what is watched alone.
    minimised = {t for player in model.players().values() for t in player.terms}
    assert found.keys() >= minimised


@each_case
class TestPasses:
    def test_shapes_and_dtypes(self, case):
        model, x = untrained(case.name), case.data(3)
        assert model.code_shape == case.code_shape
        assert model.latent_dim == np.prod(case.code_shape)
        for sample in (False, True):
            z = model.encode(x, sample=sample)
            assert z.shape == (3, *case.code_shape)
            assert z.dtype == "float32"
        decoded = keras.tree.map_structure(
            lambda t: tuple(t.shape), decode(model, z, x)
        )
        expected = keras.tree.map_structure(lambda t: t.shape, model.target(x))
        assert decoded == expected

    def test_predict_gives_the_reconstruction(self, case):
        model, x = compiled(case.build()), case.data(5)
        predicted = model.predict(x, batch_size=2, verbose=0)
        assert_all_close(predicted, model.reconstruct(x), atol=1e-6)

    def test_summary_counts_every_variable(self, case, capsys):
        model = untrained(case.name)
        model.summary()
        total = f"Total params: {model.count_params():,}"
        assert total in capsys.readouterr().out


@few_cases
class TestData:
    def test_every_form_of_data_gives_the_same_loss(self, case):
        x = case.data(8)
        y = np.arange(8) if case.labels is None else case.labels(8)
        weight = np.ones(8, "float32")
        slices = tf.data.Dataset.from_tensor_slices
        forms = {
            "x": {"x": x, "batch_size": 4},
            "(x,)": {"x": (x,), "batch_size": 4},
            "(x, y)": {"x": (x, y), "batch_size": 4},
            "(x, y, w)": {"x": (x, y, weight), "batch_size": 4},
            "x and y": {"x": x, "y": y, "sample_weight": weight, "batch_size": 4},
            "x and w": {"x": x, "sample_weight": weight, "batch_size": 4},
            "data of x": {"x": slices(x).batch(4)},
            "data of (x,)": {"x": slices((x,)).batch(4)},
            "data of (x, y)": {"x": slices((x, y)).batch(4)},
            "data of (x, y, w)": {"x": slices((x, y, weight)).batch(4)},
        }
        if case.labels is not None:
            forms = {name: form for name, form in forms.items() if "y" in name}
        model = compiled(case.build(), keras.optimizers.SGD(0.0))
        if model.condition is not None:
            # It comes within x, beside which there is no other.
            forms = {name: form for name, form in forms.items() if "y" not in name}
        state, weights = values_of(random_states(model)), model.get_weights()

        def loss(method, form):
            model.set_weights(weights)  # The data moves some of them.
            for variable, value in zip(random_states(model), state, strict=True):
                variable.assign(value)
            if method == "evaluate":
                return model.evaluate(**forms[form], verbose=0)[0]
            history = model.fit(**forms[form], shuffle=False, verbose=0).history
            return history["loss"][0]

        expected = loss("fit", next(iter(forms)))
        for form in forms:
            assert loss("fit", form) == pytest.approx(expected, rel=1e-6), form
        expected = loss("evaluate", next(iter(forms)))
        for form in forms.keys() & {"(x,)", "(x, y, w)", "data of (x, y, w)"}:
            assert loss("evaluate", form) == pytest.approx(expected, rel=1e-6), form

    def test_predict_takes_datasets(self, case):
        model, x = compiled(case.build()), case.data(5)
        expected = model.reconstruct(x)
        dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(5))).batch(2)
        assert_all_close(model.predict(dataset, verbose=0), expected, atol=1e-6)

    def test_validation_split(self, case):
        model = compiled(case.build())
        logs = model.fit(
            case.with_labels(case.data(8)),
            batch_size=4,
            validation_split=0.5,
            verbose=0,
        ).history
        assert np.isfinite(logs["val_loss"][0])

    @pytest.mark.parametrize("count", [1, 5])
    def test_batch_of_one_and_ragged_last_batch(self, case, count):
        model = compiled(case.build())
        x = case.with_labels(case.data(count))
        logs = model.fit(x, batch_size=2, verbose=0).history
        assert all(np.isfinite(values[0]) for values in logs.values())

    def test_loss_does_not_depend_on_the_batch_size(self, case):
        model = case.build(**case.separable)
        x = case.with_labels(case.data(7))
        if hasattr(model, "num_samples") or hasattr(model, "leapfrog"):
            pytest.skip("log q(z|x) is taken at the draw")
        # Draws differ between batch sizes, codes that don't vary are alike; but a
        # divergence at the draw varies all the same.
        if hasattr(model, "code_log_var") and model.splits_divergence():
            silence(model.code_log_var)
        elif model.has_prior:
            pytest.skip("draws that vary differ between batch sizes")
        losses = []
        for batch_size in (7, 3, 1):
            compiled(model)
            # What is drawn for terms that are no draws of a code.
            for name in ("contraction", "penalty", "perturbation"):
                if hasattr(model, f"{name}_weight"):
                    getattr(model, f"{name}_weight").assign(0.0)
            logs = model.evaluate(x, batch_size=batch_size, return_dict=True, verbose=0)
            losses.append(logs["loss"])
        np.testing.assert_allclose(losses, losses[0], rtol=1e-5)


def silence(code_log_var):
    """Make the posterior's variance as small as it gets."""
    kernel, bias = code_log_var.get_weights()
    code_log_var.set_weights([0.0 * kernel, 0.0 * bias - 20.0])


class Fit(NamedTuple):
    """What a traced training logged, before and after a weight was changed."""

    first: dict
    second: dict
    weights: list
    names: set
    regularization: float
    traces: list
    changed: str


@functools.cache
def traced(name):
    """Train once for all that logs tell: a trace takes longer than anything else."""
    case = next(case for case in CASES if case.name == name)
    networks = case.networks()
    last = networks[case.encoder].layers[-1]
    last.kernel.regularizer = keras.regularizers.L2(0.1)
    model = compiled(case.build(**networks), run_eagerly=False)
    traces, objective = [], model.objective

    def counted(batch, training):
        traces.append(training)
        return objective(batch, training)

    model.objective = counted
    changed, weight = next(iter(model._weight_by_term.items()))

    def fit():
        history = model.fit(
            case.with_labels(case.data(8)),
            batch_size=4,
            shuffle=False,
            validation_data=case.with_labels(case.data(6, seed=3)),
            verbose=0,
        ).history
        now = {term: float(own) for term, own in first_terms(model).items()}
        return {name: values[0] for name, values in history.items()}, now, len(traces)

    first, *before = fit()
    regularization = 0.1 * float(keras.ops.sum(last.kernel**2))
    weight.assign(float(weight) + 2.0)
    second, *after = fit()
    (was, traced_once), (now, traced_twice) = before, after
    return Fit(
        first,
        second,
        [was, now],
        {"loss", *model._trackers},
        regularization,
        [traced_once, traced_twice],
        changed,
    )


@few_cases
class TestLogs:
    def test_keys_are_the_declared_names(self, case):
        fit = traced(case.name)
        expected = fit.names | {f"val_{name}" for name in fit.names}
        assert set(fit.first) == set(fit.second) == expected

    def test_loss_is_the_weighted_sum_of_the_terms(self, case):
        fit = traced(case.name)
        for logs, weights in zip(fit[:2], fit.weights, strict=True):
            for prefix in ("", "val_"):
                total = sum(
                    weight * logs[prefix + term] for term, weight in weights.items()
                )
                total += logs[f"{prefix}regularization"]
                assert logs[f"{prefix}loss"] == pytest.approx(total, rel=1e-5)

    def test_regularisers_of_the_user_count_once(self, case):
        fit = traced(case.name)
        found = fit.first["val_regularization"]
        assert found == pytest.approx(fit.regularization, rel=1e-5)

    def test_a_changed_weight_changes_the_loss_without_a_retrace(self, case):
        fit = traced(case.name)
        once, twice = fit.traces
        assert once == twice > 0
        was, now = fit.weights
        assert now[fit.changed] == pytest.approx(was[fit.changed] + 2.0)
        assert fit.second[fit.changed] != 0.0


@few_cases
class TestSampleWeight:
    def step(self, case, x, **arguments):
        model = compiled(case.build(**case.separable), keras.optimizers.SGD(0.1))
        model.set_weights(case_weights(model))
        x = case.with_labels(x)
        logs = model.fit(x, shuffle=False, verbose=0, **arguments).history
        return values_of(model.trainable_variables), logs

    def test_ones_are_none(self, case):
        x = case.data(4)
        weights, logs = self.step(case, x)
        same_weights, same_logs = self.step(case, x, sample_weight=np.ones(4))
        assert logs["loss"] == pytest.approx(same_logs["loss"])
        assert_all_close(same_weights, weights, atol=1e-7)

    def test_rows_of_weight_zero_move_nothing(self, case):
        if case.name == "factor":
            pytest.skip("its discriminator sees all rows of a batch")
        if case.name == "vqvae":
            pytest.skip("its table follows all rows of a batch")
        x, other = case.data(4), case.data(4, seed=9)
        weight = np.array([1.0, 0.5, 0.0, 0.0])
        changed = keras.tree.map_structure(
            lambda a, b: np.concatenate([a[:2], b[2:]]), x, other
        )
        weights, logs = self.step(case, x, sample_weight=weight)
        same_weights, same_logs = self.step(case, changed, sample_weight=weight)
        assert logs["loss"] == pytest.approx(same_logs["loss"])
        assert_all_close(same_weights, weights, atol=1e-7)

    def test_the_mean_is_over_the_batch_size(self, case):
        x = case.data(4)
        _, logs = self.step(case, x)
        _, weighted = self.step(case, x, sample_weight=np.full(4, 0.5))
        model = case.build(**case.separable)
        compiled(model)
        y = None if case.labels is None else case.labels(4)
        batch_terms = model.objective(Batch(x, y), False)
        for term in model._weight_by_term:
            value = batch_terms[term]
            factor = 0.5 if len(value.shape) else 1.0
            expected = pytest.approx(factor * logs[term][0], rel=1e-5, abs=1e-7)
            assert weighted[term][0] == expected, term


def case_weights(model):
    """Weights that are the same for all models of one case."""
    rng = np.random.default_rng(0)
    return [
        rng.normal(0.0, 0.3, w.shape) if len(w.shape) > 1 else w
        for w in model.get_weights()
    ]


@few_cases
class TestPrecision:
    @pytest.mark.parametrize("policy", ["mixed_float16", *rarely("mixed_bfloat16")])
    def test_trains_in_half_precision(self, case, policy, dtype_policy):
        dtype_policy(policy)
        model = compiled(case.build(), keras.optimizers.Adam(0.03), run_eagerly=False)
        is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        assert is_scaled == (policy == "mixed_float16")
        x = case.data(8)
        assert model.encode(x).dtype == "float32"
        # Epochs of five steps, since the mean of a few depends less on the noise drawn.
        again = keras.tree.map_structure(lambda a: np.concatenate(5 * [a]), x)
        given = case.with_labels(again)
        logs = model.fit(given, batch_size=8, epochs=6, verbose=0).history
        # Players work against each other: what all must do is reconstruct better.
        losses = logs["loss" if len(model.players()) == 1 else "reconstruction"]
        assert np.isfinite(logs["loss"]).all()
        # The contrasts of an encoder-decoder work against each other, so that their sum
        # needn't fall.
        if "reconstruction" in model._weight_by_term:
            assert losses[-1] < losses[0]

    def test_large_inputs_stay_finite(self, case, dtype_policy):
        default = inspect.signature(case.variant.__init__).parameters["likelihood"]
        likelihood = case.arguments().get("likelihood", default.default)
        if likelihood in ("bernoulli", "continuous_bernoulli"):
            pytest.skip("its likelihood is one of values in [0, 1]")
        dtype_policy("mixed_float16")
        networks = case.networks(output_activation=None)
        model = compiled(case.build(**networks))
        x = case.data(4)
        if isinstance(x, dict):
            x["image"] = 1e3 * x["image"]
        else:
            x = 1e3 * x
        logs = model.fit(case.with_labels(x), batch_size=4, verbose=0).history
        assert all(np.isfinite(values[0]) for values in logs.values())
        assert all(np.isfinite(v).all() for v in values_of(model.variables))


@few_cases
class TestCompilation:
    def losses(self, case, **arguments):
        keras.utils.set_random_seed(1)
        model = compiled(case.build(), keras.optimizers.SGD(0.01), **arguments)
        x = case.with_labels(case.data(8))
        return model.fit(x, batch_size=2, epochs=2, shuffle=False, verbose=0).history[
            "loss"
        ]

    def test_several_steps_a_call_give_the_same_losses(self, case):
        expected = self.losses(case, run_eagerly=True)
        several_steps = self.losses(case, run_eagerly=False, steps_per_execution=4)
        np.testing.assert_allclose(several_steps, expected, rtol=1e-5)

    @pytest.mark.all
    def test_xla_gives_the_same_losses(self, case, monkeypatch):
        def draw(shape, *arguments, **options):
            numbers = keras.ops.arange(keras.ops.prod(keras.ops.stack(shape)))
            return keras.ops.reshape(
                keras.ops.cos(keras.ops.cast(numbers, "float32")), shape
            )

        def drawn_evenly(*arguments, **options):
            return 0.9 * draw(*arguments) ** 2

        # XLA draws other numbers from the same seed.
        monkeypatch.setattr(keras.random, "normal", draw)
        monkeypatch.setattr(keras.random, "uniform", drawn_evenly)
        expected = self.losses(case, run_eagerly=True)
        by_xla = self.losses(case, run_eagerly=False, jit_compile=True)
        np.testing.assert_allclose(by_xla, expected, rtol=1e-4)


@few_cases
class TestRandomness:
    def trained(self, case, seed, arguments=None):
        keras.utils.set_random_seed(seed)
        model = compiled(case.build(**(arguments or {})), run_eagerly=False)
        model.set_weights(case_weights(model))
        x = case.with_labels(case.data(8))
        model.fit(x, batch_size=4, shuffle=False, verbose=0)
        return values_of(model.trainable_variables)

    def test_same_seed_same_result(self, case):
        first, second = self.trained(case, seed=3), self.trained(case, seed=3)
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_another_seed_draws_other_noise(self, case):
        if not case.is_random:
            pytest.skip("draws no noise")
        reseeded = dict(case.arguments())
        if "seed" in reseeded:
            reseeded["seed"] = 8
        for name in {"corruption", "quantizer"} & reseeded.keys():
            config = {**reseeded[name].get_config(), "seed": 8}
            reseeded[name] = type(reseeded[name]).from_config(config)
        first = self.trained(case, seed=3)
        second = self.trained(case, seed=3, arguments=reseeded)
        assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@few_cases
class TestState:
    def test_training_changes_variables_alone(self, case):
        def plain_state(model):
            return {
                name: np.array(value)
                for name, value in vars(model).items()
                if isinstance(value, float | np.ndarray | tf.Tensor)
            }

        model = compiled(case.build())
        before = plain_state(model)
        model.fit(case.with_labels(case.data(4)), epochs=2, verbose=0)
        after = plain_state(model)
        assert before.keys() == after.keys()
        for name, value in before.items():
            np.testing.assert_array_equal(after[name], value, err_msg=name)

    def test_a_frozen_encoder_does_not_move(self, case):
        model = case.build()
        encoder = getattr(model, case.encoder)
        encoder.trainable = False
        compiled(model, keras.optimizers.SGD(0.1))
        frozen = values_of(encoder.variables)
        moving = values_of(model.decoder.variables)
        model.fit(case.with_labels(case.data(4)), verbose=0)
        assert_all_close(values_of(encoder.variables), frozen, rtol=0)
        assert any(
            not np.array_equal(a, b)
            for a, b in zip(values_of(model.decoder.variables), moving, strict=True)
        )

    def test_batch_normalisation_in_the_encoder(self, case):
        networks = case.networks()
        encoder = networks[case.encoder]
        normalised = keras.layers.BatchNormalization()(encoder.outputs[0])
        inputs = encoder.input if case.name == "encdec-mixed" else encoder.inputs
        networks[case.encoder] = keras.Model(inputs, normalised)
        model = compiled(case.build(**networks), run_eagerly=False)
        moving_mean = networks[case.encoder].layers[-1].moving_mean
        model.fit(case.with_labels(case.data(8)), batch_size=4, verbose=0)
        assert np.abs(moving_mean).max() > 0.0
        assert np.isfinite(moving_mean).all()
