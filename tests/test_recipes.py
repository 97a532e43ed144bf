"""What people use beside Keras works with latent models as with any Keras model."""

import csv

import keras
import numpy as np
import pytest

import keras_latent as kl
from tests.models.cases import dense_networks, images


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = kl.models.Autoencoder(**dense_networks())
    model.compile("adam", run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def expected():
    """The loss of each of two epochs, of arrays in their order."""
    keras.utils.set_random_seed(0)
    model = kl.models.Autoencoder(**dense_networks())
    model.compile("adam", run_eagerly=True)
    history = model.fit(images(8), batch_size=4, epochs=2, shuffle=False, verbose=0)
    return history.history["loss"]


class Batches(keras.utils.PyDataset):
    """Two batches of four images."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return (images(8)[4 * index : 4 * index + 4],)


def test_a_py_dataset(model, expected):
    history = model.fit(Batches(), epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-5)


def test_a_folder_that_keras_reads(model, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 3, 1), "uint8")
    for index, image in enumerate(pixels):
        folder = tmp_path / f"class-{index % 2}"
        folder.mkdir(exist_ok=True)
        keras.utils.save_img(folder / f"{index}.png", image, scale=False)
    batches = keras.utils.image_dataset_from_directory(
        tmp_path,
        color_mode="grayscale",
        image_size=(4, 3),
        batch_size=3,
        shuffle=False,
        verbose=False,
    ).map(lambda images, labels: (images / 255.0, labels))
    loss = model.evaluate(batches, verbose=0, return_dict=True)["loss"]
    # It reads class by class.
    read = pixels[[0, 2, 4, 1, 3, 5]] / 255.0
    told = model.evaluate(read, batch_size=3, verbose=0, return_dict=True)
    assert loss == pytest.approx(told["loss"], rel=1e-5)
    history = model.fit(batches, epochs=2, verbose=0).history["loss"]
    assert history[1] < history[0]


def test_averages_of_weights_are_what_is_exported(tmp_path):
    keras.utils.set_random_seed(0)
    model = kl.models.Autoencoder(**dense_networks())
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, run_eagerly=True)
    plain = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(model.get_weights())
    )
    steps = []
    model.fit(
        images(8),
        batch_size=4,
        verbose=0,
        callbacks=[keras.callbacks.SwapEMAWeights(), plain],
    )
    # Of two steps, with a momentum of one half.
    for found, first, second in zip(model.get_weights(), *steps, strict=True):
        np.testing.assert_allclose(found, 0.5 * (first + second), atol=1e-6)
    told = kl.export(model, tmp_path / "a.keras", "keras", images=images(4))
    assert told.mse == pytest.approx(told.model_mse)


@pytest.mark.all
def test_keras_tuner(tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")

    def build(settings):
        model = kl.models.VAE(**dense_networks(), beta=settings.Choice("beta", [1, 4]))
        model.compile("adam", run_eagerly=True)
        return model

    tuner = keras_tuner.GridSearch(
        build,
        objective=keras_tuner.Objective("val_reconstruction", "min"),
        max_trials=2,
        directory=tmp_path,
        project_name="betas",
    )
    x = images(8)
    tuner.search(x, validation_data=images(4, seed=1), epochs=1, verbose=0)
    trials = tuner.oracle.get_best_trials(2)
    assert {trial.hyperparameters.get("beta") for trial in trials} == {1, 4}
    assert trials[0].score <= trials[1].score
    (best,) = tuner.get_best_models(1)
    assert best.encode(x).shape == (8, 3)


# The others are run where they are installed, which `dev` doesn't do.
def test_torch_loaders(model, expected):
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.from_numpy(images(8))), batch_size=4
    )
    history = model.fit(loader, epochs=2, verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-5)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_torch_loaders_of_bare_tensors(model, method):
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(torch.from_numpy(images(8)), batch_size=4)
    with pytest.raises(ValueError, match=r"`x` must be a loader of tuples"):
        getattr(model, method)(loader, verbose=0)
    with pytest.raises(ValueError, match=r"`validation_data` must be a loader of t"):
        model.fit(images(8), validation_data=loader, verbose=0)


def test_grain(model, expected):
    grain = pytest.importorskip("grain.python")
    batches = grain.MapDataset.source(images(8)).batch(4).map(lambda batch: (batch,))
    history = model.fit(
        (batch for _ in range(2) for batch in batches),
        epochs=2,
        steps_per_epoch=2,
        verbose=0,
    )
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-5)


def test_mlflow(model, expected, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    mlflow.set_experiment("tests")

    class Log(keras.callbacks.Callback):
        """What MLflow is told: the logs of each epoch."""

        def on_epoch_end(self, epoch, logs=None):
            mlflow.log_metrics({k: float(v) for k, v in logs.items()}, step=epoch)

    with mlflow.start_run() as run:
        model.fit(
            images(8),
            batch_size=4,
            epochs=2,
            shuffle=False,
            verbose=0,
            callbacks=[Log()],
        )
        folder = tmp_path / "preset"
        model.save_to_preset(folder)
        mlflow.log_artifacts(str(folder), "model")
    client = mlflow.MlflowClient()
    logged = client.get_metric_history(run.info.run_id, "loss")
    np.testing.assert_allclose([own.value for own in logged], expected, rtol=1e-5)
    path = client.download_artifacts(run.info.run_id, "model")
    assert kl.from_preset(path).latent_dim == 3


def test_weights_and_biases_offline(model, tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    file = tmp_path / "logs.csv"

    class Log(keras.callbacks.Callback):
        """What W&B is told: the logs of each epoch."""

        def on_epoch_end(self, epoch, logs=None):
            run.log({"epoch": epoch, **logs})

    with wandb.init(dir=tmp_path, project="tests") as run:
        model.fit(
            images(8),
            epochs=2,
            verbose=0,
            callbacks=[Log(), keras.callbacks.CSVLogger(file)],
        )
        last = dict(run.summary)
    with open(file) as lines:
        rows = list(csv.DictReader(lines))
    assert float(last["loss"]) == pytest.approx(float(rows[-1]["loss"]), rel=1e-5)
    assert list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))


def test_orbax_checkpoints(model, tmp_path):
    pytest.importorskip("orbax.checkpoint")
    if not hasattr(keras.callbacks, "OrbaxCheckpoint"):
        pytest.skip("a version of Keras without it")
    folder, x = str(tmp_path / "checkpoints"), images(8)
    checkpoint = keras.callbacks.OrbaxCheckpoint(folder, save_on_background=False)
    model.fit(x, batch_size=4, epochs=2, verbose=0, callbacks=[checkpoint])
    loaded = keras.saving.load_model(folder)
    np.testing.assert_array_equal(loaded.encode(x), model.encode(x))
    assert int(loaded.optimizer.iterations) == 4
    # It goes on as the model itself does.
    for each in (model, loaded):
        each.fit(x, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(loaded.encode(x), model.encode(x), rtol=1e-5)
    # Weights alone, into a model of one's own.
    other = kl.models.Autoencoder(**dense_networks())
    other.load_weights(folder)
    assert other.encode(x).shape == (8, 3)
