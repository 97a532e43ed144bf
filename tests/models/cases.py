"""The variants as the conformance suite sees them: small networks and their data."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as keras_layers

from keras_latent import distributions, layers, models, quantizers
from tests.tiers import in_two_tiers

IMAGE_SHAPE = (4, 3, 1)
LATENT_DIM = 3
CATEGORIES = 4


def dense_networks(output_activation: str | None = "sigmoid") -> dict[str, Any]:
    """An encoder of vectors and a decoder, for images of 4 × 3 pixels."""
    size = int(np.prod(IMAGE_SHAPE))
    encoder = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            keras_layers.Flatten(),
            keras_layers.Dense(6, activation="tanh"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            keras_layers.Dense(6, activation="tanh"),
            keras_layers.Dense(size, activation=output_activation),
            keras_layers.Reshape(IMAGE_SHAPE),
        ]
    )
    return {"encoder": encoder, "decoder": decoder}


def map_networks(output_activation: str | None = "sigmoid") -> dict[str, Any]:
    """The same decoder, behind an encoder that gives a feature map."""
    encoder = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            keras_layers.Conv2D(2, 2, activation="tanh"),
        ]
    )
    return {**dense_networks(output_activation), "encoder": encoder}


def mixed_networks(output_activation: str | None = "sigmoid") -> dict[str, Any]:
    """Networks for a dict of an image and a category."""
    image = keras.Input(IMAGE_SHAPE, name="image")
    category = keras.Input((CATEGORIES,), name="category")
    joined = keras_layers.Concatenate()([keras_layers.Flatten()(image), category])
    features = keras_layers.Dense(6, activation="tanh")(joined)
    encoder = keras.Model({"image": image, "category": category}, features)
    code = keras.Input((LATENT_DIM,))
    hidden = keras_layers.Dense(6, activation="tanh")(code)
    pixels = keras_layers.Dense(int(np.prod(IMAGE_SHAPE)), output_activation)(hidden)
    decoder = keras.Model(
        code,
        {
            "image": keras_layers.Reshape(IMAGE_SHAPE)(pixels),
            "category": keras_layers.Dense(CATEGORIES, activation="softmax")(hidden),
        },
    )
    return {"encoder": encoder, "decoder": decoder}


def inverter_networks(output_activation: str | None = "sigmoid") -> dict[str, Any]:
    """A frozen network of two features, one extra number, and a decoder of both."""
    size = int(np.prod(IMAGE_SHAPE))
    extractor = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            keras_layers.Flatten(),
            keras_layers.Dense(LATENT_DIM - 1, activation="tanh"),
            keras_layers.BatchNormalization(),
            keras_layers.Dropout(0.5),
        ]
    )
    extra = keras.Sequential(
        [keras.Input(IMAGE_SHAPE), keras_layers.Flatten(), keras_layers.Dense(1)]
    )
    features, number = keras.Input((LATENT_DIM - 1,)), keras.Input((1,))
    joined = keras_layers.Concatenate()([features, number])
    hidden = keras_layers.Dense(6, activation="tanh")(joined)
    pixels = keras_layers.Dense(size, output_activation)(hidden)
    decoder = keras.Model([features, number], keras_layers.Reshape(IMAGE_SHAPE)(pixels))
    return {
        "feature_extractor": extractor,
        "decoder": decoder,
        "extra_encoder": extra,
    }


def conditional_networks(output_activation: str | None = "sigmoid") -> dict[str, Any]:
    """An encoder of [image, condition] and a decoder of [code, condition]."""
    size = int(np.prod(IMAGE_SHAPE))
    image, condition = keras.Input(IMAGE_SHAPE), keras.Input((CATEGORIES,))
    joined = keras_layers.Concatenate()([keras_layers.Flatten()(image), condition])
    features = keras_layers.Dense(6, activation="tanh")(joined)
    code, told = keras.Input((LATENT_DIM,)), keras.Input((CATEGORIES,))
    hidden = keras_layers.Dense(6, "tanh")(keras_layers.Concatenate()([code, told]))
    pixels = keras_layers.Dense(size, output_activation)(hidden)
    return {
        "encoder": keras.Model([image, condition], features),
        "decoder": keras.Model([code, told], keras_layers.Reshape(IMAGE_SHAPE)(pixels)),
    }


def spatial_networks(output_activation: str | None = "sigmoid") -> dict[str, Any]:
    """An encoder and a decoder whose code is a map of two channels."""
    encoder = [
        keras.Input(IMAGE_SHAPE),
        keras_layers.Conv2D(3, 2, padding="same", activation="tanh"),
    ]
    decoder = [
        keras.Input((*IMAGE_SHAPE[:2], 2)),
        keras_layers.Conv2D(1, 2, padding="same", activation=output_activation),
    ]
    return {"encoder": keras.Sequential(encoder), "decoder": keras.Sequential(decoder)}


def top_networks() -> dict[str, Any]:
    """Networks to and from a map that is half as high and wide, of one channel."""
    encoder = [
        keras.Input((*IMAGE_SHAPE[:2], 3)),
        keras_layers.Conv2D(2, 2, strides=2, padding="same", activation="tanh"),
    ]
    decoder = [
        keras.Input((2, 2, 1)),
        keras_layers.UpSampling2D(2),
        keras_layers.Conv2D(2, (1, 2), activation="tanh"),
    ]
    return {
        "top_encoder": keras.Sequential(encoder),
        "top_decoder": keras.Sequential(decoder),
    }


def patch_critic() -> keras.Model:
    """A discriminator of images."""
    layers_of = [
        keras.Input(IMAGE_SHAPE),
        keras_layers.Conv2D(3, 2, activation="tanh"),
        keras_layers.Conv2D(1, 2, dtype="float32"),
    ]
    return keras.Sequential(layers_of)


def feature_extractor() -> keras.Model:
    """A network that judges images by two maps."""
    layers_of = [
        keras.Input(IMAGE_SHAPE),
        keras_layers.Conv2D(3, 2, activation="tanh", name="first"),
        keras_layers.Conv2D(2, 2, name="second"),
        keras_layers.Flatten(),
    ]
    return keras.Sequential(layers_of)


def critic() -> keras.Model:
    """A discriminator of codes."""
    layers_of = [
        keras.Input((LATENT_DIM,)),
        keras_layers.Dense(4, activation="tanh"),
        keras_layers.Dense(1, dtype="float32"),
    ]
    return keras.Sequential(layers_of)


def joint_critic() -> keras.Model:
    """A discriminator of images and their codes."""
    image, code = keras.Input(IMAGE_SHAPE), keras.Input((LATENT_DIM,))
    both = keras_layers.Concatenate()([keras_layers.Flatten()(image), code])
    hidden = keras_layers.Dense(4, activation="tanh")(both)
    return keras.Model([image, code], keras_layers.Dense(1, dtype="float32")(hidden))


def code_mapping() -> keras.Model:
    """A network from noise to codes."""
    layers_of = [
        keras.Input((LATENT_DIM,)),
        keras_layers.Dense(4, activation="tanh"),
        keras_layers.Dense(LATENT_DIM),
    ]
    return keras.Sequential(layers_of)


def small_flows() -> list[Any]:
    """Two masked autoregressive steps."""
    step = distributions.flows.MaskedAutoregressive
    return [step((4,)), step((4,))]


def images(count: int, seed: int = 0) -> np.ndarray:
    """Grey images of shape (count, 4, 3, 1)."""
    pixels = np.random.default_rng(seed).random((count, *IMAGE_SHAPE))
    return pixels.astype("float32")


def mixed_data(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Images, and categories one-hot of shape (count, 4)."""
    category = np.random.default_rng(seed + 1).integers(0, CATEGORIES, count)
    return {
        "image": images(count, seed),
        "category": np.eye(CATEGORIES, dtype="float32")[category],
    }


def conditional_data(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Images and their classes, of which each fifth is missing."""
    return {"x": images(count, seed), "y": digits(count).astype("int32")}


def digits(count: int) -> np.ndarray:
    """Labels of four classes, of which each fifth is missing."""
    labels = np.arange(count) % CATEGORIES
    labels[4::5] = -1
    return labels


def classifier() -> keras.Model:
    """Logits of four classes."""
    layers_of = [
        keras.Input(IMAGE_SHAPE),
        keras_layers.Flatten(),
        keras_layers.Dense(CATEGORIES),
    ]
    return keras.Sequential(layers_of)


def partners(count: int) -> np.ndarray:
    """The other images of pairs."""
    return 0.5 * images(count) + 0.5 * images(count, seed=5)


@dataclass(frozen=True)
class Case:
    """One variant in one setting.

    Args:
        name: The case's name in the reports of pytest.
        variant: The class.
        arguments: Makes the arguments besides the networks, none a default.
        networks: Makes `encoder` and `decoder`.
        data: Makes a number of observations.
        labels: Makes a number of labels, for variants that use them.
        is_random: Whether the training draws noise.
        separable: Arguments with which no term couples the rows of a batch.
        encoder: The name of the encoder that is trained.
        code_shape: The shape of a code.
    """

    name: str
    variant: type[models.LatentModel]
    arguments: Callable[[], dict[str, Any]]
    networks: Callable[..., dict[str, Any]] = dense_networks
    data: Callable[..., Any] = images
    labels: Callable[[int], Any] | None = None
    is_random: bool = False
    separable: dict[str, Any] = field(default_factory=dict)
    encoder: str = "encoder"
    code_shape: tuple[int, ...] = (LATENT_DIM,)

    def build(self, **overrides: Any) -> models.LatentModel:
        """Make the model."""
        return self.variant(**{**self.networks(), **self.arguments(), **overrides})

    def with_labels(self, x: Any) -> Any:
        """Give what `fit` takes: the observations, with labels if the variant does."""
        if self.labels is None:
            return x
        return x, self.labels(len(keras.tree.flatten(x)[0]))


CASES = [
    Case("autoencoder", models.Autoencoder, dict, networks=map_networks),
    Case(
        "sparse",
        models.SparseAutoencoder,
        lambda: {"l1": 0.01, "l2": 0.02, "activity": 0.3},
    ),
    Case(
        "contractive",
        models.ContractiveAutoencoder,
        lambda: {"contraction_weight": 0.5, "probes": 2, "seed": 7},
        is_random=True,
    ),
    Case(
        "denoising",
        models.DenoisingAutoencoder,
        lambda: {"corruption": layers.GaussianCorruption(0.3, seed=7)},
        is_random=True,
    ),
    Case(
        "vae",
        models.VAE,
        lambda: {
            "likelihood": "continuous_bernoulli",
            "beta": 0.5,
            "global_batch": True,
            "seed": 7,
        },
        networks=map_networks,
        is_random=True,
    ),
    Case(
        "vae-map",
        models.VAE,
        lambda: {"beta": 0.5, "free_bits": 0.01, "seed": 7},
        networks=spatial_networks,
        is_random=True,
        code_shape=(*IMAGE_SHAPE[:2], 2),
        separable={"free_bits": 0.0},
    ),
    Case(
        "vae-sphere",
        models.VAE,
        lambda: {
            "posterior": distributions.PowerSpherical(),
            "prior": distributions.UniformSphere(),
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "vae-flow-posterior",
        models.VAE,
        lambda: {"posterior": distributions.Flow("normal", ["planar"]), "seed": 7},
        is_random=True,
    ),
    Case(
        "vae-flow-prior",
        models.VAE,
        lambda: {"prior": distributions.Flow("normal", small_flows()), "seed": 7},
        is_random=True,
    ),
    Case(
        "vae-von-mises-fisher",
        models.VAE,
        lambda: {
            "posterior": distributions.VonMisesFisher(),
            "prior": distributions.UniformSphere(),
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "vae-ball",
        models.VAE,
        lambda: {
            "posterior": distributions.WrappedNormal(0.5),
            "prior": distributions.WrappedNormal(0.5),
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "iwae",
        models.IWAE,
        lambda: {
            "likelihood": "continuous_bernoulli",
            "num_samples": 3,
            "gradient": "dreg",
            "prior": distributions.NormalMixture(2),
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "conditional",
        models.ConditionalVAE,
        lambda: {"num_classes": CATEGORIES, "beta": 0.5, "seed": 7},
        networks=conditional_networks,
        data=conditional_data,
        is_random=True,
    ),
    Case(
        "factor",
        models.FactorVAE,
        lambda: {
            "discriminator": critic(),
            "total_correlation_weight": 0.5,
            "global_batch": True,
            "seed": 7,
        },
        is_random=True,
        separable={"total_correlation_weight": 0.0},
    ),
    Case(
        "capacity",
        models.CapacityVAE,
        lambda: {"capacity": 0.5, "gamma": 2.0, "global_batch": True, "seed": 7},
        is_random=True,
        separable={"per_example": True},
    ),
    Case(
        "info",
        models.InfoVAE,
        lambda: {
            "kl_weight": 0.5,
            "mmd_weight": 3.0,
            "kernel": "rbf",
            "global_batch": True,
            "seed": 7,
        },
        is_random=True,
        separable={"mmd_weight": 0.0},
    ),
    Case(
        "beta-tc",
        models.BetaTCVAE,
        lambda: {
            "dataset_size": 50,
            "mutual_information_weight": 0.5,
            "total_correlation_weight": 2.0,
            "dimension_kl_weight": 0.7,
            "estimator": "stratified",
            "global_batch": True,
            "seed": 7,
        },
        is_random=True,
        separable={
            "mutual_information_weight": 0.0,
            "total_correlation_weight": 0.0,
            "dimension_kl_weight": 0.0,
        },
    ),
    Case(
        "dip",
        models.DIPVAE,
        lambda: {
            "kind": "ii",
            "off_diagonal_weight": 3.0,
            "diagonal_weight": 2.0,
            "global_batch": True,
            "seed": 7,
        },
        is_random=True,
        separable={"off_diagonal_weight": 0.0, "diagonal_weight": 0.0},
    ),
    Case(
        "wasserstein",
        models.WassersteinAutoencoder,
        lambda: {
            "mmd_weight": 3.0,
            "kernel": "rbf",
            "global_batch": True,
            "seed": 7,
        },
        is_random=True,
        separable={"mmd_weight": 0.0},
    ),
    Case(
        "regularized",
        models.RegularizedAutoencoder,
        lambda: {
            "code_weight": 0.3,
            "penalty": "gradient",
            "penalty_weight": 0.2,
            "probes": 2,
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "regularized-spectral",
        models.RegularizedAutoencoder,
        lambda: {"code_weight": 0.3, "penalty": "spectral", "penalty_weight": 0.2},
    ),
    Case("implicit-rank", models.ImplicitRankAutoencoder, lambda: {"linear_layers": 2}),
    Case(
        "miwae",
        models.MIWAE,
        lambda: {
            "likelihood": "continuous_bernoulli",
            "num_bounds": 2,
            "num_samples": 3,
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "ciwae",
        models.CIWAE,
        lambda: {"num_bounds": 2, "num_samples": 3, "mixing": 0.3, "seed": 7},
        is_random=True,
    ),
    Case(
        "piwae",
        models.PIWAE,
        lambda: {
            "num_bounds": 2,
            "num_samples": 3,
            "prior": distributions.NormalMixture(2),
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "semi-supervised",
        models.SemiSupervisedVAE,
        lambda: {
            "num_classes": CATEGORIES,
            "classification_weight": 0.5,
            "classifier": classifier(),
            "seed": 7,
        },
        networks=conditional_networks,
        data=conditional_data,
        is_random=True,
    ),
    Case(
        "weakly-supervised",
        models.WeaklySupervisedVAE,
        lambda: {"averaging": "mlvae", "beta": 0.5, "seed": 7},
        labels=partners,
        is_random=True,
    ),
    Case(
        "hierarchical",
        models.HierarchicalVAE,
        lambda: {"code_sizes": [1, 2], "width": 5, "beta": 0.5, "seed": 7},
        is_random=True,
    ),
    Case(
        "hamiltonian",
        models.HamiltonianVAE,
        lambda: {
            "leapfrog_steps": 2,
            "step_size": 0.1,
            "inverse_temperature": 1.2,
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "vqvae",
        models.VQVAE,
        lambda: {"quantizer": quantizers.VectorQuantizer(5, kmeans_init=True, seed=7)},
        networks=spatial_networks,
        code_shape=(*IMAGE_SHAPE[:2], 2),
    ),
    Case(
        "vqvae-gumbel",
        models.VQVAE,
        lambda: {"quantizer": quantizers.GumbelQuantizer(4, temperature=0.5, seed=7)},
        networks=spatial_networks,
        is_random=True,
        code_shape=(*IMAGE_SHAPE[:2], 2),
    ),
    Case(
        "vqvae-lookup-free",
        models.VQVAE,
        lambda: {"quantizer": quantizers.LookupFreeQuantizer(2.0)},
        networks=spatial_networks,
        code_shape=(*IMAGE_SHAPE[:2], 2),
        separable={
            "quantizer": quantizers.LookupFreeQuantizer(2.0, diversity_weight=0.0)
        },
    ),
    Case(
        "vqvae2",
        models.VQVAE2,
        lambda: {
            "bottom_quantizer": quantizers.VectorQuantizer(5, seed=7),
            "top_quantizer": quantizers.VectorQuantizer(5, seed=8),
            **top_networks(),
        },
        networks=spatial_networks,
        code_shape=(*IMAGE_SHAPE[:2], 2),
    ),
    Case(
        "vqgan",
        models.VQGAN,
        lambda: {
            "quantizer": quantizers.VectorQuantizer(4, seed=7),
            "feature_extractor": feature_extractor(),
            "feature_layers": ["first", "second"],
            "feature_weight": 0.5,
            "discriminator": patch_critic(),
            "adversarial_weight": 0.2,
            "discriminator_start": 0,
        },
        networks=spatial_networks,
        code_shape=(*IMAGE_SHAPE[:2], 2),
    ),
    Case(
        "autoencoder-kl",
        models.AutoencoderKL,
        lambda: {
            "beta": 0.1,
            "discriminator": patch_critic(),
            "adversarial_weight": 0.2,
            "discriminator_start": 0,
            "seed": 7,
        },
        networks=spatial_networks,
        is_random=True,
        code_shape=(*IMAGE_SHAPE[:2], 2),
    ),
    Case(
        "adversarial",
        models.AdversarialAutoencoder,
        lambda: {"discriminator": critic(), "adversarial_weight": 0.5, "seed": 7},
        is_random=True,
    ),
    Case(
        "vae-gan",
        models.VAEGAN,
        lambda: {
            "discriminator": patch_critic(),
            "feature_weight": 0.1,
            "margin": 0.6,
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "bigan",
        models.BiGAN,
        lambda: {"discriminator": joint_critic(), "seed": 7},
        is_random=True,
    ),
    Case(
        "alae",
        models.ALAE,
        lambda: {
            "mapping": code_mapping(),
            "discriminator": critic(),
            "gradient_penalty_weight": 0.5,
            "latent_weight": 0.7,
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "soft-intro",
        models.SoftIntroVAE,
        lambda: {
            "reconstruction_weight": 0.9,
            "beta": 0.5,
            "negative_beta": 2.0,
            "deception_weight": 0.4,
            "fake_distance_weight": 0.3,
            "seed": 7,
        },
        is_random=True,
    ),
    Case(
        "constrained",
        models.ConstrainedAutoencoder,
        lambda: {
            "heads": CATEGORIES,
            "classification_weight": 0.7,
            "perturbation_weight": 0.3,
            "perturbation_scale": 0.2,
            "seed": 7,
        },
        labels=digits,
        is_random=True,
    ),
    Case(
        "inverter",
        models.FeatureInverter,
        lambda: {"likelihood": "continuous_bernoulli"},
        networks=inverter_networks,
        encoder="extra_encoder",
    ),
    Case(
        "encdec",
        models.EncDec,
        lambda: {
            "margin": 1.5,
            "cycle_weight": 0.9,
            "spread_weight": 0.8,
            "discrimination_weight": 1.7,
            "global_batch": True,
        },
        separable={"spread_weight": 0.0},
    ),
    Case(
        "encdec-mixed",
        models.EncDec,
        lambda: {
            "likelihood": {"image": "gaussian", "category": "categorical"},
            "repair": layers.Repair({"category": "one_hot"}),
        },
        networks=mixed_networks,
        data=mixed_data,
        separable={"spread_weight": 0.0},
    ),
    Case(
        "variational-encdec",
        models.VariationalEncDec,
        lambda: {
            "margin": 1.5,
            "kl_weight": 0.01,
            "kl_mean_weight": 0.02,
            "global_batch": True,
            "seed": 7,
        },
        is_random=True,
        separable={"spread_weight": 0.0},
    ),
]


def decode(model: models.LatentModel, z: Any, x: Any) -> Any:
    """Decode codes, beside the condition of the observations where there is one."""
    return model.decode(z) if model.condition is None else model.decode(z, x["y"])


def optimizers(model: models.LatentModel, optimizer: Any = None) -> Any:
    """An optimizer for a model, or one alike for each of its players."""
    if optimizer is None or len(model.players()) == 1:
        return optimizer
    config = keras.optimizers.serialize(optimizer)
    return {n: keras.optimizers.deserialize(config) for n in model.players()}


def first_terms(model: models.LatentModel) -> dict[str, keras.Variable]:
    """The terms of the first player, whose loss is the logged one, with weights."""
    first = next(iter(model.players().values()))
    return {term: model._weight_by_term[term] for term in first.terms}


ALWAYS = ("factor",)
"""The case on which everything is tried always: it draws, and has two players."""


def in_tiers(cases: Iterable[Case], always: Collection[str]) -> Any:
    """Parametrises a test by cases; all but those named are of the tier `all`."""
    by_name = {case.name: case for case in cases}
    named = [by_name[name] for name in always]
    return pytest.mark.parametrize(
        "case", in_two_tiers(by_name.values(), named), ids=lambda case: case.name
    )


first_by_variant = {case.variant: case.name for case in reversed(CASES)}
each_case = in_tiers(CASES, first_by_variant.values())
"""What each variant has of its own: on one case of each always."""

first_by_family = {
    case.variant.__module__.split(".")[2]: case.name for case in reversed(CASES)
}
each_family = in_tiers(CASES, (*first_by_family.values(), "constrained", *ALWAYS))
"""What takes longest: on few cases and one of each family always."""

few_cases = in_tiers(CASES, ALWAYS)
"""What the base does for all: on few cases always, on each in the tier `all`."""
