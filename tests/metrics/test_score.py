import dataclasses
import json

import numpy as np
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


def test_is_compared_and_written_as_a_number():
    score = Score(0.25, {})
    assert all([score < 0.5, score <= 0.25, score > 0.1, score >= Score(0.2, {})])
    assert not score > np.float32(0.5)
    assert f"{score:.3f} {score:5.0%}" == "0.250   25%"
    assert f"{score}" == repr(score)


def test_protocols_are_json():
    given = {"k": np.int64(5), "sizes": (np.float32(0.5), [np.bool_(True)])}
    protocol = Score(0.9, {"of": given}).protocol
    assert json.loads(json.dumps(protocol)) == {"of": {"k": 5, "sizes": [0.5, [True]]}}
