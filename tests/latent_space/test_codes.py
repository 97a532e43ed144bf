import keras
import numpy as np
import pytest

from keras_latent import latent_space
from keras_latent.latent_space.codes import as_codes, as_numbers, check_latent_dim

CODES = np.arange(18.0).reshape(6, 3)

# Every argument that holds codes, and a call in which the others are right.
CALLS = {
    "start": lambda codes: latent_space.interpolate(codes, CODES),
    "end": lambda codes: latent_space.interpolate(CODES, codes),
    "codes_with": lambda codes: latent_space.attribute_vector(codes, CODES),
    "codes_without": lambda codes: latent_space.attribute_vector(CODES, codes),
    "codes": lambda codes: latent_space.apply_attribute(codes, CODES[0]),
    "vector": lambda vector: latent_space.apply_attribute(CODES, vector),
    "code": lambda code: latent_space.traverse(code, [1.0]),
    "values": lambda values: latent_space.traverse(CODES[0], values),
    "queries": lambda codes: latent_space.nearest(codes, CODES),
    "codes ": lambda codes: latent_space.nearest(CODES, codes),
    "codes  ": lambda codes: latent_space.project(codes),
    "codes   ": lambda codes: latent_space.clusters(codes, count=2),
    "centroids": latent_space.relative_positions,
}
ONE_CODE = {"vector", "code", "values"}


@pytest.mark.parametrize("argument", CALLS)
class TestBadCodes:
    def refuses(self, argument, codes, message):
        name = argument.strip()
        with pytest.raises(ValueError, match=rf"`{name}` .*{message}"):
            CALLS[argument](codes)

    def test_of_another_shape(self, argument):
        codes = np.zeros((2, 2, 2, 2, 2))
        self.refuses(argument, codes, r"shape.* Received: .* shape \(2, 2, 2, 2, 2\)")

    def test_that_are_none(self, argument):
        empty = np.zeros(0) if argument in ONE_CODE else np.zeros((0, 3))
        self.refuses(argument, empty, r"not be empty\. Received: .* shape \(0")

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_that_are_not_finite(self, argument, value):
        codes = CODES.copy()
        codes[0, 1:] = value
        codes = codes[0] if argument in ONE_CODE else codes
        self.refuses(argument, codes, "finite. Received: .* with 2 values")

    def test_that_are_no_numbers(self, argument):
        codes = np.full((6, 3), "a")
        codes = codes[0] if argument in ONE_CODE else codes
        self.refuses(argument, codes, "hold numbers. Received: .* dtype <U1")

    def test_that_are_nothing(self, argument):
        name = argument.strip()
        self.refuses(argument, None, f"hold numbers. Received: {name}=None")
        self.refuses(argument, {"a": CODES}, f"Received: {name} of type dict")

    @pytest.mark.parametrize("shape", [(None, 3), (3,)])
    def test_whose_values_nobody_knows(self, argument, shape):
        symbolic = keras.KerasTensor(shape)
        self.refuses(argument, symbolic, "known values.* of type KerasTensor")

    def test_with_rows_of_unequal_length(self, argument):
        self.refuses(argument, [[1.0], [1.0, 2.0]], "array.* Received: .* type list")


@pytest.mark.parametrize("seed", [None, "a", -1, 1.5, [1], True, np.ones(2)])
@pytest.mark.parametrize(
    "call",
    [
        lambda seed: latent_space.project(CODES, seed=seed),
        lambda seed: latent_space.project(CODES, "tsne", seed=seed),
        lambda seed: latent_space.clusters(CODES, 2, seed=seed),
        lambda seed: latent_space.sample_rows(6, 3, seed=seed),
    ],
)
def test_refuses_what_is_no_seed(call, seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer in .*: seed="):
        call(seed)


def test_large_seeds_are_seeds():
    found = latent_space.clusters(CODES, 2, seed=2**40).labels
    np.testing.assert_array_equal(found, latent_space.clusters(CODES, 2, 2**40).labels)
    assert latent_space.project(CODES, "tsne", seed=2**40).shape == (6, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_keep_their_type(dtype):
    assert as_codes("codes", CODES.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("dtype", ["float16", "int64", "uint8", "bool"])
def test_other_numbers_become_floats(dtype):
    codes = as_codes("codes", CODES.astype(dtype))

    assert codes.dtype == "float64"
    np.testing.assert_array_equal(codes, CODES.astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_takes_tensors(dtype):
    codes = as_codes("codes", keras.ops.convert_to_tensor(CODES, dtype))

    assert type(codes) is np.ndarray
    np.testing.assert_array_equal(codes, CODES)


def test_names_every_shape_that_is_allowed():
    with pytest.raises(ValueError, match=r"\(latent_dim,\) or \(count, latent_dim\)\."):
        as_codes("start", 1.0, (1, 2))


def test_numbers_may_have_any_shape():
    assert as_numbers("scores", 3).shape == ()


def test_refuses_maps_beside_vectors():
    maps = np.zeros((2, 2, 3))
    with pytest.raises(ValueError, match=r"`vector` must be vectors of .* \(2, 2, 3\)"):
        latent_space.apply_attribute(CODES, maps)
    with pytest.raises(ValueError, match=r"`codes_without` must be vectors .* \(3,\)"):
        latent_space.attribute_vector(CODES, maps[None])


def test_refuses_another_latent_dimension():
    with pytest.raises(ValueError, match=r"`codes` .* 4\. Received: .* \(6, 3\)"):
        check_latent_dim("codes", CODES, 4)
