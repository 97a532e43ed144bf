from pathlib import Path

import numpy as np
import pytest

from applications import transfer
from applications.table import transfer_table

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "pretrained.md"


@pytest.fixture(scope="module")
def target():
    return transfer.digits_of_others()


def test_more_labels_add_to_fewer_and_none_is_tested(target):
    few, tested = transfer.split(target.labels, 10, seed=3)
    many, others = transfer.split(target.labels, 100, seed=3)
    np.testing.assert_array_equal(tested, others)
    assert set(few) < set(many)
    assert not set(many) & set(tested)
    for rows, count in ((few, 10), (many, 100), (tested, transfer.TESTED)):
        np.testing.assert_array_equal(np.bincount(target.labels[rows]), [count] * 10)


def test_the_head_begins_as_the_probe(target, monkeypatch):
    monkeypatch.setattr(transfer, "STEPS", 2)
    monkeypatch.setattr(transfer, "SHIFT", 0.0)
    features = transfer.pooled("ConvAutoencoder", "mnist", target.images.shape[1:])
    labelled, tested = rows = transfer.split(target.labels, 10, seed=0)
    given = [features.predict(target.images[part], verbose=0) for part in rows]
    head = transfer.probe(given[0], target.labels[labelled])
    accuracy = head.score(given[1], target.labels[tested])
    kept = transfer.trained(features, 0.0, target, rows, head, seed=0)
    assert kept == pytest.approx(accuracy, abs=2 / len(tested))
    # One at random tells little.
    lost = transfer.trained(features, 0.0, target, rows, None, seed=0)
    assert lost < accuracy - 0.3


def test_cards_get_means_and_spreads():
    (row,) = transfer.measures("mnist", {"probe 10": [0.5, 0.7]}).values()
    assert row["value"] == pytest.approx(60)
    assert "10 labelled images a class" in row["what"]
    assert "mean of 2 seeds, standard deviation 14.1" in row["what"]


def test_the_page_shows_what_stands_on_the_cards():
    assert transfer_table() in PAGE.read_text(encoding="utf-8")
