"""Latent models among the estimators of scikit-learn."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import keras_latent as kl
from keras_latent.sklearn import LatentTransformer
from tests.models import cases

SHAPE = cases.IMAGE_SHAPE

pytestmark = pytest.mark.usefixtures("eagerly")


def vae():
    model = kl.models.VAE(**cases.dense_networks(), likelihood="continuous_bernoulli")
    model.compile("adam")
    return model


@pytest.fixture(scope="module")
def images():
    return cases.images(12)


# It asks for equality to 1e-9 in float32, in which some processors round a row by its
# place among the others; see `test_the_order_of_images_does_not_matter`.
ROUNDED = {"check_methods_sample_order_invariance": "float32 is rounded by place"}


# Of the others, none is left out: what isn't an image is a row of numbers.
@pytest.mark.all
@parametrize_with_checks(
    [LatentTransformer(latent_dim=2, epochs=1, random_state=0)],
    expected_failed_checks=lambda estimator: ROUNDED,
)
def test_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


QUICK = {
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_n_features_in",
}


@parametrize_with_checks([LatentTransformer(latent_dim=2, epochs=1, random_state=0)])
def test_the_quick_ones_of_these_checks(estimator, check):
    if getattr(check, "func", check).__name__ not in QUICK:
        pytest.skip("in `make test-all`")
    check(estimator)


class TestTransforming:
    def test_the_order_of_images_does_not_matter(self, images):
        transformer = LatentTransformer(vae(), epochs=1, random_state=0).fit(images)
        order = np.random.default_rng(0).permutation(len(images))
        found, expected = (
            transformer.transform(images[order]),
            transformer.transform(images),
        )
        np.testing.assert_allclose(found, expected[order], rtol=1e-5, atol=1e-6)

    def test_codes_are_those_of_the_model(self, images):
        transformer = LatentTransformer(vae(), epochs=1, random_state=0).fit(images)
        codes = transformer.transform(images)
        assert codes.dtype == "float32"
        np.testing.assert_array_equal(codes, transformer.model_.encode(images))
        decoded = transformer.inverse_transform(codes)
        np.testing.assert_array_equal(decoded, transformer.model_.decode(codes))
        names = transformer.get_feature_names_out()
        assert list(names) == [f"latenttransformer{i}" for i in range(3)]

    def test_flat_images_are_the_same(self, images):
        flat, model = images.reshape(len(images), -1), vae()
        deep = LatentTransformer(model, epochs=1, random_state=3).fit(images)
        other = LatentTransformer(model, epochs=1, random_state=3).fit(flat)
        codes = deep.transform(images)
        np.testing.assert_array_equal(other.transform(flat), codes)
        np.testing.assert_array_equal(deep.transform(flat), codes)
        decoded = other.inverse_transform(codes)
        assert decoded.shape == flat.shape
        assert other.score(flat) == deep.score(images)
        error = np.mean((deep.model_.reconstruct(images) - images) ** 2)
        assert deep.score(images) == pytest.approx(-error, rel=1e-6)

    def test_codes_that_are_maps_are_flattened(self, images):
        model = kl.models.VAE(**cases.spatial_networks())
        transformer = LatentTransformer(model, epochs=0).fit(images)
        codes = transformer.transform(images)
        assert codes.shape == (12, 4 * 3 * 2)
        expected = model.reconstruct(images)
        decoded = transformer.inverse_transform(codes)
        np.testing.assert_allclose(decoded, expected, atol=1e-6)

    def test_a_model_of_ones_own_is_copied(self, images):
        model = vae()
        before = [np.array(weight) for weight in model.weights]
        transformer = LatentTransformer(model, epochs=1, random_state=0).fit(images)
        for weight, first in zip(model.weights, before, strict=True):
            np.testing.assert_array_equal(weight, first)
        assert type(transformer.model_.optimizer) is keras.optimizers.Adam
        as_it_was = LatentTransformer(model, epochs=0).fit(images)
        expected = model.encode(images)
        np.testing.assert_array_equal(as_it_was.transform(images), expected)

    def test_labels_reach_a_model_that_uses_them(self, images):
        labels = np.arange(12) % 4
        model = kl.models.ConstrainedAutoencoder(
            **cases.dense_networks(), heads=4, classification_weight=1.0
        )
        transformer = LatentTransformer(model, epochs=1).fit(images, labels)
        assert transformer.model_.classify(images[:2]).shape == (2, 4)
        with pytest.raises(ValueError, match="label"):
            LatentTransformer(model, epochs=1).fit(images)

    def test_a_model_by_its_name_is_built_for_the_images(self):
        pixels = np.random.default_rng(0).random((6, 8, 8))
        transformer = LatentTransformer(
            "vae", latent_dim=2, settings={"beta": 4.0}, epochs=1
        ).fit(pixels)
        assert transformer.model_.decoder_spec.observation.shape == (None, 8, 8, 1)
        assert float(transformer.model_.beta) == 4.0
        decoded = transformer.inverse_transform(transformer.transform(pixels))
        assert decoded.shape == (6, 8, 8)

    def test_the_seed_decides_and_leaves_numpy_alone(self, images):
        np.random.seed(5)
        expected = np.random.random()
        np.random.seed(5)
        rows = images.reshape(12, -1)
        first, second = (
            LatentTransformer(latent_dim=2, epochs=1, random_state=7).fit(rows)
            for _ in range(2)
        )
        assert np.random.random() == expected
        np.testing.assert_array_equal(first.transform(rows), second.transform(rows))


class TestAmongOthers:
    @pytest.mark.all
    def test_a_pipeline_whose_settings_are_searched(self, images):
        rows, labels = images.reshape(12, -1), np.arange(12) % 2
        pipeline = make_pipeline(
            MinMaxScaler(),
            LatentTransformer("autoencoder", epochs=1, random_state=0),
            LogisticRegression(),
        )
        search = GridSearchCV(
            pipeline, {"latenttransformer__latent_dim": [2, 3]}, cv=2
        ).fit(rows, labels)
        assert search.best_params_["latenttransformer__latent_dim"] in (2, 3)
        assert search.predict(rows).shape == (12,)
        alone = GridSearchCV(
            LatentTransformer(epochs=1), {"latent_dim": [2]}, cv=2, refit=False
        ).fit(rows)
        assert alone.cv_results_["mean_test_score"][0] < 0.0

    def test_a_clone_is_not_fitted(self, images):
        transformer = LatentTransformer(vae(), epochs=1).fit(images)
        copy = clone(transformer)
        assert copy.epochs == 1
        assert not hasattr(copy, "model_")
        copy.fit(images)
        assert copy.model_ is not transformer.model_


class TestErrors:
    def test_before_fit(self, images):
        for work in ("transform", "inverse_transform", "score"):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                getattr(LatentTransformer(vae()), work)(images)

    def test_images_of_another_shape(self, images):
        transformer = LatentTransformer(vae(), epochs=0)
        message = r"`X` must hold images of shape \(4, 3, 1\), or flat rows of 12 numb"
        with pytest.raises(ValueError, match=message):
            transformer.fit(np.zeros((2, 8, 8, 1)))
        transformer.fit(images)
        message = r"`X` must have the shape of the images of `fit`, \(4, 3, 1\)"
        with pytest.raises(ValueError, match=message):
            transformer.transform(np.zeros((2, 3, 4, 1)))
        with pytest.raises(ValueError, match="X has 5 features, but LatentTransformer"):
            transformer.transform(np.zeros((2, 5)))
        with pytest.raises(ValueError, match="`X` must have 3 columns, the dimensions"):
            transformer.inverse_transform(np.zeros((2, 4)))

    def test_images_of_another_range(self, images):
        message = r"`X` must lie in \[0, 1\] for the continuous_bernoulli.*maximum="
        with pytest.raises(ValueError, match=message):
            LatentTransformer(vae(), epochs=1).fit(255.0 * images)
        transformer = LatentTransformer(vae(), epochs=0).fit(images)
        with pytest.raises(ValueError, match=message):
            transformer.transform(255.0 * images)

    def test_models_of_more_than_images(self, images):
        (case,) = (case for case in cases.CASES if case.name == "conditional")
        with pytest.raises(ValueError, match=r"images and nothing else.*\['x', 'y'\]"):
            LatentTransformer(case.build(), epochs=1).fit(images)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"model": "vea"}, "`model` must be one of 'autoencoder'"),
            ({"epochs": -1}, "`epochs` must be a positive integer"),
            ({"batch_size": 0}, "`batch_size` must be a positive integer"),
        ],
    )
    def test_arguments(self, images, arguments, message):
        with pytest.raises(ValueError, match=message):
            LatentTransformer(**arguments).fit(images)


def test_a_generator_of_seeds():
    x = np.random.default_rng(0).random((6, 8, 8, 1), "float32")

    def codes(state):
        found = LatentTransformer(latent_dim=2, epochs=1, random_state=state)
        return found.fit_transform(x)

    one, two = (codes(np.random.RandomState(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(codes(np.int64(3)), codes(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"random_state": -1}, r"`random_state` must"),
        ({"settings": "beta"}, r"`settings` must be a dict"),
        ({"settings": {"latent_dim": 4}}, r"`settings` can't hold 'latent_dim'"),
        ({"model": "vae", "settings": {"bta": 4}}, r"`settings` must .*'beta'\?"),
        ({"model": "constrained"}, r"hold 'heads', without .* Const.*: settings=None"),
        (
            {"model": "inverter", "settings": {"likelihood": "gaussian"}},
            r"`settings` must hold 'feature_extractor', without which",
        ),
        (
            {
                "model": "conditional-vae",
                "settings": {"num_classes": 3},
                "image_shape": (16, 12),
            },
            r"must take images and nothing else",
        ),
        ({"model": "semi-supervised-vae"}, r"`num_classes` must be a positive integer"),
        ({"image_shape": 64}, r"`image_shape` must be \(height, width\)"),
        ({"latent_dim": 2.5}, r"`latent_dim` must be a positive integer"),
    ],
)
def test_arguments_are_looked_at_before_the_images(arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentTransformer(**arguments).fit(np.zeros((4, 192)))


def test_one_image_needs_an_axis_of_rows(images):
    model = kl.models.Autoencoder(**cases.dense_networks())
    found = LatentTransformer(model, epochs=0).fit(images)
    with pytest.raises(ValueError, match=r"`X` must hold images along its first axis"):
        found.transform(images[0])


def test_a_shape_may_be_an_array():
    rows = np.random.default_rng(0).random((6, 128), "float32")
    found = LatentTransformer(image_shape=np.array([8, 16]), latent_dim=2, epochs=1)
    assert found.fit(rows).model_.encoder.input_shape == (None, 8, 16, 1)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_dataset_is_no_array(images, method):
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(4)
    with pytest.raises(TypeError, match=r"`X` must be an array.*_BatchDataset"):
        getattr(LatentTransformer(vae(), epochs=0), method)(dataset)


def test_ones_own_model_has_its_own_shape(images):
    model = kl.models.Autoencoder(**cases.dense_networks())
    with pytest.raises(ValueError, match=r"`image_shape` must be None"):
        LatentTransformer(model, image_shape=(8, 8, 1)).fit(images)
