"""Reports on models with maps for codes, with conditions, and with other priors."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent import distributions
from keras_latent.reports import code_sections, image_sections, write_report
from keras_latent.reports.measures import measures
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.sections import sections
from tests.reports.reading import Page

IMAGES = np.random.default_rng(0).random((6, 8, 8, 1), "float32")


def test_of_maps_everything_is_drawn(tmp_path):
    model = kl.models.VAE.for_images((8, 8, 1), code_shape=(2, 2, 3))
    model.compile()
    labels = [0, 1, 0, 1, 0, 1]
    path = tmp_path / "report.html"
    samplers = {"normal": kl.samplers.Normal(model).fit(IMAGES)}
    known = IMAGES, labels
    write_report(model, IMAGES, path, labels, known, samplers=samplers)
    page = Page(path.read_text())
    assert page.numbers["Code"][0] == "map of 2 by 2 with 3 channels: 12 dimensions"
    assert "5-NN accuracy" in page.numbers
    headings = {"Map of the codes", "Interpolations", "Traversals"}
    # One section for the prior and samplers.
    assert headings | {"Samples"} <= set(page.headings)
    assert "Samples of the prior" not in page.headings
    kl_divergence = model.kl_by_element(IMAGES).reshape(6, 12).mean(axis=0).sum()
    assert f"{kl_divergence:.4g} nats in all" in path.read_text()


def test_plain_maps_are_traversed_in_their_own_spread():
    model = kl.models.Autoencoder.for_images((8, 8, 1), code_shape=(2, 2, 2))
    reported = ReportedModel(model, IMAGES, None, None, None, 2000, 0)
    (picture,) = code_sections.traversals(reported).pictures
    assert "standard deviations" in picture.caption
    codes = np.asarray(model.encode(IMAGES)).reshape(6, 8)
    first = int(np.argmax(codes.std(axis=0)))
    code = codes[reported.order[0]].copy()
    code[first] = codes[:, first].mean() + 3 * codes[:, first].std()
    expected = np.asarray(model.decode(code.reshape(1, 2, 2, 2)))[0, ..., 0]
    drawn = picture.wide.axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn[:8, -8:], expected.clip(0, 1), atol=1e-5)


@keras.saving.register_keras_serializable(package="tests")
class Shifted(distributions.Normal):
    """A prior around 3; no formula for the divergence of single dimensions is known."""

    def log_prob(self, value, parameters=None):
        return super().log_prob(value - 3.0, parameters)

    def sample(self, parameters=None, seed=None, shape=()):
        return 3.0 + super().sample(parameters, seed, shape)


@keras.saving.register_keras_serializable(package="tests")
class Posterior(distributions.Normal):
    """A posterior for whose divergence there is no formula."""

    def kl_by_element(self, parameters, prior):
        return None


@pytest.mark.all
def test_of_another_prior_nothing_is_said_that_holds_for_the_normal_alone():
    model = kl.models.VAE.for_images(
        (8, 8, 1), latent_dim=3, prior=Shifted(), posterior=Posterior()
    )
    model.compile()
    reported = ReportedModel(model, IMAGES, None, None, None, 2000, 0)
    assert "the kind Shifted" in image_sections.prior_samples(reported).explanation
    assert len(code_sections.code_usage(reported).pictures) == 1
    numbers = {m.name: m for m in measures(reported)["Loss"]}
    assert "N(0, I)" not in "".join(m.protocol for m in numbers.values())
    assert "beta = 1" in numbers["Loss"].protocol
    assert "evidence lower bound" in numbers["Loss"].protocol
    texts = [
        text
        for section in sections(reported, None)
        for text in (section.explanation, *(p.caption for p in section.pictures))
    ]
    assert not [text for text in texts if "standard normal" in text]


@pytest.mark.all
def test_codes_that_mean_nothing_without_a_condition_are_not_moved(tmp_path):
    model = kl.models.ConditionalVAE.for_images((8, 8, 1), latent_dim=2, num_classes=3)
    model.compile()
    labels = np.arange(6) % 3
    write_report(model, model.observation(IMAGES, labels), tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert "Reconstructions" in page.headings
    assert not {"Interpolations", "Samples of the prior"} & set(page.headings)


@pytest.mark.parametrize("scale", [255.0, -1.0])
def test_images_that_cannot_be_drawn_are_refused(tmp_path, scale):
    flat = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    linear = [keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))]
    model = kl.models.Autoencoder(flat, keras.Sequential([keras.Input((2,)), *linear]))
    with pytest.raises(ValueError, match=r"`images` must lie in \[0, 1\].*minimum="):
        write_report(model, scale * IMAGES, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
