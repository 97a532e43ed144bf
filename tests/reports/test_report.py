import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.reports import image_sections, write_report
from keras_latent.reports.measures import measures
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.sections import sections
from tests.models.cases import (
    IMAGE_SHAPE,
    dense_networks,
    inverter_networks,
    mixed_data,
    mixed_networks,
)
from tests.models.cases import images as some_images
from tests.reports.reading import Page

OF_EVERY_MODEL = [
    "Reconstructions",
    "Worst and best reconstructions",
    "Map of the codes",
    "Neighbours",
    "Interpolations",
    "Traversals",
    "Use of the dimensions",
]


def headings(reported):
    return [section.heading for section in sections(reported, None)]


def random_state(model):
    (state,) = (v for v in model.variables if v.name == "seed_generator_state")
    return np.array(state).tolist()


def test_every_section_is_there(report):
    assert report.headings == [
        "Advice",
        "Numbers",
        "Learning curves",
        "Reconstructions",
        "Worst and best reconstructions",
        "Map of the codes",
        "Neighbours",
        "Clusters",
        "Few examples",
        "Samples of the prior",
        "Nearest training images",
        "Interpolations",
        "Traversals",
        "Use of the dimensions",
    ]
    assert not report.unclosed
    figures = [tags for tags, _ in report.elements if tags == "figure"]
    assert len(figures) == 2 + 10 + 2
    explanations = [a for a in report.attributes("p") if a["class"] == "explanation"]
    assert len(explanations) == len(report.headings)


def test_links_lead_to_the_sections(report):
    ids = [a["id"] for tag, a in report.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [link["href"] for link in report.attributes("a")]
    assert links == [f"#{section['id']}" for section in report.attributes("section")]
    for section in report.attributes("section"):
        assert section["aria-labelledby"] in ids


def test_nothing_is_loaded_from_elsewhere(report):
    loading = {"src", "srcset", "href", "data", "poster", "action", "background"}
    for _tag, attributes in report.elements:
        for name in loading & attributes.keys():
            assert attributes[name].startswith(("data:image/png;base64,", "#"))
    style = "".join(report.inside("style"))
    assert not re.search(r"url\(|@import|https?:", style)
    tags = {tag for tag, _ in report.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    policy = next(
        meta["content"]
        for meta in report.attributes("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none';")


def test_every_picture_is_whole_and_described(report, report_file):
    for picture in report.pictures():
        picture.load()
        assert picture.width > 200
    for image in report.attributes("img"):
        assert image["alt"].endswith(".")
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0
    assert report_file.stat().st_size < 2_000_000


def test_says_what_it_is_about(report, vae):
    assert report.attributes("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in (
        report.attributes("meta")
    )
    facts = {name: texts[0] for name, texts in report.numbers.items()}
    assert facts["Variant"] == "VAE: Variational autoencoder."
    assert facts["Code"] == "4 dimensions"
    assert facts["Likelihood"] == "Bernoulli"
    weights = [np.prod(weight.shape) for weight in vae.get_weights()]
    assert facts["Parameters"] == f"{int(sum(weights)):,}"
    assert f"keras_latent {kl.__version__}" in facts["Versions"]
    assert f"Keras {keras.__version__}" in facts["Versions"]


def test_names_are_text_not_html(report):
    assert report.inside("h1") == ["Digits & <b>codes</b>"]
    assert report.inside("title") == ["Digits & <b>codes</b>"]
    data = 'the "first" <digits>: 60 images, 28 by 28 pixels, grey'
    assert report.numbers["Data"][0] == data
    assert not {"b", "i", "digits"} & {tag for tag, _ in report.elements}


@pytest.mark.all
def test_the_same_seed_gives_the_same_page(vae, report_file, write, tmp_path):
    vae.encode(np.zeros((1, 28, 28, 1)), sample=True)
    before = random_state(vae)
    again = write(tmp_path / "report.html")

    assert again.read_text() == report_file.read_text()
    # Nor does the page take anything from the noise of a training.
    assert random_state(vae) == before


def test_what_does_not_apply_is_left_out():
    model = kl.models.Autoencoder(**dense_networks())
    reported = ReportedModel(model, some_images(6), None, None, None, 2000, 0)
    assert headings(reported) == OF_EVERY_MODEL
    assert list(measures(reported)) == ["Reconstruction", "Codes"]


@pytest.mark.parametrize(("latent_dim", "count"), [(1, 8), (2, 4)])
def test_few_images_and_one_dimension_have_no_map(latent_dim, count):
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(12),
            keras.layers.Reshape(IMAGE_SHAPE),
        ]
    )
    model = kl.models.Autoencoder(dense_networks()["encoder"], decoder)
    reported = ReportedModel(model, some_images(count), None, None, None, 2000, 0)
    without = [heading for heading in OF_EVERY_MODEL if "Map" not in heading]
    assert headings(reported) == without


def test_of_a_dict_the_image_is_drawn():
    model = kl.models.EncDec(**mixed_networks())
    model.compile()
    data = mixed_data(6)
    reported = ReportedModel(model, data, None, None, None, 2000, 0)

    assert headings(reported) == OF_EVERY_MODEL
    error, *_ = measures(reported)["Reconstruction"]
    decoded = model.predict(data, verbose=0)["image"]
    assert error.value == f"{np.mean((data['image'] - decoded) ** 2):.4g}"
    assert "'image' in 6 observations" in error.protocol


OF_AN_INVERTER = ["Numbers", *OF_EVERY_MODEL[:2], "Inversions", *OF_EVERY_MODEL[2:]]


@pytest.mark.all
def test_an_inverter_is_drawn_without_the_features_too(tmp_path):
    model, x = kl.models.FeatureInverter(**inverter_networks()), some_images(6)
    write_report(model, x, tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert page.headings[-len(OF_AN_INVERTER) :] == OF_AN_INVERTER

    reported = ReportedModel(model, x, None, None, None, 2000, 0)
    section = image_sections.inversions(reported)
    assert "the extra numbers alone give" in section.explanation
    (picture,) = section.pictures
    (axes,) = picture.wide.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["original", "decoded", "ablated"]
    drawn = np.asarray(axes.images[0].get_array())
    expected = np.asarray(model.ablate(x))[reported.order[0], ..., 0]
    height, width = IMAGE_SHAPE[:2]
    ablated = drawn[-height:, :width]
    np.testing.assert_allclose(ablated, expected, atol=1e-5)


@pytest.mark.all
def test_of_given_features_a_page_is_written(tmp_path):
    networks = {**inverter_networks(), "feature_extractor": None}
    model = kl.models.FeatureInverter(**networks)
    x = some_images(6)
    pairs = {"features": x[:, :2, 0, 0], "image": x}
    path = tmp_path / "report.html"
    write_report(model, pairs, path, labels=[0, 1] * 3, known=(pairs, [0, 1] * 3))
    page = Page(path.read_text())
    # Of two classes, there are clusters, too.
    found = [heading for heading in page.headings if heading != "Clusters"]
    assert len(found) == len(page.headings) - 1
    assert found[-len(OF_AN_INVERTER) :] == OF_AN_INVERTER
    assert "5-NN accuracy" in page.numbers
    with pytest.raises(ValueError, match=r"`images` can.t be .* a dict of"):
        write_report(model, x, path)


def region_inverter():
    """Inverts two features of what is in a box of a scene of 8 by 10 pixels."""
    scene, boxes = (
        keras.Input((8, 10, 1), name="image"),
        keras.Input((4,), name="boxes"),
    )
    maps = keras.layers.Conv2D(2, 3)(scene)
    pooled = kl.layers.RegionPooling(1, (8, 10))([maps], boxes)
    extractor = keras.Model(
        {"image": scene, "boxes": boxes}, keras.layers.Flatten()(pooled)
    )
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(16, "sigmoid"),
            keras.layers.Reshape((4, 4, 1)),
        ]
    )
    return kl.models.FeatureInverter(extractor, decoder)


@pytest.mark.all
def test_of_regions_the_contents_of_the_boxes_are_drawn(tmp_path):
    model = region_inverter()
    scenes = np.random.default_rng(0).random((6, 8, 10, 1), "float32")
    boxes = np.tile(np.array([[2.0, 1.0, 6.0, 5.0]], "float32"), (6, 1))
    x = {"image": scenes, "boxes": boxes}
    write_report(model, x, tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert page.headings[-len(OF_AN_INVERTER) :] == OF_AN_INVERTER
    assert page.numbers["Data"][0] == "6 images, 4 by 4 pixels, grey"

    reported = ReportedModel(model, x, None, None, None, 2000, 0)
    np.testing.assert_array_equal(reported.pictures(slice(None)), model.target(x))
    (picture,) = image_sections.reconstructions(reported).pictures
    drawn = np.asarray(picture.wide.axes[0].images[0].get_array())
    first = reported.order[0]
    np.testing.assert_allclose(drawn[:4, :4], reported.pictures([first])[0, ..., 0])
    decoded = np.asarray(model.reconstruct(x))[first, ..., 0]
    np.testing.assert_allclose(drawn[5:9, :4], decoded, atol=1e-5)


def test_refuses_observations_without_an_image(tmp_path):
    encoder = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5)])
    model = kl.models.Autoencoder(encoder, decoder)
    with pytest.raises(ValueError, match=r"`images` can.t be .* Received: .*\(1, 5\)"):
        write_report(model, np.zeros((9, 5), "float32"), tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"limit": 0}, "`limit` must be a positive integer. Received: limit=0"),
        ({"seed": -1}, "`seed` must .* Received: seed=-1"),
        ({"labels": [1, 2]}, r"`labels` must .* each of the 60 .* shape \(2,\)"),
        ({"class_names": ["0"]}, "`labels` must be indices of `class_names`"),
        ({"history": {"loss": [1.0], "kl": []}}, "`history` must .*'kl': 0"),
        ({"known": (np.zeros((3, 28, 28, 1)), [1])}, "`known` must .* of the 3 images"),
        (
            {"known": (np.zeros((3, 8, 8, 1)), [1] * 3)},
            "`known` can.t be .* 28, 28, 1",
        ),
        ({"images": np.zeros((60, 8, 8, 1))}, r"`images` can.t be .*\(batch, 28, 28"),
        ({"images": np.full((60, 28, 28, 1), 2.0)}, r"must lie in \[0, 1\]"),
        ({"images": np.full((60, 28, 28, 1), np.nan)}, "must be finite"),
        ({"images": np.zeros((1, 28, 28, 1)), "labels": [1]}, "at least two images"),
        (
            {"samplers": {"mine": SimpleNamespace(model=None)}},
            "`samplers` must be samplers of `model`. Received: 'mine'",
        ),
        (
            {"explorer": "none.html"},
            "`explorer` must be a page .*='none.html', where there is no file",
        ),
        ({"model": keras.Sequential()}, "`model` must be a latent model .* Sequential"),
    ],
)
def test_refuses_a_wrong_argument_and_leaves_nothing(
    vae, digits, tmp_path, arguments, message
):
    images, labels = digits
    given = {"model": vae, "images": images, "labels": labels, **arguments}
    with pytest.raises(ValueError, match=message):
        write_report(path=tmp_path / "report.html", **given)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_what_was_there(vae, digits, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no figure")

    path = tmp_path / "report.html"
    path.write_text("before")
    monkeypatch.setattr("keras_latent.plots.worst_and_best", fail)
    with pytest.raises(RuntimeError, match="no figure"):
        write_report(vae, digits[0][:4], path)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text() == "before"


def test_refuses_a_path_that_cannot_be_written_before_it_works(vae, digits, tmp_path):
    images, _ = digits
    with pytest.raises(OSError, match=r"`path` must be in a folder .* \(No such file"):
        write_report(vae, images, tmp_path / "none" / "report.html")
    with pytest.raises(ValueError, match="`path` must be a file, but is a folder"):
        write_report(vae, images, tmp_path)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match=r"`path` must be in a folder .* \(Not a dir"):
        write_report(vae, images, tmp_path / "file" / "report.html")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
