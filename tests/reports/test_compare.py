"""Several models on one page and in one table."""

import base64
import csv
import hashlib
import importlib
import json

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.datasets.opened import OpenedDataset
from keras_latent.datasets.shapes import FACTORS, render
from keras_latent.datasets.source import ArraySource
from keras_latent.reports import compare
from keras_latent.reports.generated import nearest_distances
from tests.reports.reading import Page

SHAPE = (8, 8, 1)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def classes():
    """Noise of two classes."""
    sizes = {"train": 40, "test": 24}

    def open_split(split):
        rng = np.random.default_rng(len(split))
        images = rng.integers(0, 256, (sizes[split], *SHAPE), "uint8")
        return ArraySource(images, np.arange(sizes[split]) % 2, sizes)

    return OpenedDataset("noise", open_split)


@pytest.fixture(scope="module")
def models():
    keras.utils.set_random_seed(0)
    return {
        HOSTILE: kl.models.VAE.for_images(SHAPE, latent_dim=3),
        "plain": kl.models.Autoencoder.for_images(SHAPE, latent_dim=2),
    }


def table(folder):
    with open(folder / "compare.csv", newline="", encoding="utf-8") as file:
        return {(row["name"], row["row"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def compared(models, classes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared") / "new"
    compare(models, classes, folder)
    return folder


def test_the_numbers_are_those_of_the_models(compared, models, classes):
    rows = table(compared)
    images, labels = kl.datasets.arrays(classes, "test")
    known, known_labels = kl.datasets.arrays(classes, "train")
    for name, model in models.items():
        row = rows[name, "model"]
        error = np.mean((images - np.asarray(model.reconstruct(images))) ** 2)
        assert float(row["MSE"]) == pytest.approx(error, rel=1e-5)
        of_mean = np.mean((images - known.mean(axis=0)) ** 2)
        assert float(row["MSE of the mean image"]) == pytest.approx(of_mean, rel=1e-4)
        flat = known.reshape(len(known), -1).astype("float64")
        middle = flat.mean(axis=0)
        axes = np.linalg.svd(flat - middle)[2][: model.latent_dim]
        seen = images.reshape(len(images), -1) - middle
        left = np.mean((seen - seen @ axes.T @ axes) ** 2)
        assert float(row["MSE of PCA"]) == pytest.approx(left, rel=0.01)
        probe = kl.metrics.linear_probe(
            model.encode(known), known_labels, model.encode(images), labels
        )
        assert float(row["Linear probe"]) == probe.value
        assert row["Dimensions"] == f"{model.latent_dim}.0"
        assert row["variant"] == type(model).__name__


def test_what_generates_is_compared_by_a_named_extractor(compared):
    rows = table(compared)
    assert np.isfinite(float(rows[HOSTILE, "model"]["KID-pca32"]))
    assert rows["plain", "model"]["KID-pca32"] == ""
    assert 0 <= float(rows[HOSTILE, "model"]["Nearer than held-out images"]) <= 1
    # 24 images have no covariance of full rank in 32 features.
    assert not [name for name in rows["plain", "model"] if name.startswith("FID")]
    page = Page((compared / "compare.html").read_text(encoding="utf-8"))
    assert "32 principal components" in page.numbers["Features of generated images"][0]
    assert "24 held-out images against 24 generated" in page.numbers["KID-pca32"][0]


@pytest.mark.all
def test_samplers_that_lie_beside_a_run_are_measured_too(classes, tmp_path):
    images, _ = kl.datasets.arrays(classes, "test")
    known, _ = kl.datasets.arrays(classes, "train")
    model = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)
    model.save(tmp_path / "model.keras")
    (tmp_path / "samplers").mkdir()
    sampler = kl.samplers.Normal(model).fit(known)
    sampler.save(tmp_path / "samplers" / "normal.npz")
    (tmp_path / "samplers" / "torn.npz").write_bytes(b"no sampler")

    compare([tmp_path], classes, tmp_path / "out")

    (row,) = table(tmp_path / "out").values()
    assert np.isfinite(float(row["KID-pca32, normal"]))
    made = np.asarray(sampler.sample(24, seed=0)).reshape(24, -1)
    flat = known.reshape(len(known), -1)
    axes = np.linalg.svd(flat - flat.mean(axis=0))[2][:32]
    real = (images.reshape(24, -1) - flat.mean(axis=0)) @ axes.T
    score = kl.metrics.generation.precision_recall(real, (made - flat.mean(0)) @ axes.T)
    for name in ("Precision", "Recall"):
        told = float(row[f"{name}-pca32, normal"])
        assert told == pytest.approx(getattr(score, name.lower()), abs=2 / 24)
    page = Page((tmp_path / "out" / "compare.html").read_text(encoding="utf-8"))
    assert "Samples" in page.headings
    assert "torn.npz is left out" in page.numbers["Samplers left out"][0]
    assert "Images of the sampler normal." in page.numbers["KID-pca32, normal"][0]


def test_the_page_is_whole_and_runs_no_script_of_a_name(compared):
    html = (compared / "compare.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not page.unclosed
    assert HOSTILE in page.inside("h3")
    assert page.headings == [
        "Numbers",
        "What the columns tell",
        "Reconstructions",
        "Samples",
        "Protocol",
    ]
    # Originals, reconstructions of two models, samples of one.
    assert len(page.pictures()) == 4
    assert "http://" not in html
    assert "https://" not in html
    (script,) = [text for tags, text in page.texts if tags[-1] == "script"]
    written = html.split("<script>")[1].split("</script>")[0]
    assert script == written.strip()
    digest = base64.b64encode(hashlib.sha256(written.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html


def test_factors_are_told(tmp_path):
    factors = np.indices([len(values) for values in FACTORS.values()])
    factors = factors.reshape(6, -1).T
    sizes = {"train": 60, "test": 60}

    def open_split(split):
        rows = factors[(0 if split == "train" else 7) :: 97][:60]
        return ArraySource(render(rows, 8), rows, sizes)

    model = kl.models.VAE.for_images((8, 8, 3), latent_dim=2)
    data = OpenedDataset("shapes", open_split)
    compare([model], data, tmp_path)
    (row,) = table(tmp_path).values()
    images, labels = kl.datasets.arrays(data, "test")
    expected = kl.metrics.disentanglement.mig(model.encode(images), labels)
    assert float(row["MIG"]) == pytest.approx(expected.value, abs=1e-6)
    for name in ("SAP", "Modularity", "DCI disentanglement", "DCI completeness"):
        assert 0 <= float(row[name]) <= 1
    assert "Linear probe" not in row
    assert float(row["FID-pca32"]) > 0
    page = Page((tmp_path / "compare.html").read_text(encoding="utf-8"))
    by = [part for part in page.inside("dd") if "support vector" in part]
    assert "scikit-learn" in by[0]


@pytest.mark.all
def test_runs_that_differ_by_the_seed_alone_stand_together(classes, tmp_path):
    errors = []
    images, _ = kl.datasets.arrays(classes, "test")
    for seed in (3, 4):
        keras.utils.set_random_seed(seed)
        model = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)
        folder = tmp_path / "runs" / f"seed-{seed}"
        folder.mkdir(parents=True)
        model.save(folder / "model.keras")
        told = {"arguments": {"variant": "autoencoder", "seed": seed}}
        (folder / "config.json").write_text(json.dumps(told))
        errors.append(np.mean((images - np.asarray(model.reconstruct(images))) ** 2))
    other = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)

    compare({"several": tmp_path / "runs", "other": other}, classes, tmp_path / "out")

    rows = table(tmp_path / "out")
    assert list(rows) == [
        ("several/seed-3", "model"),
        ("several/seed-4", "model"),
        ("several", "mean"),
        ("several", "standard deviation"),
        ("other", "model"),
    ]
    assert rows["several/seed-3", "model"]["seed"] == "3"
    mean = float(rows["several", "mean"]["MSE"])
    assert mean == pytest.approx(np.mean(errors), rel=1e-5)
    deviation = float(rows["several", "standard deviation"]["MSE"])
    codes = [
        kl.load_model(tmp_path / "runs" / f"seed-{seed}" / "model.keras").encode(images)
        for seed in (3, 4)
    ]
    agreement = kl.metrics.disentanglement.udr([np.asarray(part) for part in codes])
    assert float(rows["several", "mean"]["UDR"]) == pytest.approx(agreement.value)
    assert rows["other", "model"]["UDR"] == ""
    assert deviation == pytest.approx(np.std(errors, ddof=1), rel=0.05)
    page = Page((tmp_path / "out" / "compare.html").read_text(encoding="utf-8"))
    assert "Autoencoder, 2 seeds" in page.inside("span")
    assert "The models behind the means." in page.inside("p")


def test_an_extractor_of_other_images_is_told_before_models_are_measured(
    classes, models, tmp_path, monkeypatch
):
    # The function hides the module of its name.
    module = importlib.import_module("keras_latent.reports.compare")
    monkeypatch.setattr(module, "_compared", pytest.fail)

    with pytest.raises(ValueError, match=r"`images` .* that `extractor` takes"):
        compare(models, classes, tmp_path / "out", extractor="mnist")

    assert not (tmp_path / "out").exists()


def test_half_a_seed_is_none(classes, models, tmp_path):
    with pytest.raises(ValueError, match=r"`seed` must be an integer.*seed=0\.5"):
        compare(models, classes, tmp_path / "out", seed=0.5)


def test_each_column_is_explained_with_its_direction(compared):
    page = Page((compared / "compare.html").read_text(encoding="utf-8"))
    told = [text for text in page.inside("dd") if "(↓): " in text or "others: " in text]
    assert len(told) == 3
    assert told[0] == (
        "Less is better (↓): MSE. To be read beside the others: Dimensions, MSE of "
        "PCA, MSE of the mean image."
    )
    assert told[1].startswith(
        "More is better (↑): Linear probe, 5-NN. To be read beside the others: 5-NN of"
    )
    assert "Less is better (↓): KID-pca32." in told[2]
    # Every column once, in the order of the table.
    with open(compared / "compare.csv", newline="", encoding="utf-8") as file:
        names = next(csv.reader(file))[5:]
    for name in names:
        assert sum(name in text for text in told) >= 1
    spans = [(tags, text) for tags, text in page.texts if tags[-1] == "span"]
    groups = [text for tags, text in spans if tags[-2] == "th" and "thead" in tags]
    assert groups == ["Reconstruction", "Classes", "Generated images"]
    widths = [
        int(head["colspan"]) for head in page.attributes("th") if "colspan" in head
    ]
    assert widths[:3] == [4, 4, len(names) - 8]


@pytest.mark.parametrize(
    ("runs", "error", "message"),
    [
        ([], ValueError, r"`runs` must hold at least one model.*runs=\[\]"),
        ("one", ValueError, "`runs` must be a sequence.*runs='one'"),
        ([3], ValueError, "`runs` must hold latent models.*type int"),
        (["absent"], FileNotFoundError, "`runs` must hold folders of runs.*'absent'"),
    ],
)
def test_what_is_no_run_is_named(runs, error, message, classes, tmp_path):
    with pytest.raises(error, match=message):
        compare(runs, classes, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_of_other_images_is_named(classes, models, tmp_path):
    wide = kl.models.Autoencoder.for_images((8, 12, 1), latent_dim=2)
    with pytest.raises(ValueError, match=r"\(8, 8, 1\). Received: 'wide'.*8, 12, 1"):
        compare({**models, "wide": wide}, classes, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_both_files_stay_as_they_were_when_one_fails(
    classes, models, tmp_path, monkeypatch
):
    for name in ("compare.html", "compare.csv"):
        (tmp_path / name).write_text("before")

    def fail(comparison):
        raise RuntimeError("no table")

    monkeypatch.setattr("keras_latent.reports.comparison_page.csv.writer", fail)
    with pytest.raises(RuntimeError, match="no table"):
        compare({"plain": models["plain"]}, classes, tmp_path)
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {"compare.html": "before", "compare.csv": "before"}


def test_a_file_is_no_folder(classes, models, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="`output` must be a folder"):
        compare(models, classes, tmp_path / "file")


def test_nearest_distances_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    points, others = rng.normal(size=(7, 3)), rng.normal(size=(9, 3))
    pairs = np.linalg.norm(points[:, np.newaxis] - others, axis=-1)
    assert nearest_distances(points, others) == pytest.approx(pairs.min(axis=1))
