"""What is read batch by batch gives what arrays give."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.reports import examples as module
from keras_latent.reports.examples import ArrayExamples, SourceExamples
from keras_latent.reports.measures import measures
from keras_latent.reports.reported_model import Labelled, ReportedModel
from tests.reports.reading import Page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two classes of 8 × 8 images, of which `train` has 40 and `test` 30."""
    from PIL import Image

    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for split, count in (("train", 20), ("test", 15)):
        for name, low in (("dark", 0), ("light", 100)):
            place = root / split / name
            place.mkdir(parents=True)
            for index in range(count):
                pixels = rng.integers(low, low + 150, (8, 8), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{index}.png")
    return root


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    model = kl.models.VAE.for_images((8, 8, 1), latent_dim=3)
    model.compile()
    model.code_mean.kernel.assign(20.0 * model.code_mean.kernel)
    return model


@pytest.fixture
def opened(folder, monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 7)
    return kl.datasets.open_dataset(folder)


@pytest.mark.all
def test_a_split_gives_the_numbers_of_its_arrays(opened, folder, model, monkeypatch):
    # Evaluation draws for each batch, which are to be the same ones.
    train, test = (opened.split(name) for name in ("train", "test"))
    read = ReportedModel(model, test, None, train, opened.class_names, 2000, 0)
    held = ReportedModel(
        model,
        *kl.datasets.arrays(folder, "test"),
        Labelled(*kl.datasets.arrays(folder, "train")),
        opened.class_names,
        2000,
        0,
    )
    numbers = measures(read)
    assert {"Error of the mean image", "Accuracy of the majority"} <= {
        measure.name for group in numbers.values() for measure in group
    }
    assert numbers == measures(held)
    np.testing.assert_allclose(read.codes, held.codes, atol=1e-6)
    rows = np.array([29, 3, 3, 11])
    np.testing.assert_allclose(read.pictures(rows), held.pictures(rows), atol=1e-7)


def test_no_more_than_a_batch_is_in_memory(opened, model, monkeypatch):
    seen = []
    for name in ("encode", "reconstruct"):
        method = getattr(model, name)

        def watched(x, method=method):
            seen.append(len(x))
            return method(x)

        monkeypatch.setattr(model, name, watched)
    test, train = opened.split("test"), opened.split("train")
    reported = ReportedModel(model, test, None, train, None, 2000, 0)
    measures(reported)
    assert max(seen) == 7
    assert sum(seen) >= 2 * test.size + train.size


def test_large_images_come_in_small_batches(model):
    def rows(side):
        class Source:
            size, image_shape, labels = 3, (side, side, 3), np.zeros(3, int)
            class_names = file_paths = ()

        return SourceExamples(Source, model).rows_at_once

    assert [rows(side) for side in (28, 64, 128, 512, 2048)] == [256, 256, 64, 4, 1]


def test_samples_are_drawn_by_the_seed(opened, model):
    read = SourceExamples(opened.split("train"), model)
    held = ArrayExamples(*kl.datasets.arrays(opened, "train"))
    for some in (read, held):
        few = some.sampled(9, seed=4)
        assert few.count == len(few.labels) == 9
        assert set(few.labels) == {0, 1}
        again = some.sampled(9, seed=4).take(slice(None))
        np.testing.assert_array_equal(few.take(slice(None)), again)
        assert some.sampled(100, seed=4) is some
    np.testing.assert_array_equal(
        read.sampled(9, seed=4).labels, held.sampled(9, seed=4).labels
    )


@pytest.mark.all
def test_a_page_names_classes_and_files(opened, model, tmp_path):
    path = tmp_path / "report.html"
    kl.reports.write_report(
        model, opened.split("test"), path, known=opened.split("train")
    )
    page = Page(path.read_text())
    assert page.headings[0] == "Advice"
    assert page.numbers["Error of PCA with 3 numbers"][1].endswith(
        "learned from 40 other images."
    )
    captions = " ".join(page.inside("figcaption"))
    errors = ReportedModel(model, opened.split("test"), None, None, None, 9, 0).errors
    worst = opened.split("test").file_paths[int(np.argmax(errors))]
    named = "/".join(worst.split("/")[-2:])
    assert captions.count("The worst, from left to right:") == 1
    listed = [entry for entry in page.inside("li") if ".png" in entry]
    assert len(listed) == min(10, len(errors))
    assert listed[0] == named
    # The narrow form shows four pictures, and names as many.
    classes = [attributes.get("class") for attributes in page.attributes("li")]
    assert classes.count("not-narrow") == len(listed) - 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0] * 30}, "`labels` must be `None` for a split"),
        ({"images": "mnist"}, r"`images` must hold images of the shape .*\(8, 8, 1\)"),
        ({"known": "mnist"}, r"`known` must hold images of the shape .*\(28, 28, 1\)"),
    ],
)
def test_refused(opened, model, tmp_path, changes, message):
    other = kl.datasets.open_dataset("mnist").split("test[:5]")
    given = {"images": opened.split("test"), **changes}
    given = {name: other if v == "mnist" else v for name, v in given.items()}
    with pytest.raises(ValueError, match=message):
        kl.reports.write_report(model, path=tmp_path / "report.html", **given)
    assert not list(tmp_path.iterdir())
