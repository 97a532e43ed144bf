"""Samples from the command line: fitted where needed, saved, drawn, reported on."""

import keras
import numpy as np
import pytest
from PIL import Image

import keras_latent as kl
from keras_latent import samplers
from keras_latent.cli.file_lock import FileLock
from keras_latent.weights_hash import weights_hash
from tests.cli.calling import called, failure, left_by_training

SHAPE = (8, 8, 1)
SMALL = ["--set", "units=8", "--set", "blocks=1", "--set", "epochs=4"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Models of the kinds of codes, as files."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("models")
    made = {
        "tokens": kl.models.VQVAE.for_images(SHAPE, code_shape=(2, 2, 3)),
        "numbers": kl.models.VAE.for_images(SHAPE, latent_dim=2),
        "no_prior": kl.models.Autoencoder.for_images(SHAPE, latent_dim=2),
    }
    for name, model in made.items():
        model.save(folder / f"{name}.keras")
    return folder


@pytest.fixture
def run_of(models, image_folder, tmp_path):
    """What a training leaves of one of them, as far as it matters here."""

    def run_of(name):
        return left_by_training(
            tmp_path / name,
            models / f"{name}.keras",
            image_folder,
            data={"class_names": ["dark", "light"]},
        )

    return run_of


def made(run):
    """The files that a run has beside its own."""
    own = {"model.keras", "config.json"}
    files = [file for file in run.rglob("*") if file.is_file()]
    return {str(file.relative_to(run)) for file in files} - own


def drawn(monkeypatch):
    """What figures are drawn of, from now on."""
    seen = []
    draw = kl.plots.samples

    def samples(images, row_labels=()):
        seen.append((images, row_labels))
        return draw(images, row_labels)

    monkeypatch.setattr(kl.plots, "samples", samples)
    return seen


@pytest.mark.all
def test_a_sampler_of_tokens_is_fitted_once_and_drawn_from(run_of, monkeypatch, capsys):
    run, seen = run_of("tokens"), drawn(monkeypatch)
    words = ["sample", run, "--sampler", "token", "--count", 7]
    printed = called(*words, *SMALL, "--set", "heads=2")
    # No terminal: no colours, no bar that is drawn over and over.
    assert "\x1b" not in printed
    assert "\b" not in printed
    assert "epoch 4/4 loss" in printed
    assert "Fitting TokenTransformer to the codes of 24 images, units 8" in printed
    assert made(run) == {
        "samplers/token_transformer.npz",
        "figures/samples_token_transformer.png",
    }
    figure = run / "figures" / "samples_token_transformer.png"
    assert Image.open(figure).size[0] > 100
    model = kl.load_model(run / "model.keras")
    sampler = kl.load_sampler(run / "samplers" / "token_transformer.npz", model)
    assert sampler.get_config()["heads"] == 2
    ((images, _),) = seen
    np.testing.assert_allclose(images, sampler.sample(7, seed=0), atol=1e-6)

    with monkeypatch.context() as patch:
        patch.setattr(samplers.TokenTransformer, "fit", None)
        printed = called(*words, "--seed", 1, "--set", "guidance=2")
        assert "Fitting" not in printed
        message = failure(monkeypatch, capsys, *words, "--set", "units=16")
    assert (seen[1][0] != images).any()
    assert "units=16 instead of 8" in message
    assert "token_transformer.npz' to have another fitted" in message
    other = kl.models.VQVAE.for_images(SHAPE, code_shape=(2, 2, 3))
    other.save(run / "model.keras")
    message = failure(monkeypatch, capsys, *words)
    assert weights_hash(model) in message
    assert weights_hash(other) in message
    assert "Remove" in message


@pytest.mark.all
def test_a_row_of_each_label(run_of, monkeypatch, capsys):
    run, seen = run_of("numbers"), drawn(monkeypatch)
    words = ["sample", run, "--sampler", "flow", "--count", 5]
    words += ["--set", "epochs=1", "--set", "units=8", "--set", "steps=2"]
    called(*words, "--labels", "light,0")
    assert made(run) == {
        "samplers/flow_matching-labels.npz",
        "figures/samples_flow_matching_labels.png",
    }
    ((images, labels),) = seen
    assert (len(images), labels) == (6, ["light", "0"])
    model = kl.load_model(run / "model.keras")
    sampler = kl.load_sampler(run / "samplers" / "flow_matching-labels.npz", model)
    expected = sampler.sample(6, seed=0, labels=[1, 1, 1, 0, 0, 0])
    np.testing.assert_allclose(images, expected, atol=1e-6)
    called("sample", run, "--sampler", "flow", "--labels", "all", "--count", 2)
    assert seen[1][1] == ["dark", "light"]
    message = failure(monkeypatch, capsys, *words, "--labels", "2")
    assert "`--labels` must be among those of the fit, [0, 1]" in message
    message = failure(monkeypatch, capsys, *words, "--labels", "green")
    assert "names or numbers of the run's classes: dark, light" in message
    words = ["sample", run, "--sampler", "normal", "--labels", "dark"]
    assert "`--labels` don't steer Normal" in failure(monkeypatch, capsys, *words)


def test_labels_that_the_data_lacks_are_refused_before_the_fit(
    run_of, monkeypatch, capsys
):
    words = ["sample", run_of("numbers"), "--sampler", "flow", "--labels", "5"]
    monkeypatch.setattr(samplers.FlowMatching, "fit", None)
    message = failure(monkeypatch, capsys, *words)
    assert "must be among those of the fit, [0, 1]" in message
    assert "values [5]" in message


def test_reports_are_given_what_was_saved(run_of, monkeypatch):
    run, seen = run_of("numbers"), drawn(monkeypatch)
    called("sample", run, "--count", 3, "--seed", 4)
    model = kl.load_model(run / "model.keras")
    np.testing.assert_allclose(seen[0][0], model.sample(3, seed=4), atol=1e-6)
    called("sample", run, "--sampler", "normal", "--count", 3)
    foreign = run / "samplers" / "foreign.npz"
    foreign.write_bytes(b"nothing")
    reported = []
    monkeypatch.setattr(
        "keras_latent.reports.write_report",
        lambda *arguments, **options: reported.append((arguments[0], options)),
    )
    printed = called("report", run, "--limit", 5)
    assert "foreign.npz is left out" in printed
    ((model, options),) = reported
    ((name, sampler),) = options["samplers"].items()
    assert name == "normal"
    assert sampler.model is model
    np.testing.assert_allclose(seen[1][0], sampler.sample(3, seed=0), atol=1e-6)


def test_without_a_prior_the_samplers_are_named(run_of, monkeypatch, capsys):
    message = failure(monkeypatch, capsys, "sample", run_of("no_prior"))
    assert "must be given for Autoencoder, which has no prior" in message
    assert "gaussian_mixture" in message
    assert "pixel_cnn" not in message
    run = run_of("tokens")
    message = failure(monkeypatch, capsys, "sample", run)
    assert "to draw from: token_transformer, pixel_cnn. Received: --sampler" in message
    message = failure(monkeypatch, capsys, "sample", run, "--sampler", "normal")
    assert "tokens: use `TokenTransformer` or `PixelCNN`" in message
    assert made(run) == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sampler", "fog"], "`--sampler` must be one of 'normal', "),
        (["--sampler", ""], "`--sampler` must be one of 'normal', "),
        (["--count", "0"], "`--count` must be a positive integer"),
        (["--count", "5000"], "`--count` must be at most 1000"),
        (["--seed", "-1"], "`--seed` must be a number in"),
        (["--labels", "0"], "`--labels` don't steer the prior of VAE"),
        (["--set", "units=8"], "which `--sampler` names"),
        (["--sampler", "flow", "--set", "unit=8"], "must name one of batch_size, epo"),
        (["--sampler", "flow", "--set", "units=a"], "must give an integer for 'units'"),
        (
            ["--sampler", "flow", "--set", "units=0"],
            "`--set units` must be a positive integer. Received: --set units=0",
        ),
        (
            ["--sampler", "flow", "--set", "epochs=0"],
            "`--set epochs` must be a positive integer. Received: --set epochs=0",
        ),
        (
            ["--sampler", "flow", "--set", "epochs=10000000"],
            "`--set epochs` must be at most 1000000. Received: --set epochs=",
        ),
        (
            ["--sampler", "normal", "--set", "x=1"],
            "`--set` must be left out: Normal has nothing that could be set. "
            "Received: --set x=1",
        ),
        (
            ["--sampler", "ma"],
            "`--sampler` is ambiguous: 'manifold', 'masked_autoregressive_flow' begin "
            "so. Received: --sampler='ma'",
        ),
        (["--sampler", "pixel"], "must have codes that are tokens"),
    ],
)
def test_wrong_options(models, monkeypatch, capsys, words, message):
    path = models / "numbers.keras"
    assert message in failure(monkeypatch, capsys, "sample", path, *words)
    assert not (models / "samplers").exists()


@pytest.mark.all
def test_a_fit_that_is_stopped_goes_on(run_of, monkeypatch, capsys):
    run, steps = run_of("tokens"), []
    step = keras.Model.train_on_batch

    def stopped(self, *given):
        steps.append(given)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return step(self, *given)

    words = ["sample", run, "--sampler", "pixel", "--count", 2, *SMALL]
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "train_on_batch", stopped)
        message = failure(monkeypatch, capsys, *words, code=130)
    assert "It goes on after the last epochs by the same command" in message
    assert made(run) == {"samplers/pixel_cnn.checkpoint"}
    lock = FileLock(run / "samplers" / ".lock")
    assert lock.take()
    message = failure(monkeypatch, capsys, *words)
    assert "another command fits a sampler" in message
    lock.give_back()
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "train_on_batch", stopped)
        called(*words)
    # Two epochs of one step before, the third one that was cut, and two after it.
    assert len(steps) == 5
    assert made(run) == {"samplers/pixel_cnn.npz", "figures/samples_pixel_cnn.png"}
