"""Samplers with closed forms, against SciPy and scikit-learn."""

import keras
import numpy as np
import pytest
from scipy import stats
from sklearn import mixture

import keras_latent as kl
from keras_latent.samplers import GaussianMixture, Normal


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((60, 8, 8, 1), "float32")


@pytest.fixture(scope="module")
def model():
    return kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=3)


@pytest.fixture(scope="module")
def codes(model, images):
    return np.asarray(model.encode(images), "float64")


def test_normal_is_that_of_scipy(model, images, codes):
    sampler = Normal(model).fit(images)
    scale = codes.std(axis=0)
    covariance = np.cov(codes.T, bias=True) + 1e-6 * np.diag(scale**2)
    expected = stats.multivariate_normal(codes.mean(axis=0), covariance)
    np.testing.assert_allclose(sampler.log_prob(codes), expected.logpdf(codes), 1e-6)
    drawn = sampler.sample_codes(20000, seed=0)
    np.testing.assert_allclose(
        (drawn.mean(axis=0) - codes.mean(axis=0)) / scale, 0, atol=0.04
    )
    difference = (np.cov(drawn.T) - covariance) / np.outer(scale, scale)
    np.testing.assert_allclose(difference, 0, atol=0.05)


def test_mixture_is_that_of_scikit_learn(model, images, codes):
    sampler = GaussianMixture(model, components=3).fit(images)
    standardised = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    expected = mixture.GaussianMixture(3, random_state=0).fit(standardised)
    np.testing.assert_allclose(
        sampler.log_prob(codes),
        expected.score_samples(standardised) - np.log(codes.std(axis=0)).sum(),
        atol=1e-6,
    )
    drawn = sampler.sample_codes(20000, seed=1)
    error = (drawn.mean(axis=0) - codes.mean(axis=0)) / codes.std(axis=0)
    np.testing.assert_allclose(error, 0, atol=0.04)


def test_one_component_is_the_normal(model, images, codes):
    one = GaussianMixture(model, components=1).fit(images)
    normal = Normal(model).fit(images)
    np.testing.assert_allclose(one.log_prob(codes), normal.log_prob(codes), 1e-9)


def test_maps_are_scaled_by_channel(images):
    model = kl.models.Autoencoder.for_images((8, 8, 1), code_shape=(2, 2, 3))
    sampler = Normal(model).fit(images)
    codes = np.asarray(model.encode(images), "float64")
    np.testing.assert_allclose(
        sampler.state["code_scale"], codes.reshape(-1, 3).std(axis=0)
    )
    rows = codes.reshape(60, -1)
    scales = np.diag(np.tile(codes.reshape(-1, 3).var(axis=0), 4))
    covariance = np.cov(rows.T, bias=True) + 1e-6 * scales
    expected = stats.multivariate_normal(rows.mean(axis=0), covariance)
    np.testing.assert_allclose(sampler.log_prob(codes), expected.logpdf(rows), 1e-6)
    assert sampler.sample(4, seed=0).shape == (4, 8, 8, 1)


def test_a_seed_decides_the_draw(model, images):
    sampler = Normal(model).fit(images)
    first = sampler.sample(4, seed=3)
    np.testing.assert_array_equal(first, sampler.sample(4, seed=3))
    assert (first != sampler.sample(4, seed=4)).any()
    assert (first != sampler.sample(4)).any()


@pytest.mark.parametrize("cls", [Normal, GaussianMixture])
def test_a_file_holds_what_was_fitted(cls, model, images, codes, tmp_path):
    sampler = cls(model).fit(images)
    sampler.save(tmp_path / "sampler.npz")
    loaded = kl.load_sampler(tmp_path / "sampler.npz", model)
    assert type(loaded) is cls
    assert loaded.get_config() == sampler.get_config()
    np.testing.assert_array_equal(loaded.log_prob(codes), sampler.log_prob(codes))
    np.testing.assert_array_equal(loaded.sample(3, seed=0), sampler.sample(3, seed=0))


def test_a_file_of_another_model_names_both_hashes(model, images, tmp_path):
    path = tmp_path / "sampler.npz"
    Normal(model).fit(images).save(path)
    keras.utils.set_random_seed(99)
    other = kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=3)
    hashes = [kl.samplers.base.weights_hash(each) for each in (model, other)]
    with pytest.raises(ValueError, match=rf"(?s){hashes[0]}.*{hashes[1]}"):
        kl.load_sampler(path, other)


class TestAModelThatIsTrainedOn:
    """What was fitted to its old codes says so."""

    @pytest.fixture
    def moved(self, images, tmp_path):
        model = kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=3)
        sampler = Normal(model).fit(images)
        model.save(tmp_path / "old.keras")
        old = kl.samplers.base.weights_hash(model)
        model.decoder.trainable_variables[0].assign_add(
            keras.ops.ones(model.decoder.trainable_variables[0].shape)
        )
        return sampler, rf"(?s){old}.*{kl.samplers.base.weights_hash(model)}"

    def test_draws_warn(self, moved):
        sampler, hashes = moved
        with pytest.warns(UserWarning, match=hashes):
            sampler.sample(2, seed=0)

    def test_a_file_is_of_the_model_as_it_was(self, moved, tmp_path):
        sampler, hashes = moved
        with pytest.raises(ValueError, match=hashes):
            sampler.save(tmp_path / "sampler.npz")
        assert not (tmp_path / "sampler.npz").exists()
        sampler.save(tmp_path / "sampler.npz", include_model=False)
        with pytest.raises(ValueError, match=hashes):
            kl.load_sampler(tmp_path / "sampler.npz", sampler.model)
        old = kl.load_model(tmp_path / "old.keras")
        kl.load_sampler(tmp_path / "sampler.npz", old).sample(2, seed=0)

    def test_another_fit_is_to_the_new_one(self, moved, images, tmp_path, recwarn):
        sampler, _ = moved
        sampler.fit(images).sample(2, seed=0)
        sampler.save(tmp_path / "sampler.npz")
        assert not [one for one in recwarn if "hash" in str(one.message)]


def test_vectors_as_conditions(images):
    model = kl.models.ConditionalVAE.for_images(
        (8, 8, 1), latent_dim=2, condition_size=2
    )
    sampler = Normal(model).fit(images, np.zeros((60, 2), "float32"))
    message = r"`labels` must have the shape \(5, 2\), or \(2,\).*of shape \(3,\)"
    with pytest.raises(ValueError, match=message):
        sampler.sample(5, labels=[0.0, 1.0, 0.0])
    with pytest.raises(ValueError, match=r"`labels` must be finite.* with 1 values"):
        sampler.sample(1, labels=[0.0, np.nan])


def test_bad_files(model, images, tmp_path):
    path = tmp_path / "sampler.npz"
    with pytest.raises(FileNotFoundError, match="no such file"):
        kl.load_sampler(path, model)
    with pytest.raises(FileNotFoundError, match="a folder"):
        kl.load_sampler(tmp_path, model)
    Normal(model).fit(images).save(path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"nothing", whole[:-1]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"truncated, damaged .*Received: path="):
            kl.load_sampler(path, model)


def test_a_failed_save_keeps_what_stood_there(model, images, tmp_path):
    path = tmp_path / "sampler.npz"
    sampler = Normal(model).fit(images)
    sampler.save(path)
    before = path.read_bytes()
    sampler.get_config = lambda: {"not": object()}
    with pytest.raises(TypeError):
        sampler.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_asked_before_it_was_fitted(model, tmp_path):
    sampler = Normal(model)
    for ask in (
        lambda: sampler.sample(2),
        lambda: sampler.log_prob(np.zeros((1, 3))),
        lambda: sampler.save(tmp_path / "sampler.npz"),
    ):
        with pytest.raises(ValueError, match=r"must be fitted before .*`fit`"):
            ask()


def test_fewer_rows_than_components(model, images):
    sampler = GaussianMixture(model, components=10)
    with pytest.raises(ValueError, match=r"at least 10, .*Received: 9 images"):
        sampler.fit(images[:9])
    assert sampler.state is None


def test_labels_that_steer_nothing(model, images):
    with pytest.raises(ValueError, match=r"`labels` don't steer Normal"):
        Normal(model).fit(images, np.zeros(60, int))


def test_models_of_tokens():
    model = kl.models.VQVAE.for_images((8, 8, 1), code_shape=(2, 2, 3))
    with pytest.raises(ValueError, match=r"tokens: use `TokenTransformer` or"):
        Normal(model)


def test_what_is_no_latent_model():
    with pytest.raises(ValueError, match=r"`model` must have an encoder"):
        Normal(object())


def test_codes_of_another_shape(model, images):
    sampler = Normal(model).fit(images)
    with pytest.raises(ValueError, match="latent dimension 3"):
        sampler.log_prob(np.zeros((2, 4)))


def test_codes_on_a_sphere_stay_there(images):
    model = kl.models.VAE.for_images(
        (8, 8, 1), latent_dim=3, posterior="power_spherical", prior="uniform_sphere"
    )
    sampler = Normal(model).fit(images)
    lengths = np.linalg.norm(sampler.sample_codes(50, seed=0), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)
    assert sampler.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_a_conditional_model_is_given_the_labels(images):
    model = kl.models.ConditionalVAE.for_images((8, 8, 1), latent_dim=2, num_classes=3)
    labels = np.arange(60) % 3
    sampler = Normal(model).fit(images, labels)
    codes = sampler.sample_codes(4, seed=0)
    expected = model.decode(codes, np.full(4, 2))
    np.testing.assert_allclose(sampler.sample(4, seed=0, labels=2), expected, 1e-5)
