import keras
import numpy as np
import pytest

from keras_latent.layers import Repair

DATA = {
    "category": np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]], "float32"),
    "age": np.array([[1.6], [-0.4]], "float32"),
    "image": np.random.default_rng(0).random((2, 4)).astype("float32"),
}


def test_maps_each_column_to_its_nearest_value():
    repaired = Repair({"category": "one_hot", "age": "round"})(DATA)
    assert np.array(repaired["category"]).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert np.array(repaired["age"]).tolist() == [[2], [0]]
    np.testing.assert_array_equal(repaired["image"], DATA["image"])


def test_valid_data_stays_as_it_is():
    repair = Repair({"category": "one_hot", "age": "round"})
    once = repair(DATA)
    for name, value in repair(once).items():
        np.testing.assert_array_equal(value, once[name])


def test_config():
    repair = Repair({"category": "one_hot"}, name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(repair)
    )
    assert again.get_config() == repair.get_config()
    assert again.columns == {"category": "one_hot"}


def test_an_unknown_kind():
    with pytest.raises(
        ValueError,
        match=r"`columns\['age'\]` must be one of 'one_hot', 'round'.*'ceil'",
    ):
        Repair({"age": "ceil"})


def test_a_missing_column():
    with pytest.raises(ValueError, match=r"`columns`.*Received: columns=\['income'\]"):
        Repair({"income": "round"})(DATA)
