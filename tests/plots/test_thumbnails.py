import numpy as np

from keras_latent.plots.thumbnails import apart


def test_chosen_points_are_apart_and_the_others_are_not():
    points = np.random.default_rng(0).random((500, 2))

    chosen = apart(points, 0.1)

    gaps = np.abs(points[:, None] - points[chosen]).max(axis=-1)
    among = gaps[chosen] + np.eye(len(chosen))
    assert among.min() >= 0.1
    assert len(chosen) > 30
    left_out = np.delete(gaps, chosen, axis=0)
    assert (left_out.min(axis=1) < 0.1).all()


def test_the_first_of_equal_points_is_chosen():
    assert apart(np.zeros((5, 2)), 0.1).tolist() == [0]


def test_the_choice_is_the_same_each_time():
    points = np.random.default_rng(1).normal(size=(200, 2))

    np.testing.assert_array_equal(apart(points, 0.5), apart(points.copy(), 0.5))
