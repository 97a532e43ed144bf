"""What holds for every metric of generated images: extractors, names, bad input."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.metrics.generation.features import Features
from keras_latent.weights_hash import weights_hash

GENERATOR = np.random.default_rng(0)
REAL = GENERATOR.uniform(size=(30, 4, 4, 1)).astype("float32")
GENERATED = GENERATOR.uniform(size=(24, 4, 4, 1)).astype("float32")
METRICS = {
    "fid": {},
    "kid": {"subsets": 2, "subset_size": 10},
    "precision_recall": {},
    "density_coverage": {},
    "inception_score": {"splits": 2},
}
NAMES = {
    "fid": "FID",
    "kid": "KID",
    "precision_recall": "precision and recall",
    "density_coverage": "density and coverage",
    "inception_score": "IS",
}


@pytest.fixture(scope="module")
def extractor():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((4, 4, 1)), *layers], name="emoji")


def scored(metric, *arguments, **options):
    function = getattr(kl.metrics.generation, metric)
    return function(*arguments, **METRICS[metric] | options)


@pytest.mark.parametrize("metric", METRICS)
class TestEveryMetric:
    def test_takes_features_of_a_model_or_the_model(self, metric, extractor):
        features = [extractor.predict(x, verbose=0) for x in (REAL, GENERATED)]

        by_model = scored(metric, REAL, GENERATED, extractor, batch_size=7)
        by_features = scored(metric, *features)

        assert float(by_model) == pytest.approx(float(by_features), abs=1e-5)
        assert by_model.protocol["extractor_hash"] == weights_hash(extractor)
        assert by_features.protocol["extractor_hash"] is None

    def test_never_has_the_famous_name_alone(self, metric, extractor):
        famous = NAMES[metric]
        features = extractor.predict(REAL, verbose=0)

        by_model = scored(metric, REAL, GENERATED, extractor).protocol
        by_features = scored(metric, features, features).protocol
        named = scored(metric, features, features, extractor_name="mnist").protocol

        assert by_model["name"] == f"{famous}-emoji"
        assert by_features["name"] == f"{famous}-features"
        assert named["name"] == f"{famous}-mnist"

    def test_does_not_depend_on_the_batches(self, metric, extractor):
        numbers = [
            float(scored(metric, REAL, GENERATED, extractor, batch_size=size))
            for size in (1, 30)
        ]

        assert numbers[0] == pytest.approx(numbers[1], abs=1e-5)

    def test_does_not_change_the_model(self, metric, extractor):
        before = weights_hash(extractor)

        scored(metric, REAL, GENERATED, extractor)

        assert weights_hash(extractor) == before

    def test_says_how_many(self, metric, extractor):
        protocol = scored(metric, REAL, GENERATED, extractor).protocol

        assert (protocol["n_real"], protocol["n_generated"]) == (30, 24)
        assert protocol["statistics"] == "float64"
        assert protocol["seed"] == 0

    @pytest.mark.parametrize(
        ("real", "generated", "message"),
        [
            (REAL, GENERATED[:, :3], r"`generated` must have the shape \(m, 4, 4, 1\)"),
            (REAL * np.nan, GENERATED, r"`real` must be finite\. Received: real with"),
            (REAL, GENERATED + np.inf, r"`generated` must be finite"),
            (REAL[:0], GENERATED, r"`real` must be an array .* shape \(0, 4, 4, 1\)"),
            (np.array(["a"]), GENERATED, r"`real` must be an array of numbers"),
        ],
    )
    def test_bad_images_are_refused(self, metric, extractor, real, generated, message):
        with pytest.raises(ValueError, match=message):
            scored(metric, real, generated, extractor)

    def test_whole_numbers_to_255_beside_floats_to_1_are_refused(
        self, metric, extractor
    ):
        whole = (255 * REAL).astype("uint8")

        for images in ((whole, GENERATED), (GENERATED, whole)):
            with pytest.raises(
                ValueError, match=r"scaled alike.*Received: `\w+` up to"
            ):
                scored(metric, *images, extractor)
        assert np.isfinite(float(scored(metric, whole, whole, extractor)))

    def test_floats_to_255_beside_floats_to_1_are_warned_of(self, metric, extractor):
        with pytest.warns(UserWarning, match="scaled alike.*`generated` up to 0.99"):
            scored(metric, 255 * REAL, GENERATED, extractor)

    def test_images_are_no_features(self, metric):
        with pytest.raises(ValueError, match=r"\(n, features\) where no extractor is"):
            scored(metric, REAL, GENERATED)

    def test_features_that_are_not_finite_are_refused(self, metric):
        rows = np.full((30, 2), np.nan)

        with pytest.raises(ValueError, match="must be finite"):
            scored(metric, rows, rows)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"extractor": len},
                r"`extractor` must be a Keras model.*builtin_function",
            ),
            ({"batch_size": 0}, r"`batch_size` must be a positive integer"),
            ({"extractor_name": " "}, r"`extractor_name` must be a name.*' '"),
            ({"seed": -1}, r"`seed` must be an integer in .* Received: seed=-1"),
            ({"seed": 0.5}, r"`seed` must be an integer in .* Received: seed=0\.5"),
            (
                {"extractor": "emoji", "extractor_name": "Inception"},
                r"`extractor_name` must be left out where `extractor` is 'emoji'",
            ),
        ],
    )
    def test_bad_arguments_are_refused(self, metric, options, message):
        with pytest.raises(ValueError, match=message):
            scored(metric, REAL, GENERATED, **options)


def test_features_are_flattened():
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, keras.layers.MaxPooling2D()(image))

    features = Features(model, None, 8).all("real", REAL)

    assert features.shape == (30, 4)
    assert features.dtype == "float64"


def test_a_model_of_two_outputs_is_refused():
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, [image, image])

    with pytest.raises(
        ValueError, match=r"`extractor` must have one output.*with 2 outputs"
    ):
        Features(model, None, 8).all("real", REAL)


def test_a_model_of_two_inputs_is_refused():
    inputs = [keras.Input((4, 4, 1)), keras.Input((4, 4, 1))]
    model = keras.Model(inputs, inputs[0] + inputs[1])

    with pytest.raises(ValueError, match=r"`extractor` must have one input.*2 inputs"):
        Features(model, None, 8).all("real", REAL)


@pytest.mark.parametrize("shape", [(30, 5, 4, 1), (30, 4, 4)])
def test_images_that_the_model_was_not_built_for_are_refused(extractor, shape):
    with pytest.raises(ValueError, match=r"`real` .* \(n, 4, 4, 1\) that `extractor`"):
        scored("kid", np.zeros(shape), np.zeros(shape), extractor)


def test_a_model_without_fixed_size_takes_any():
    image = keras.Input((None, None, 1))
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(image))

    assert Features(model, None, 8).all("real", REAL).shape == (30, 1)


def test_a_model_that_gives_nan_is_refused():
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, keras.ops.log(image - 2), name="broken")

    with pytest.raises(ValueError, match=r"finite features.*'broken'.* of `real`"):
        Features(model, None, 8).all("real", REAL)


def test_other_weights_have_another_hash(extractor):
    other = keras.models.clone_model(extractor)
    other.set_weights([weights + 1 for weights in extractor.get_weights()])

    assert weights_hash(other) != weights_hash(extractor)
    other.set_weights(extractor.get_weights())
    assert weights_hash(other) == weights_hash(extractor)


def test_images_on_disk_are_read_batch_by_batch(extractor, tmp_path):
    np.save(tmp_path / "real.npy", REAL)
    on_disk = np.load(tmp_path / "real.npy", mmap_mode="r")

    score = scored("fid", on_disk, GENERATED, extractor)

    assert float(score) == float(scored("fid", REAL, GENERATED, extractor))


@pytest.mark.parametrize("metric", [name for name in METRICS if name[0] != "i"])
def test_a_floor_is_wanted_or_not(metric):
    with pytest.raises(ValueError, match=r"`floor` must be True or False.*'no'"):
        scored(metric, np.eye(12), np.eye(12), floor="no")


@pytest.mark.parametrize("wrong", [2 * REAL - 1, (255 * REAL).astype("uint8")])
def test_real_images_of_another_range_than_our_extractors_take_are_refused(wrong):
    images = np.resize(wrong, (12, 28, 28, 1))

    with pytest.raises(
        ValueError, match=r"`real` must lie in \[0, 1\]\. Received: real"
    ):
        scored("fid", images, images, "mnist")
