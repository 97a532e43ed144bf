import numpy as np
import pytest

from keras_latent import plots


def lines(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


def test_one_panel_for_each_log_with_its_validation():
    history = {"kl": [1.0, 1.5], "loss": [3.0, 2.0], "val_loss": [4.0, 3.5]}

    loss, kl = plots.learning_curves(history).axes

    assert (loss.get_title("left"), kl.get_title("left")) == ("loss", "kl")
    assert lines(loss) == {
        "training": [[1, 3.0], [2, 2.0]],
        "validation": [[1, 4.0], [2, 3.5]],
    }
    assert lines(kl) == {"training": [[1, 1.0], [2, 1.5]]}


def test_a_log_of_the_validation_alone_is_drawn():
    (axes,) = plots.learning_curves({"val_mse": [0.5]}).axes

    assert axes.get_title("left") == "mse"
    assert lines(axes) == {"validation": [[1, 0.5]]}


def test_text_as_read_from_csv_with_its_epochs():
    history = {"epoch": ["4", "5", "6"], "loss": ["3", "nan", "2.5"]}

    (axes,) = plots.learning_curves(history).axes

    assert lines(axes) == {"training": [[4, 3.0], [6, 2.5]]}


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 0.01], "log"),
        ([1.0, 0.5], "linear"),
        ([1.0, 0.0], "linear"),
        ([1.0, -5.0], "linear"),
        ([np.nan, np.nan], "linear"),
    ],
)
def test_logarithmic_where_positive_values_span_far(values, scale):
    (axes,) = plots.learning_curves({"loss": values}).axes

    assert axes.get_yscale() == scale


def test_refuses_logs_of_unequal_length():
    with pytest.raises(ValueError, match=r"`history` .*Received: .*'loss': 2, 'kl': 1"):
        plots.learning_curves({"loss": [3.0, 2.0], "kl": [1.0]})


@pytest.mark.parametrize("history", [{}, {"epoch": [1, 2]}])
def test_refuses_an_empty_history(history):
    with pytest.raises(ValueError, match=r"`history` .*Received: history with {}"):
        plots.learning_curves(history)
