"""The matrix of information between dimensions and factors."""

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.reports.information_section import information, information_shares
from keras_latent.reports.reported_model import ReportedModel


def test_codes_that_are_factors_tell_all_of_their_own_alone():
    factors = np.indices((3, 4, 2)).reshape(3, -1).T
    codes = np.column_stack([factors[:, 1], np.zeros(24), factors[:, 0]])
    expected = [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert information_shares(codes, factors) == pytest.approx(
        np.array(expected, float), abs=1e-9
    )


def test_it_is_drawn_where_there_are_factors_alone():
    shapes = kl.datasets.open_dataset("shapes", 8).split("test[:40]")
    model = kl.models.Autoencoder.for_images((8, 8, 3), latent_dim=2)
    section = information(ReportedModel(model, shapes, None, None, None, 10, 0))
    assert section.heading == "Information of factors"
    shares = information_shares(
        model.encode(kl.datasets.arrays("shapes", "test[:40]", image_size=8)[0]),
        shapes.labels,
    )
    assert f"({shares[:, 0].max():.2g})" in section.pictures[0].alt
    image = np.zeros((30, 8, 8, 3), "float32")
    plain = ReportedModel(model, image, None, None, None, 10, 0)
    assert information(plain) is None
