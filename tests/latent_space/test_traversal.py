import numpy as np
import pytest
import tensorflow as tf

from keras_latent.distributions import WrappedNormal
from keras_latent.latent_space import traverse

CODE = np.array([0.5, -1.0, 2.0], "float32")


def test_sets_one_dimension_and_leaves_the_others():
    values = np.linspace(-2, 2, 5)

    codes = traverse(CODE, values)

    assert codes.shape == (3, 5, 3)
    assert codes.dtype == "float32"
    for dimension in range(3):
        for step in range(5):
            expected = CODE.copy()
            expected[dimension] = values[step]
            np.testing.assert_array_equal(codes[dimension, step], expected)


def test_of_chosen_dimensions_in_their_order():
    codes = traverse(CODE, [7.0, 8.0], dimensions=[2, 0])

    np.testing.assert_array_equal(codes, traverse(CODE, [7.0, 8.0])[[2, 0]])


def test_takes_integers():
    np.testing.assert_array_equal(traverse([1, 2], [0.5]), [[[0.5, 2]], [[1, 0.5]]])


def test_takes_any_iterable_of_dimensions():
    assert traverse(CODE, [0.0], dimensions=range(2)).shape == (2, 1, 3)


@pytest.mark.parametrize(
    "dimensions", [(0, 1), np.arange(2), tf.range(2), iter([0, 1])]
)
def test_takes_dimensions_of_any_kind(dimensions):
    expected = traverse(CODE, [0.0], dimensions=range(2))
    np.testing.assert_array_equal(traverse(CODE, [0.0], dimensions), expected)


@pytest.mark.parametrize(
    "dimensions",
    [
        *([3], [-1], [0.0], [], [True], ["a"], [[0], [1, 2]]),
        *(1, 1.5, "a", np.array(1), tf.constant(1), print),
    ],
)
def test_refuses_dimensions_that_the_code_has_not(dimensions):
    with pytest.raises(ValueError, match=r"`dimensions` .* 0 to 2.* Received: dim"):
        traverse(CODE, [0.0], dimensions)


def test_refuses_values_of_another_shape():
    with pytest.raises(ValueError, match=r"`values` .* Received: .* \(1, 2\)"):
        traverse(CODE, [[0.0, 1.0]])


@pytest.mark.parametrize("space", ["x", None, 1, np.array(["real", "sphere"])])
def test_refuses_a_space_that_there_is_not(space):
    message = r"`space` must be one of 'real', 'sphere', 'ball.*Received: space="
    with pytest.raises(ValueError, match=message):
        traverse(CODE, [0.0], space=space)


def test_a_ball_leaves_the_others_as_they_are():
    space = WrappedNormal(curvature=0.5).space
    np.testing.assert_array_equal(
        traverse(CODE, [0.5], space=space), traverse(CODE, [0.5])
    )
