import numpy as np
import pytest
import tensorflow as tf

from keras_latent.class_names import label_names


@pytest.mark.parametrize(
    ("labels", "texts"),
    [
        ([3, 10], ["3", "10"]),
        (np.array([3, 10], "uint8"), ["3", "10"]),
        (tf.constant([3, 10]), ["3", "10"]),
        (["a", "b"], ["a", "b"]),
        (np.array(["a", "b"]), ["a", "b"]),
        (tf.constant(["é", "b"]), ["é", "b"]),
        (["a", "é".encode()], ["a", "é"]),
        ([0.5, 1.0], ["0.5", "1.0"]),
        ([True, False], ["True", "False"]),
        ([], []),
    ],
)
def test_labels_are_their_own_text(labels, texts):
    assert label_names(labels) == texts


@pytest.mark.parametrize("labels", [[1, 0, 1], np.array([1, 0, 1], "uint8")])
def test_indices_get_their_names(labels):
    assert label_names(labels, ["cat", "dog"]) == ["dog", "cat", "dog"]


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0], [0.0, 1.0], ["cat"]])
def test_refuses_what_is_no_index_of_a_name(labels):
    with pytest.raises(ValueError, match=r"`labels` .* integers below 2\. Received:"):
        label_names(labels, ["cat", "dog"])
