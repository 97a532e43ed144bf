import csv
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import keras_latent
from keras_latent.cli import classifier, fitting
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.run_folder import RunFolder
from keras_latent.cli.training import resume, train
from keras_latent.models import VAE, CapacityVAE
from tests.processes import run_workers

RECONSTRUCTION = [
    "test mse",
    "test mse of the mean image",
    "test mse of PCA with 2 numbers",
]
ACCURACIES = [
    "test 5-NN accuracy of the codes",
    "test 5-NN accuracy of the pixels",
    "test accuracy of the majority",
]


@pytest.fixture
def arguments(image_folder):
    return Arguments(
        variant="vae",
        dataset=str(image_folder),
        epochs=3,
        batch_size=5,
        latent_dim=2,
        learning_rate=1e-3,
        image_size=None,
        seed=3,
        strategy="none",
        precision="float32",
    )


pytestmark = pytest.mark.usefixtures("few_traces")


def history(folder):
    with open(folder / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def weights(folder):
    return keras_latent.load_model(folder / "model.keras").get_weights()


def assert_same_weights(folder, other):
    for ours, theirs in zip(weights(folder), weights(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_refuses_images_that_are_too_small(arguments, tmp_path):
    asked = dataclasses.replace(arguments, image_size=(2, 2))
    message = r"^`image_size` must be at least 8 in .*image_size=\(2, 2\) of .* 2 x 2 "
    with pytest.raises(ValueError, match=message):
        train(asked, RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.all
@pytest.mark.parametrize(
    ("settings", "capacities"),
    [({}, [0.0, 12.5, 25.0, 25.0]), ({"capacity": 7.0}, [7.0] * 4)],
)
def test_a_capacity_rises_in_the_first_half(
    settings, capacities, arguments, tmp_path, monkeypatch
):
    found = []
    step = CapacityVAE.objective

    def objective(model, batch, training):
        if training:
            found.append(float(model.capacity))
        return step(model, batch, training)

    monkeypatch.setattr(CapacityVAE, "objective", objective)
    monkeypatch.setattr(fitting, "MOST_STEPS_IN_A_CALL", 1)
    asked = dataclasses.replace(
        arguments, variant="capacity-vae", batch_size=13, epochs=2, settings=settings
    )
    train(asked, RunFolder(tmp_path / "run"))
    assert found == capacities


@pytest.mark.traced
def test_a_run_leaves_everything(arguments, tmp_path, capsys):
    folder = tmp_path / "run"
    train(arguments, RunFolder(folder))

    rows = history(folder)
    assert [float(row["epoch"]) for row in rows] == [1, 2, 3]
    assert [float(row["step"]) for row in rows] == [5, 10, 15]
    assert {"loss", "reconstruction", "kl", "val_loss"} <= rows[0].keys()
    config = json.loads((folder / "config.json").read_text())
    assert config["arguments"] == arguments.to_config()
    assert config["versions"]["keras"] == keras.__version__
    figures = {path.name for path in (folder / "figures").iterdir()}
    assert figures == {
        "reconstructions.png",
        "worst_and_best.png",
        "learning_curves.png",
        "prior_samples.png",
    }
    measured = json.loads((folder / "metrics.json").read_text())
    assert measured["test mse"] > 0
    assert 0 <= measured["test 5-NN accuracy of the codes"] <= 1
    printed = capsys.readouterr().out
    assert "epoch 3/3" in printed
    assert "reconstruction" in printed
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]

    scalars = EventAccumulator(str(folder / "tensorboard" / "train")).Reload().Tags()
    assert {"epoch_loss", "epoch_kl", "epoch_reconstruction"} <= set(
        scalars["tensors"] + scalars["scalars"]
    )


@pytest.mark.all
@pytest.mark.parametrize("variant", ["vqvae", "adversarial"])
def test_variants_of_maps_and_of_players(variant, arguments, tmp_path, capsys):
    arguments = dataclasses.replace(arguments, variant=variant, epochs=1)
    train(arguments, RunFolder(tmp_path / "run"))
    assert "1 epoch of 5 images" in capsys.readouterr().out
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    if variant == "vqvae":
        height, width, _ = model.decoder.output_shape[1:]
        assert model.code_shape == (-(-height // 4), -(-width // 4), 2)
        (row,) = history(tmp_path / "run")
        assert {"commitment", "usage", "val_perplexity"} <= row.keys()
    figures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert ("prior_samples.png" in figures) == model.has_prior


@pytest.mark.all
def test_a_finished_run_goes_on_for_more_epochs(arguments, tmp_path):
    shorter = dataclasses.replace(arguments, epochs=1)
    train(shorter, RunFolder(tmp_path / "run"))
    before = history(tmp_path / "run")
    resume(RunFolder(tmp_path / "run"), arguments.epochs)

    rows = history(tmp_path / "run")
    assert rows[:1] == before
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    # The longer run's learning rate applies: at the end of the shorter one it was 0.
    assert rows[1]["loss"] != rows[2]["loss"]
    optimizer = keras_latent.load_model(tmp_path / "run" / "model.keras").optimizer
    assert optimizer.get_config()["learning_rate"]["config"]["decay_steps"] == 15


@pytest.mark.all
def test_a_resumed_run_that_was_over_changes_nothing(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, epochs=1)
    train(arguments, RunFolder(tmp_path / "run"))
    before = (tmp_path / "run" / "model.keras").read_bytes()
    resume(RunFolder(tmp_path / "run"), arguments.epochs)

    assert len(history(tmp_path / "run")) == 1
    assert (tmp_path / "run" / "model.keras").read_bytes() == before


@pytest.mark.all
@pytest.mark.traced
@pytest.mark.filterwarnings("ignore:No dimension of the code is active")
def test_a_killed_run_goes_on_as_if_it_had_never_stopped(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, epochs=6)
    train(arguments, RunFolder(tmp_path / "unbroken"))

    words = [sys.executable, "-m", "keras_latent", "train", "vae"]
    for name in ("dataset", "epochs", "batch_size", "latent_dim", "learning_rate"):
        words += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    words += ["--seed", "3", "--strategy", "none", "--output", str(tmp_path / "run")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 900
    while not (tmp_path / "run" / "model.keras").exists():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "the run saved no model"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = len(history(tmp_path / "run"))
    assert done < 6, "the run was over before it was killed"

    resume(RunFolder(tmp_path / "run"), arguments.epochs)
    assert history(tmp_path / "run") == history(tmp_path / "unbroken")
    assert_same_weights(tmp_path / "run", tmp_path / "unbroken")


@pytest.mark.all
def test_a_kill_between_history_and_model_loses_that_epoch_alone(arguments, tmp_path):
    folder = RunFolder(tmp_path / "run")
    train(arguments, folder)
    lines = folder.history_file.read_text().splitlines()
    later = ["4", "20", *lines[-1].split(",")[2:]]
    folder.history_file.write_text("\n".join([*lines, ",".join(later)]) + "\n")

    _, rows = folder.load()
    assert [row["epoch"] for row in rows] == [1, 2, 3]


def test_a_folder_with_another_run_is_refused(arguments, tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.start({"arguments": arguments.to_config()})

    with pytest.raises(
        ValueError, match=r"another run.*keras-latent resume.*Received: output="
    ):
        train(arguments, RunFolder(tmp_path / "run"))


def test_a_folder_with_other_files_is_refused(arguments, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("all of it")

    with pytest.raises(ValueError, match="`output` must be a new or empty folder"):
        train(arguments, RunFolder(tmp_path / "run"))


def test_a_file_as_output_is_refused(arguments, tmp_path):
    (tmp_path / "run").write_text("a file")

    with pytest.raises(ValueError, match="`output` must be a folder, but is a file"):
        train(arguments, RunFolder(tmp_path / "run"))


@pytest.mark.all
def test_resuming_with_other_data_is_refused(arguments, image_folder, tmp_path):
    folder = RunFolder(tmp_path / "run")
    train(dataclasses.replace(arguments, epochs=1), folder)
    (image_folder / "train" / "dark" / "0.png").unlink()

    with pytest.raises(ValueError, match=r"data that it began with.*instead of"):
        resume(folder, epochs=2)


def test_resuming_where_no_run_is_is_refused(arguments, tmp_path):
    with pytest.raises(
        ValueError, match=r"`run` must be the folder of a run.*without config.json"
    ):
        resume(RunFolder(tmp_path / "run"), arguments.epochs)
    assert not (tmp_path / "run").exists()


def test_resuming_from_a_truncated_model_is_refused(arguments, tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.start({"arguments": arguments.to_config()})
    folder.model_file.write_bytes(b"PK\x03\x04 half a file")

    with pytest.raises(ValueError, match="truncated"):
        resume(folder, arguments.epochs)


@pytest.mark.all
@pytest.mark.traced
def test_mixed_precision_and_mirrored_replicas_train(
    arguments, tmp_path, two_replicas, monkeypatch
):
    # One strategy in all tests: TensorFlow confuses the collectives of two of them.
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: two_replicas)
    before = keras.config.dtype_policy().name
    arguments = dataclasses.replace(
        arguments,
        variant="encdec",
        epochs=1,
        strategy="mirrored",
        precision="mixed_float16",
    )
    train(arguments, RunFolder(tmp_path / "run"))

    assert np.isfinite(float(history(tmp_path / "run")[0]["loss"]))
    assert keras.config.dtype_policy().name == before
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    assert model.encoder.layers[1].dtype_policy.name == "mixed_float16"


@pytest.mark.all
def test_the_rate_of_every_player_falls(arguments, tmp_path):
    arguments = dataclasses.replace(
        arguments, variant="factor-vae", epochs=2, learning_rate=None
    )
    fresh = keras_latent.models.FactorVAE.for_images((8, 8, 1), latent_dim=2)
    fresh.compile()
    rates = {n: float(o.learning_rate) for n, o in fresh.optimizers.items()}
    train(dataclasses.replace(arguments, epochs=1), RunFolder(tmp_path / "run"))
    # A run that goes on takes the rates that it began with, not those that it had.
    resume(RunFolder(tmp_path / "run"), arguments.epochs)
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    assert len(model.optimizers) == 2
    for name, optimizer in model.optimizers.items():
        schedule = optimizer.get_config()["learning_rate"]["config"]
        assert schedule["initial_learning_rate"] == pytest.approx(rates[name])
        assert schedule["decay_steps"] == 10
        assert float(optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


@pytest.mark.all
def test_the_given_rate_is_that_of_every_player(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, variant="factor-vae", epochs=1)
    train(arguments, RunFolder(tmp_path / "run"))
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    for optimizer in model.optimizers.values():
        config = optimizer.get_config()["learning_rate"]["config"]
        assert config["initial_learning_rate"] == pytest.approx(1e-3)


@pytest.mark.all
def test_a_variant_that_is_told_the_class(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, variant="conditional-vae", epochs=1)
    train(arguments, RunFolder(tmp_path / "run"))
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    assert model.num_classes == 2
    measured = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(measured) == [*RECONSTRUCTION, *ACCURACIES]
    figures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert "prior_samples.png" not in figures
    assert "reconstructions.png" in figures


@pytest.mark.all
def test_a_variant_that_must_know_the_number_of_rows(arguments, image_folder, tmp_path):
    arguments = dataclasses.replace(arguments, variant="beta-tc-vae", epochs=1)
    train(arguments, RunFolder(tmp_path / "run"))
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    images = len(list((image_folder / "train").glob("*/*.png")))
    assert model.dataset_size == images - round(0.1 * images)  # Held out.


def test_a_variant_of_pairs_says_what_it_wants(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, variant="weakly-supervised-vae")
    with pytest.raises(ValueError, match="`y` must hold the other observation of each"):
        train(arguments, RunFolder(tmp_path / "run"))


@pytest.mark.all
def test_a_measure_that_the_data_do_not_allow_is_left_out(
    arguments, image_folder, tmp_path, capsys
):
    """Normal images to train on, normal and broken ones to test."""
    shutil.rmtree(image_folder / "train" / "light")
    train(dataclasses.replace(arguments, epochs=1), RunFolder(tmp_path / "run"))
    measured = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(measured) == RECONSTRUCTION
    printed = " ".join(capsys.readouterr().out.split())
    assert "5-NN accuracy of the codes: left out: the training images have" in printed
    assert "The run is in" in printed


@pytest.mark.all
def test_few_images_have_no_five_neighbours(arguments, image_folder, tmp_path, capsys):
    for label in ("dark", "light"):
        for file in sorted((image_folder / "train" / label).iterdir())[2:]:
            file.unlink()
    train(dataclasses.replace(arguments, epochs=1), RunFolder(tmp_path / "run"))
    measured = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(measured) == RECONSTRUCTION
    assert "5 neighbours were asked for, of 3 training" in capsys.readouterr().out


@pytest.mark.all
def test_a_variant_that_reads_labels(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, variant="constrained", epochs=1)
    train(arguments, RunFolder(tmp_path / "run"))
    model = keras_latent.load_model(tmp_path / "run" / "model.keras")
    assert model.heads.output_shape == (None, 2)
    (row,) = history(tmp_path / "run")
    assert 0 <= float(row["val_accuracy"]) <= 1


def test_a_variant_that_reads_labels_wants_classes(arguments, tmp_path):
    arguments = dataclasses.replace(arguments, variant="constrained", dataset="shapes")
    with pytest.raises(ValueError, match=r"`dataset` must have classes.*'shapes'"):
        train(arguments, RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_classes_are_counted_over_all_labels(image_folder, monkeypatch):
    # Labels of a folder are sorted: the third class is in the last batch.
    (image_folder / "train" / "medium").mkdir()
    for index in range(2):
        source = image_folder / "train" / "light" / f"{index}.png"
        source.rename(image_folder / "train" / "medium" / source.name)
    monkeypatch.setattr(classifier, "BATCH_SIZE", 5)
    monkeypatch.setattr(keras_latent.datasets, "arrays", None)
    assert classifier.count_classes(str(image_folder)) == 3


# The command, in which the second worker is killed in the second epoch.
LOSES_A_WORKER = """
import signal
from keras_latent.training.workers import read_cluster
from tests.faults import after_step, main
if read_cluster().place == 1:
    after_step(7, signal.SIGKILL)
main()
"""


@pytest.mark.all
@pytest.mark.traced
def test_two_workers_train_and_resume(arguments, image_folder, tmp_path):
    run = tmp_path / "run"
    command = ["train", "vae", "--dataset", str(image_folder), "--output", str(run)]
    command += ["--batch-size", "5", "--seed", "3", "--epochs", "2"]
    command += ["--latent-dim", "2", "--learning-rate", "1e-3"]
    command += ["--strategy", "multiworker"]
    chief, _ = run_workers(
        ["-c", LOSES_A_WORKER, *command], tmp_path, codes=(2, -signal.SIGKILL)
    )
    assert "Worker 1 of 2 waits" in chief
    assert "Error: Another worker has stopped" in chief
    assert [row["step"] for row in history(run)] == ["5"]

    command = ["-m", "keras_latent", "resume", str(run)]
    chief, other = run_workers(command, tmp_path)
    assert "The run is in" in chief
    assert "This worker is done" in other
    names = {path.name for path in run.iterdir()}
    files = {"config.json", "history.csv", "metrics.json", "model.keras"}
    assert names == {*files, "figures", "tensorboard"}
    # The name of an event file holds the process that wrote it: the chief, twice.
    events = [path.name for path in run.rglob("events.*")]
    assert len({name.split(".")[-3] for name in events}) == 2

    alone = tmp_path / "alone"
    train(dataclasses.replace(arguments, epochs=2), RunFolder(alone))
    rows, expected = history(run), history(alone)
    assert [row["step"] for row in rows] == ["5", "10"]
    for row, other in zip(rows, expected, strict=True):
        for name, value in other.items():
            assert float(row[name]) == pytest.approx(float(value), rel=1e-3), name
    models = [
        keras_latent.load_model(folder / "model.keras") for folder in (run, alone)
    ]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("error", [ConnectionError, ValueError])
def test_a_lost_worker_leaves_a_run_to_resume(error, arguments, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise error

    folder = RunFolder(tmp_path / "run")
    monkeypatch.setattr(VAE, "fit", fail)
    with pytest.raises(error):
        train(arguments, folder)
    assert folder.config_file.exists() == (error is ConnectionError)


def test_workers_invert_given_features_alone(arguments):
    with pytest.raises(ValueError, match="`features` must be given where several"):
        dataclasses.replace(arguments, variant="inverter", strategy="multiworker")


class TestInverter:
    def run(self, arguments, folder, **changes):
        train(dataclasses.replace(arguments, **changes), RunFolder(folder))
        return keras_latent.load_model(folder / "model.keras")

    @pytest.mark.all
    def test_an_inverter_of_a_classifier_that_is_trained_first(
        self, arguments, tmp_path
    ):
        model = self.run(
            arguments, tmp_path / "run", variant="inverter", latent_dim=None, epochs=1
        )
        assert isinstance(model, keras_latent.models.FeatureInverter)
        assert (model.feature_size, model.latent_dim) == (128, 133)
        assert (tmp_path / "run" / "figures" / "inversions.png").exists()

    @pytest.mark.all
    def test_an_inverter_of_given_features(self, arguments, image_folder, tmp_path):
        shape = keras_latent.datasets.image_shape(str(image_folder))
        extractor = keras.Sequential(
            [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(4)]
        )
        extractor.save(tmp_path / "features.keras")
        model = self.run(
            arguments,
            tmp_path / "run",
            variant="inverter",
            epochs=1,
            features=str(tmp_path / "features.keras"),
        )
        assert model.latent_dim == 4 + 2
        kernel = model.feature_extractor.layers[-1].kernel
        np.testing.assert_array_equal(kernel, extractor.layers[-1].kernel)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"features": "a.keras"}, "for the variant 'inverter' alone"),
            (
                {"variant": "inverter", "features": "a.keras"},
                r"`features` must be the path of a \.keras file",
            ),
            ({"latent_dim": 0}, "`latent_dim` must be a positive integer"),
        ],
    )
    def test_errors(self, arguments, changes, message):
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(arguments, **changes)

    @pytest.mark.all
    def test_features_whose_number_follows_from_the_images(self, arguments, tmp_path):
        image = keras.Input((None, None, 1))
        map_of_any_size = keras.layers.Conv2D(2, 3, strides=4, padding="same")(image)
        keras.Model(image, map_of_any_size).save(tmp_path / "features.keras")
        model = self.run(
            arguments,
            tmp_path / "run",
            variant="inverter",
            epochs=1,
            features=str(tmp_path / "features.keras"),
        )
        assert model.latent_dim == 2 * 2 * 2 + 2

    @pytest.mark.parametrize(
        ("features", "message"),
        [
            ("several", "`features` must give one vector.*can choose one of several"),
            ("number", r"`features` must give one vector or map of known.*\(None,\)"),
            (
                "other",
                r"what `features` takes.*features\.input_shape=\(None, 9, 9, 1\)",
            ),
        ],
    )
    def test_features_that_cant_be_inverted(
        self, arguments, tmp_path, features, message
    ):
        image = keras.Input((9, 9, 1) if features == "other" else (8, 8, 1))
        output = keras.layers.Conv2D(2, 3, padding="same")(image)
        if features == "several":
            output = [keras.layers.Flatten()(output), output]
        elif features == "number":
            output = keras.ops.mean(output, axis=(1, 2, 3))
        keras.Model(image, output).save(tmp_path / "features.keras")
        with pytest.raises(ValueError, match=message):
            self.run(
                arguments,
                tmp_path / "run",
                variant="inverter",
                features=str(tmp_path / "features.keras"),
            )
        assert not (tmp_path / "run").exists()


@pytest.mark.all
def test_a_finished_run_is_not_made_shorter(arguments, tmp_path):
    folder = RunFolder(tmp_path / "run")
    train(dataclasses.replace(arguments, epochs=2), folder)
    config = folder.config_file.read_bytes()
    with pytest.raises(ValueError, match=r"at least 2, .* Received: epochs=1"):
        resume(folder, epochs=1)
    assert folder.config_file.read_bytes() == config


def test_a_run_that_fails_at_once_leaves_its_folder_free(arguments, tmp_path):
    images = tmp_path / "images" / "train" / "dark"
    broken = images / "0.png"
    broken.write_bytes(broken.read_bytes()[:-40])
    folder = RunFolder(tmp_path / "run")
    with pytest.raises((ValueError, OSError, tf.errors.OpError)):
        train(arguments, folder)
    folder.check_free()


@pytest.mark.all
def test_a_broken_image_is_a_message(image_folder, tmp_path):
    broken = image_folder / "train" / "dark" / "0.png"
    broken.write_bytes(broken.read_bytes()[:-40])
    command = [sys.executable, "-m", "keras_latent", "train", "vae", "--epochs", "1"]
    command += ["--dataset", str(image_folder), "--output", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert "0.png" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.all
def test_a_run_goes_on_in_the_precision_that_was_found(
    arguments, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("keras_latent.cli.precision.bfloat16_units", lambda: "amx_bf16")
    arguments = dataclasses.replace(arguments, precision="auto", epochs=1)
    folder = RunFolder(tmp_path / "run")
    train(arguments, folder)
    assert "Precision: mixed_bfloat16, for this machine" in capsys.readouterr().out
    assert folder.read_config()["arguments"]["precision"] == "mixed_bfloat16"
    model = keras_latent.load_model(folder.model_file)
    assert model.encoder.layers[1].dtype_policy.name == "mixed_bfloat16"
    monkeypatch.setattr("keras_latent.cli.precision.bfloat16_units", lambda: None)
    resume(folder, 2)
    assert folder.read_config()["arguments"]["precision"] == "mixed_bfloat16"
    assert len(history(folder.path)) == 2
