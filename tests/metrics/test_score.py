import dataclasses

import pytest

from keras_latent.metrics import Score


def test_is_a_number_that_carries_its_protocol():
    score = Score(0.9, {"k": 5})

    assert float(score) == 0.9
    assert score.protocol == {"k": 5}


def test_cannot_be_altered():
    with pytest.raises(dataclasses.FrozenInstanceError, match="value"):
        Score(0.9, {}).value = 1.0


def test_has_an_interval_where_it_was_measured():
    assert Score(0.9, {}).interval is None
    assert Score(0.9, {}, interval=0.01).interval == 0.01
