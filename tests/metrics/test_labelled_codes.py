import numpy as np
import pytest

from keras_latent.metrics import knn_accuracy, linear_probe

GOOD = {
    "train_codes": np.zeros((4, 2)),
    "train_labels": np.array([0, 1, 0, 1]),
    "test_codes": np.zeros((4, 2)),
    "test_labels": np.array([0, 1, 1, 0]),
}


@pytest.mark.parametrize("metric", [knn_accuracy, linear_probe])
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("codes", np.zeros((4, 2, 2)), r"\(count, latent_dim\).*\(4, 2, 2\)"),
        ("labels", np.zeros(7), r"one label for each .* shape \(7,\)"),
        ("codes", np.array([[0.0, np.nan]] * 4), r"must be finite.* with 4 values"),
        ("codes", np.zeros((0, 2)), r"must not be empty.* shape \(0, 2\)"),
    ],
)
def test_bad_codes_and_labels_are_refused(metric, split, name, value, message):
    argument = f"{split}_{name}"

    with pytest.raises(ValueError, match=rf"`{argument}` .*Received: .*") as error:
        metric(**GOOD | {argument: value})
    assert error.match(message)
