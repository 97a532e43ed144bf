import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.reports.measures import measures
from keras_latent.reports.reported_model import Labelled, ReportedModel
from tests.models.cases import dense_networks, inverter_networks
from tests.models.cases import images as some_images


def values(reported):
    return {m.name: m.value for group in measures(reported).values() for m in group}


def reported_model(model, images, labels=None, known=None):
    return ReportedModel(model, images, labels, known, None, 2000, 0)


def test_errors_are_those_of_the_reconstructions(report, vae, digits):
    images, _ = digits
    squares = (images - np.asarray(vae.reconstruct(images))) ** 2
    errors = squares.reshape(len(images), -1).astype("float64").mean(axis=1)
    assert report.numbers["Mean squared error"] == (
        f"{errors.mean():.4g}",
        "Mean over the pixels of 60 images.",
    )
    ratio = np.mean(10 * np.log10(1 / errors))
    assert report.numbers["Peak signal-to-noise ratio"][0] == f"{ratio:.2f} dB"
    caption = next(t for t in report.inside("figcaption") if t.startswith("Errors"))
    assert f"smallest {errors.min():.3g}, median {np.median(errors):.3g}" in caption
    assert f"largest {errors.max():.3g}." in caption


def test_accuracies_are_those_of_the_classifiers(report, vae, digits, known):
    codes, others = (np.asarray(vae.encode(images)) for images, _ in (digits, known))
    distances = np.linalg.norm(codes[:, None] - others[None], axis=-1)
    nearest = np.argsort(distances, axis=1)[:, :5]
    # Of equally many votes the smallest class wins.
    voted = [np.bincount(known[1][rows]).argmax() for rows in nearest]
    value, protocol = report.numbers["5-NN accuracy"]
    assert value == f"{100 * np.mean(voted == digits[1]):.2f} %"
    assert "learned from 100 other images, tested on 60." in protocol

    from sklearn.linear_model import LogisticRegression

    mean, deviation = others.mean(axis=0), others.std(axis=0)
    probe = LogisticRegression(max_iter=1000)
    probe.fit((others - mean) / deviation, known[1])
    accuracy = probe.score((codes - mean) / deviation, digits[1])
    value, protocol = report.numbers["Linear probe accuracy"]
    assert value == f"{100 * accuracy:.2f} %"
    assert "C = 1" in protocol


def test_codes_are_measured(report, vae, digits):
    images, _ = digits
    codes = np.asarray(vae.encode(images))
    again = np.asarray(vae.encode(vae.reconstruct(images)))
    active = np.sum(codes.var(axis=0) > 0.01)
    assert 0 < active < 4
    assert report.numbers["Active dimensions"][0] == f"{active} of 4"
    length = 0.5 * (np.mean(codes**2) + np.mean(again**2))
    assert report.numbers["Latent length"][0] == f"{length:.4g}"
    mean, log_var = (np.asarray(part) for part in vae.posterior_parameters(images))
    kl_divergence = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    assert report.numbers["KL divergence"][0] == f"{kl_divergence:.4g}"
    captions = report.inside("figcaption")
    assert any(f"{kl_divergence:.4g} nats in all" in caption for caption in captions)


def test_the_loss_is_the_sum_of_its_terms(vae, digits):
    images, _ = digits
    found = values(reported_model(vae, images))
    total = float(found["Reconstruction"]) + float(found["KL divergence"])
    assert float(found["Loss"]) == pytest.approx(total, rel=1e-3)
    logs = vae.evaluate(images, verbose=0, return_dict=True)
    assert float(found["Loss"]) == pytest.approx(logs["loss"], rel=0.01)


def test_terms_of_another_variant_stand_by_their_names():
    model = kl.models.EncDec(**dense_networks())
    model.compile()
    found = measures(reported_model(model, some_images(6)))["Loss"]
    logs = model.evaluate(some_images(6), batch_size=256, verbose=0, return_dict=True)
    assert {measure.name: measure.value for measure in found} == {
        name.capitalize(): f"{logs[name]:.4g}"
        for name in ("loss", "cycle", "spread", "discrimination")
    }


def test_terms_that_read_labels_are_measured_where_the_labels_fit():
    model = kl.models.ConstrainedAutoencoder(**dense_networks(), heads=3)
    model.compile()
    x, labels = some_images(6), np.array([0, 1, 2, 0, 1, -1])
    found = values(reported_model(model, x, labels))
    logs = model.evaluate(x, labels, batch_size=256, verbose=0, return_dict=True)
    for name in ("loss", "reconstruction", "classification"):
        assert found[name.capitalize()] == f"{logs[name]:.4g}"
    told = model.classify(x).numpy().argmax(axis=1)
    share = np.mean((told == labels)[labels >= 0])
    assert found["Accuracy"] == f"{100 * share:.2f} %"
    for others in (None, labels + 1):
        assert "Loss" not in measures(reported_model(model, x, others))


def test_an_inverter_is_measured_without_the_features():
    model, x = kl.models.FeatureInverter(**inverter_networks()), some_images(6)
    found = values(reported_model(model, x))
    error = np.mean((x - model.ablate(x)) ** 2)
    assert found["Mean squared error without the features"] == f"{error:.4g}"
    assert "Latent length" in found


def test_of_given_features_the_image_is_measured():
    networks = {**inverter_networks(), "feature_extractor": None}
    model = kl.models.FeatureInverter(**networks)
    model.compile()
    x = some_images(6)
    pairs = {"features": x[:, :2, 0, 0], "image": x}
    reported = reported_model(model, pairs, np.arange(6))
    error, *_ = measures(reported)["Reconstruction"]
    assert error.value == f"{np.mean((x - model.reconstruct(pairs)) ** 2):.4g}"
    assert error.protocol == "Mean over the pixels of 6 images."
    found = values(reported)
    logs = model.evaluate(pairs, verbose=0, return_dict=True)
    assert found["Loss"] == f"{logs['loss']:.4g}"
    # Bare images can't be encoded again.
    assert "Latent length" not in found


def test_the_likelihood_is_given_where_it_is_one(vae, report, digits):
    # Of grey values, Bernoulli's is none.
    assert "Negative log-likelihood" not in report.numbers

    images = np.round(digits[0][:3])
    number = measures(reported_model(vae, images))["Loss"][-1]
    rows = np.sort(np.random.default_rng(0).permutation(3))
    estimates = vae.log_likelihood(images[rows], 200, seed=0)
    assert number.name == "Negative log-likelihood"
    assert number.value == f"{-np.mean(estimates):.2f} nats"
    assert "200 draws" in number.protocol
    assert "3 images" in number.protocol


@pytest.mark.parametrize(
    ("labels", "known_labels"),
    [(None, [0, 1] * 5), ([0, 1, 0], [1] * 10), ([0, 1, 0], [0, 1, 0, 1])],
)
def test_no_accuracy_without_enough_classes(vae, digits, labels, known_labels):
    known = Labelled(digits[0][: len(known_labels)], np.array(known_labels))
    labels = None if labels is None else np.array(labels)
    found = values(reported_model(vae, digits[0][:3], labels, known))
    assert not [name for name in found if "accuracy" in name.lower()]


def test_a_perfect_reconstruction_has_no_noise():
    eye = keras.initializers.Identity()
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((4,)), keras.layers.Reshape((2, 2, 1))])
    model = kl.models.Autoencoder(encoder, decoder)
    model.code.kernel.assign(eye((4, 4)))
    images = np.linspace(0, 1, 12, dtype="float32").reshape(3, 2, 2, 1)
    found = values(reported_model(model, images))
    assert found["Mean squared error"] == "0"
    assert found["Peak signal-to-noise ratio"] == "∞ dB"
    # Of images that aren't in [0, 1] there is no peak.
    found = values(reported_model(model, 3 * images - 1))
    assert "Peak signal-to-noise ratio" not in found
