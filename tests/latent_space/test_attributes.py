import numpy as np
import pytest

from keras_latent.latent_space import apply_attribute, attribute_vector


@pytest.fixture
def sets():
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(50, 4)).astype("float32")
    return codes[:20] + np.float32(2.0), codes[20:]


def test_is_the_difference_of_the_centroids(sets):
    codes_with, codes_without = sets

    vector = attribute_vector(codes_with, codes_without)

    assert vector.dtype == "float32"
    expected = [
        sum(map(float, codes_with[:, i])) / 20
        - sum(map(float, codes_without[:, i])) / 30
        for i in range(4)
    ]
    np.testing.assert_allclose(vector, expected, rtol=1e-6)


def test_of_swapped_sets_points_back(sets):
    np.testing.assert_array_equal(
        attribute_vector(*sets), -attribute_vector(*reversed(sets))
    )


def test_keeps_its_digits_over_many_codes():
    codes = np.full((200_000, 1), 0.1, "float32")

    vector = attribute_vector(codes, np.zeros((1, 1), "float32"))

    np.testing.assert_allclose(vector, [0.1], rtol=1e-7)


def test_applied_to_the_codes_without_it_meets_the_centroid_with_it(sets):
    codes_with, codes_without = sets

    edited = apply_attribute(codes_without, attribute_vector(*sets))

    assert edited.shape == codes_without.shape
    np.testing.assert_allclose(edited.mean(0), codes_with.mean(0), rtol=1e-5)


def test_strength_scales_the_step():
    codes, vector = np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([0.0, 3.0])

    np.testing.assert_array_equal(apply_attribute(codes, vector, 0.0), codes)
    np.testing.assert_array_equal(
        apply_attribute(codes, vector, np.float32(-2)), [[1.0, -5.0], [2.0, -6.0]]
    )
    np.testing.assert_array_equal(codes, [[1.0, 1.0], [2.0, 0.0]])


def test_refuses_sets_of_other_latent_dimensions():
    with pytest.raises(ValueError, match=r"`codes_without` .* 2\. .* \(1, 3\)"):
        attribute_vector(np.zeros((1, 2)), np.zeros((1, 3)))


def test_refuses_a_vector_of_another_latent_dimension():
    with pytest.raises(ValueError, match=r"`vector` .* dimension 2\. .* shape \(3,\)"):
        apply_attribute(np.zeros((1, 2)), np.zeros(3))


@pytest.mark.parametrize("strength", [np.nan, "much"])
def test_refuses_a_strength_that_is_no_number(strength):
    with pytest.raises(ValueError, match=rf"`strength` .* strength={strength!r}"):
        apply_attribute(np.zeros((1, 2)), np.zeros(2), strength)
