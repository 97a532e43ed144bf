"""What holds for every variant on disk: saved, loaded elsewhere, trained on."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_latent import models
from keras_latent.keras_internals import random_states
from tests.models.cases import CASES, decode, each_family, few_cases, optimizers

# Loads each model of a folder, notes what it holds and gives, and trains on.
RESUME = """
import sys
from pathlib import Path

import keras
import numpy as np

import keras_latent

folder = Path(sys.argv[1])
for path in sorted(folder.glob("*.keras")):
    model = keras.saving.load_model(path, safe_mode=True)
    data = np.load(folder / f"{path.stem}-data.npz")
    x = {name: data[name] for name in data.files}
    labels = x.pop("labels", None)
    x = x["x"] if set(x) == {"x"} else x
    given = x if labels is None else (x, labels)
    found = {}

    def note(prefix, values):
        for index, value in enumerate(keras.tree.flatten(values)):
            found[f"{prefix}/{index}"] = keras.ops.convert_to_numpy(value)

    note("variables", model.variables)
    optimizers = model.optimizers.values()
    note("optimizer", [o.variables for o in optimizers])
    z = model.encode(x)
    note("encode", z)
    condition = {} if model.condition is None else {"y": x["y"]}
    note("decode", model.decode(z, **condition))
    note("reconstruct", model.reconstruct(x))
    history = model.fit(
        given, batch_size=4, shuffle=False, initial_epoch=2, epochs=4, verbose=0
    ).history
    note("losses", np.array(history["loss"]))
    note("trained", model.variables)
    np.savez(folder / f"{path.stem}-found.npz", **found)
"""

# Loads the exported halves of each model without the library.
USE_HALVES = """
import sys
from pathlib import Path

import keras
import numpy as np

folder = Path(sys.argv[1])
for path in sorted(folder.glob("*-encoder.keras")):
    case = path.stem.removesuffix("-encoder")
    data = np.load(folder / f"{case}-data.npz")
    x = {name: data[name] for name in data.files}
    encoder = keras.saving.load_model(path)
    z = np.array(encoder(x["x"] if set(x) == {"x"} else x))
    given = {"x": z, "y": x["y"]} if "y" in x else z
    decoded = keras.saving.load_model(folder / f"{case}-decoder.keras")(given)
    np.savez(
        folder / f"{case}-found.npz",
        **{f"decode/{i}": v for i, v in enumerate(keras.tree.flatten(decoded))},
        **{"encode/0": z},
    )
if "keras_latent" in sys.modules:
    sys.exit("keras_latent was imported")
"""


def run(script, folder):
    result = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def noted(prefix, values):
    return {
        f"{prefix}/{index}": keras.ops.convert_to_numpy(value)
        for index, value in enumerate(keras.tree.flatten(values))
    }


def save_data(path, x, labels=None):
    columns = dict(x) if isinstance(x, dict) else {"x": x}
    np.savez(path, **columns, **({} if labels is None else {"labels": labels}))


def assert_noted(found, expected, **tolerances):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, err_msg=name, **tolerances)


def wanted(request):
    """The cases of the tests that are to run, of which some are of the tier `all`."""
    names = {
        item.callspec.params["case"].name
        for item in request.session.items
        if item.path == request.path and request.fixturename in item.fixturenames
    }
    return [case for case in CASES if case.name in names]


@pytest.fixture(scope="module")
def resumed(request, tmp_path_factory):
    """For each case, what this process expects of another one, and the folder."""
    folder = tmp_path_factory.mktemp("saved")
    expected = {}
    for case in wanted(request):
        keras.utils.set_random_seed(5)
        model, x = case.build(), case.data(8)
        # Eagerly: this counts for each case. What is traced is saved the same.
        model.compile(optimizers(model, keras.optimizers.Adam(0.01)), run_eagerly=True)

        def save_in_the_middle(epoch, logs, case=case, model=model, x=x):
            if epoch != 1:
                return
            model.save(folder / f"{case.name}.keras")
            labels = None if case.labels is None else case.labels(8)
            save_data(folder / f"{case.name}-data.npz", x, labels)
            z = model.encode(x)
            expected[case.name] = {
                **noted("variables", model.variables),
                **noted("optimizer", [o.variables for o in model.optimizers.values()]),
                **noted("encode", z),
                **noted("decode", decode(model, z, x)),
                **noted("reconstruct", model.reconstruct(x)),
            }

        callback = keras.callbacks.LambdaCallback(on_epoch_end=save_in_the_middle)
        history = model.fit(
            case.with_labels(x),
            batch_size=4,
            shuffle=False,
            epochs=4,
            callbacks=[callback],
            verbose=0,
        ).history
        expected[case.name] |= noted("losses", np.array(history["loss"][2:]))
        expected[case.name] |= noted("trained", model.variables)
    run(RESUME, folder)
    return folder, expected


@each_family
def test_a_fresh_process_loads_the_model_and_trains_on(case, resumed):
    folder, expected = resumed
    found = np.load(folder / f"{case.name}-found.npz")
    assert set(found.files) == set(expected[case.name])
    assert_noted(found, expected[case.name], rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def exported(request, tmp_path_factory):
    """For each case, what the saved halves shall give, and the folder."""
    folder = tmp_path_factory.mktemp("halves")
    expected = {}
    for case in wanted(request):
        model, x = case.build(), case.data(4)
        save_data(folder / f"{case.name}-data.npz", x)
        model.to_encoder().save(folder / f"{case.name}-encoder.keras")
        model.to_decoder().save(folder / f"{case.name}-decoder.keras")
        z = model.encode(x)
        expected[case.name] = {
            **noted("encode", z),
            **noted("decode", decode(model, z, x)),
        }
    run(USE_HALVES, folder)
    return folder, expected


@each_family
def test_the_halves_load_without_the_library(case, exported):
    folder, expected = exported
    found = np.load(folder / f"{case.name}-found.npz")
    assert_noted(found, expected[case.name], atol=1e-6)


@few_cases
def test_the_halves_share_the_weights(case):
    model, x = case.build(), case.data(4)
    encoder, decoder = model.to_encoder(), model.to_decoder()
    before = encoder.predict(x, verbose=0)
    model.compile(optimizers(model, keras.optimizers.SGD(0.1)), run_eagerly=True)
    model.fit(case.with_labels(x), verbose=0)
    after = encoder.predict(x, verbose=0)
    assert np.abs(after - before).max() > 1e-6
    np.testing.assert_allclose(after, model.encode(x), atol=1e-6)
    given = after if model.condition is None else {"x": after, "y": x["y"]}
    found, expected = decoder.predict(given, verbose=0), decode(model, after, x)
    assert_noted(noted("decode", found), noted("decode", expected), atol=1e-6)


@each_family
def test_a_model_saves_before_any_training(case, tmp_path):
    model, x = case.build(), case.data(3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    assert_noted(
        noted("x", loaded.reconstruct(x)), noted("x", model.reconstruct(x)), rtol=0
    )


@each_family
def test_weights_round_trip(case, tmp_path):
    model, other, x = case.build(), case.build(), case.data(3)
    for weight in model.term_weights.values():
        weight.assign(0.25)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    # Weights alone bring no random state along.
    found, expected = (
        [v for v in m.variables if not any(v is s for s in random_states(m))]
        for m in (other, model)
    )
    assert_noted(noted("variables", found), noted("variables", expected), rtol=0)
    assert_noted(
        noted("x", other.reconstruct(x)), noted("x", model.reconstruct(x)), rtol=0
    )


@few_cases
def test_callbacks_of_keras(case, tmp_path):
    model, x = case.build(), case.data(8)
    if hasattr(model, "quantizer"):
        model.quantizer.trainable = False  # Else the data moves it without a gradient.
    model.compile(optimizers(model, keras.optimizers.SGD(0.0)), run_eagerly=True)
    best = tmp_path / "best.keras"
    history = model.fit(
        case.with_labels(x),
        epochs=3,
        validation_data=case.with_labels(case.data(4, seed=2)),
        callbacks=[
            keras.callbacks.ModelCheckpoint(best, save_best_only=True),
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=1, min_delta=1e3, restore_best_weights=True
            ),
        ],
        verbose=0,
    ).history
    assert len(history["loss"]) == 2
    loaded = keras.saving.load_model(best)
    assert_noted(
        noted("x", loaded.reconstruct(x)), noted("x", model.reconstruct(x)), atol=1e-6
    )


@few_cases
def test_a_killed_training_is_backed_up_and_restored(case, tmp_path):
    x = case.data(8)

    def train(epochs, stop_at=None, folder=None):
        keras.utils.set_random_seed(5)
        model = case.build()
        model.compile(optimizers(model, keras.optimizers.Adam(0.01)), run_eagerly=True)

        def stop(epoch, logs):
            if epoch == stop_at:
                raise KeyboardInterrupt

        callbacks = [keras.callbacks.LambdaCallback(on_epoch_begin=stop)]
        if folder:
            callbacks.insert(0, keras.callbacks.BackupAndRestore(folder))
        model.fit(
            case.with_labels(x),
            batch_size=4,
            epochs=epochs,
            shuffle=False,
            callbacks=callbacks,
            verbose=0,
        )
        return model

    expected = train(2)
    with pytest.raises(KeyboardInterrupt):
        train(2, stop_at=1, folder=tmp_path)
    again = train(2, folder=tmp_path)
    assert int(again.optimizer.iterations) == 4
    assert_noted(
        noted("variables", again.variables),
        noted("variables", expected.variables),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_term_weight_that_was_changed_is_saved(tmp_path):
    model = next(case for case in CASES if case.variant is models.VAE).build()
    model.beta.assign(0.125)
    model.save(tmp_path / "model.keras")
    assert float(keras.saving.load_model(tmp_path / "model.keras").beta) == 0.125
