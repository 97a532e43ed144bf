"""The matrix of information between dimensions and factors."""

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.datasets.shapes import FACTORS
from keras_latent.reports.code_sections import traversals
from keras_latent.reports.factor_information import (
    factor_information,
    information_shares,
)
from keras_latent.reports.information_section import information
from keras_latent.reports.reported_model import ReportedModel


def test_codes_that_are_factors_tell_all_of_their_own_alone():
    factors = np.indices((3, 4, 2)).reshape(3, -1).T
    codes = np.column_stack([factors[:, 1], np.zeros(24), factors[:, 0]])
    expected = [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    found = information_shares(codes, factors)
    assert found.shares == pytest.approx(np.array(expected, float), abs=1e-9)


def test_names_are_those_of_the_factors_that_vary():
    factors = np.column_stack([np.arange(24) % 2, np.zeros(24), np.arange(24) % 3])
    found = information_shares(factors[:, ::2], factors, ["side", "still", "size"])
    assert found.names == ("side", "size")
    assert [found.most_told(row) for row in (0, 1)] == ["side 1.00", "size 1.00"]


def test_it_is_drawn_where_there_are_factors_alone():
    shapes = kl.datasets.open_dataset("shapes", 8).split("test[:40]")
    model = kl.models.Autoencoder.for_images((8, 8, 3), latent_dim=2)
    reported = ReportedModel(model, shapes, None, None, None, 10, 0)
    found = factor_information(reported)
    section = information(found)
    assert section.heading == "Information of factors"
    images, labels = kl.datasets.arrays("shapes", "test[:40]", image_size=8)
    shares = information_shares(model.encode(images), labels).shares
    assert f"factor shape most by dimension {shares[:, 0].argmax()}" in (
        section.pictures[0].alt
    )
    assert f"({shares[:, 0].max():.2g})" in section.pictures[0].alt
    (axes, _) = section.pictures[0].wide.axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == list(FACTORS)

    (picture,) = traversals(reported, found).pictures
    rows = [text.get_text() for text in picture.wide.axes[0].get_yticklabels()]
    used = np.argsort(-reported.codes.std(axis=0), kind="stable")
    most = shares.argmax(axis=1)
    assert rows == [
        f"{row}: {list(FACTORS)[most[row]]} {shares[row, most[row]]:.2f}"
        for row in used
    ]
    assert "tells most of" in picture.caption

    image = np.zeros((30, 8, 8, 3), "float32")
    plain = ReportedModel(model, image, None, None, None, 10, 0)
    assert factor_information(plain) is None
