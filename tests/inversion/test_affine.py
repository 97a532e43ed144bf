import numpy as np
import pytest
import tensorflow as tf

from keras_latent.inversion.affine import angle_ranges, draw_maps, transform

IDENTITY = [[1, 0, 0], [0, 1, 0]]


def pictures(height=9, width=9, channels=2):
    random = np.random.default_rng(0)
    return random.random((3, height, width, channels)).astype("float32")


def turn(degrees):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return [[cosine, -sine, 0], [sine, cosine, 0]]


def moved(images, matrix):
    return transform(images, tf.constant([matrix] * len(images), tf.float32)).numpy()


def drawn(ranges=(0, 0), scale=1.0, shear=0.0, shift=0.0, count=4000, seed=0):
    maps = draw_maps(angle_ranges(ranges), scale, shear, shift, count, [seed, seed])
    return maps.numpy()


@pytest.mark.parametrize("shape", [(9, 9, 2), (8, 8, 1), (7, 12, 3)])
def test_the_identity(shape):
    images = pictures(*shape)
    np.testing.assert_allclose(moved(images, IDENTITY), images, atol=1e-5)


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("quarters", [-1, 1, 2, 3])
def test_quarter_turns(size, quarters):
    images = pictures(size, size)
    expected = np.rot90(images, quarters, axes=(1, 2))
    np.testing.assert_allclose(moved(images, turn(90 * quarters)), expected, atol=1e-5)


def test_a_half_turn_of_an_oblong():
    images = pictures(7, 12)
    np.testing.assert_allclose(
        moved(images, turn(180)), images[:, ::-1, ::-1], atol=1e-4
    )


def test_shifts_are_in_halves_of_the_shorter_side():
    images = pictures(8, 12)
    # Three pixels to the right and two upwards.
    result = moved(images, [[1, 0, 3 / 4], [0, 1, 2 / 4]])
    expected = np.zeros_like(images)
    expected[:, :-2, 3:] = images[:, 2:, :-3]
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_bilinear_between_pixels():
    images = pictures(1, 8)
    result = moved(images, [[1, 0, 2 * 0.25], [0, 1, 0]])
    expected = 0.75 * images[:, :, 1:] + 0.25 * images[:, :, :-1]
    np.testing.assert_allclose(result[:, :, 1:], expected, atol=1e-5)


def test_a_point_goes_where_the_map_takes_it():
    height, width = 15, 21
    matrix = np.array([[0.5, -1.0, 0.2], [1.25, 0.5, -0.1]])
    point = np.array([2 / 7.5, -1 / 7.5])
    x, y = matrix[:, :2] @ point + matrix[:, 2]
    images = np.zeros((1, height, width, 1), "float32")
    images[0, 7 + 1, 10 + 2] = 1
    # The centre of what became of the point.
    result = moved(images, matrix)[0, :, :, 0]
    rows, columns = np.mgrid[:height, :width]
    found = [(result * places).sum() / result.sum() for places in (columns, rows)]
    assert found == pytest.approx([10 + 7.5 * x, 7 - 7.5 * y], abs=0.3)


def test_each_image_has_its_own_map():
    images = pictures(8, 8)
    maps = tf.constant([turn(0), turn(90), turn(180)], tf.float32)
    result = transform(images, maps).numpy()
    for turns, (image, turned) in enumerate(zip(images, result, strict=True)):
        np.testing.assert_allclose(turned, np.rot90(image, turns), atol=1e-5)


def test_angles_are_uniform_in_all_ranges_together():
    maps = drawn([(-90, -80), (0, 30)])
    angles = np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0]))
    first, second = angles[angles < -45], angles[angles >= -45]
    assert len(first) / len(angles) == pytest.approx(1 / 4, abs=0.02)
    for some, low, high in ((first, -90, -80), (second, 0, 30)):
        assert some.min() == pytest.approx(low, abs=0.1)
        assert some.max() == pytest.approx(high, abs=0.1)
        counts, _ = np.histogram(some, 5, (low, high))
        np.testing.assert_allclose(counts / len(some), 0.2, atol=0.05)


@pytest.mark.parametrize("angles", [(30, 30), [(30, 30), (60, 60)]])
def test_single_angles(angles):
    maps = drawn(angles)
    found = np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0])).round(2)
    assert sorted(set(found)) == pytest.approx(sorted({*np.ravel(angles)}), abs=0.05)


def test_scales_and_shears_and_shifts():
    maps = drawn(scale=2.0, shear=0.3, shift=0.1)
    matrices, shifts = maps[:, :, :2], maps[:, :, 2]
    factors = matrices[:, [0, 1], [0, 1]]
    logarithms = np.log2(factors)
    assert logarithms.min() == pytest.approx(-1, abs=0.01)
    assert logarithms.max() == pytest.approx(1, abs=0.01)
    assert np.median(logarithms) == pytest.approx(0, abs=0.06)
    shears = matrices[:, 0, 1] / factors[:, 1]
    assert (shears.min(), shears.max()) == pytest.approx((-0.3, 0.3), abs=0.01)
    assert np.abs(matrices[:, 1, 0]).max() == 0
    assert (shifts.min(), shifts.max()) == pytest.approx((-0.1, 0.1), abs=0.01)
    numbers = np.column_stack([logarithms, shears, shifts])
    off_diagonal = np.corrcoef(numbers.T) - np.eye(5)
    assert np.abs(off_diagonal).max() < 0.06


def test_a_map_turns_what_it_has_sheared():
    plain, turned = drawn(scale=1.5, shear=0.3), drawn((40, 40), 1.5, 0.3)
    np.testing.assert_allclose(
        turned[:, :, :2], np.array(turn(40))[:, :2] @ plain[:, :, :2], atol=1e-5
    )


def test_the_seed_alone_decides():
    tf.random.set_seed(1)
    first = drawn((0, 90), seed=3)
    tf.random.set_seed(2)
    np.testing.assert_array_equal(drawn((0, 90), seed=3), first)
    assert not np.array_equal(drawn((0, 90), seed=4), first)


@pytest.mark.parametrize(
    "angles",
    [
        (),
        30,
        "wide",
        (30, 10),
        (0, np.nan),
        (0, np.inf),
        (0, 1, 2),
        [(0, 1), (2,)],
        [(0, 1), (5, 2)],
        None,
    ],
)
def test_wrong_angles(angles):
    with pytest.raises(ValueError, match=r"`angles` must be a pair .*angles="):
        angle_ranges(angles)
