"""The variational autoencoder that compares images by a discriminator's features."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import networks
from keras_latent.models.feature_distance import with_outputs
from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.players import Player
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_in_range

_EVEN = 0.68
"""The cross-entropy around which players are in balance: about log 2."""


@keras.saving.register_keras_serializable(package="keras_latent")
class VAEGAN(VariationalModel):
    """Variational autoencoder that learns what makes images alike from a discriminator.

    Three players, from one pass, with z ~ q(z|x), z̃ ~ p(z), the means x̂ and x̃ of the
    images decoded of them, f a layer of the discriminator T, sp(t) = log(1 + eᵗ), and

        L = ½·‖f(x) − f(x̂)‖²,

        encoder:        KL(q(z|x) ‖ p(z)) + L
        decoder:        γ·L + sp(−T(x̂)) + sp(−T(x̃))
        discriminator:  ½·sp(−T(x)) + ¼·sp(T(x̂)) + ¼·sp(T(x̃))

    With real = mean of sp(−T(x)) and fake = that of ½·sp(T(x̂)) + ½·sp(T(x̃)), the
    discriminator rests where one of them is below 0.68 − m, and the decoder where one
    is above 0.68 + m; where both would rest, neither does. The logs hold minus log
    p(x|z) as `reconstruction`, which nobody minimises.

    Args:
        encoder: Any Keras model from an image to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the image.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`; it says
            what the decoder gives. Defaults to `"gaussian"`.
        discriminator: Any functional or sequential Keras model T from an image to a
            logit, or one for each patch, which are averaged. Defaults to `None`:
            `networks.patch_critic`.
        feature_layer: The name of the layer f of `discriminator`. Defaults to `None`:
            the last but one.
        feature_weight: Weight γ of the term `decoder_feature`. Defaults to 1.0. With a
            weight as small as the authors' 1e-6, the decoder begins with one picture
            for all images.
        margin: The m of the balance, a number that may be scheduled. Defaults to 0.35.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a number is negative, or the discriminator doesn't fit or has no
            such layer.

    When: For reconstructions that share features with the image rather than pixels, if
    three players are worth tuning.

    Source: Larsen et al. 2016, equations 7 to 10 and algorithm 1; the balance is that
    of the authors' code.

    >>> model = VAEGAN.for_images((28, 28, 1), latent_dim=8)
    >>> list(model.players())
    ['encoder', 'decoder', 'discriminator']
    """

    default_optimizer = ("rmsprop", 3e-4)
    bounds_images = True
    term_meanings: ClassVar[dict[str, str]] = {
        "kl": "divergence of the posterior from the prior, in nats",
        "feature": "half the squared distance in the discriminator's features",
        "decoder_feature": "the same, as the decoder minimises it",
        "adversarial": "how well the discriminator tells what was decoded",
        "discrimination": "how badly the discriminator tells images from decoded ones",
        "reconstruction": "minus log p(x|z), in nats, which nobody minimises",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        discriminator: keras.Model | None = None,
        feature_layer: str | None = None,
        feature_weight: float = 1.0,
        margin: float = 0.35,
        **kwargs: Any,
    ) -> None:
        check_in_range("feature_weight", feature_weight)
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.check_single_observation()
        image_shape = tuple(self.decoder_spec.observation.shape[1:])
        if discriminator is None:
            self.check_default_fits("discriminator")
            discriminator = networks.patch_critic(image_shape)
        networks.check_patch_critic("discriminator", discriminator, image_shape)
        self.discriminator = discriminator
        self.feature_layer = feature_layer
        # Past what Keras tracks: its layers are the discriminator's.
        self.__dict__["_judge"] = _with_features(discriminator, feature_layer)
        self.prior_seed = keras.random.SeedGenerator(self.seed)
        self.add_number("margin", margin)
        self.add_term("kl")
        self.add_term("feature", name="encoder_feature_weight")
        self.add_term("decoder_feature", weight=feature_weight, name="feature_weight")
        self.add_term("adversarial")
        self.add_term("discrimination")
        for name in ("reconstruction", "real", "fake"):
            self.add_monitor(name)

    def players(self) -> dict[str, Player]:
        """`encoder`, `decoder` and `discriminator`, two of them in balance."""
        codes = [self.encoder, *self.own_layers().values(), self.posterior, self.prior]
        decoder = [self.decoder, self.likelihood]
        return {
            "encoder": Player(codes, ("kl", "feature")),
            "decoder": Player(
                decoder, ("decoder_feature", "adversarial"), gate=self._decoder_moves
            ),
            "discriminator": Player(
                [self.discriminator],
                ("discrimination",),
                gate=self._discriminator_moves,
            ),
        }

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """KL(q(z|x) ‖ p(z)), L, what T says of x̂ and x̃, and how T is told."""
        latent = self.infer(batch.x, training)
        output = self.decoder_output(latent.z, training=training)
        drawn = self.decoded(
            self.prior.sample_like(latent.z, self.prior_seed), None, training
        )
        # A player's gradient ends at its own networks: one pass serves all.
        features, real = self._judged(batch.x, training)
        mean_features, told = self._judged(self.likelihood.mean(output), training)
        _, drawn_told = self._judged(drawn, training)
        distance = 0.5 * ops.sum(ops.square(features - mean_features), axis=-1)
        fake = 0.5 * (ops.softplus(told) + ops.softplus(drawn_told))
        return {
            "kl": self.kl(latent),
            "feature": distance,
            "decoder_feature": distance,
            "adversarial": ops.softplus(-told) + ops.softplus(-drawn_told),
            "discrimination": 0.5 * ops.softplus(-real) + 0.5 * fake,
            "reconstruction": -self.likelihood.log_prob(batch.x, output),
            "real": ops.softplus(-real),
            "fake": fake,
        }

    def _judged(self, x: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        """Features of shape (batch, ...), flat, and the mean logit, (batch,)."""
        features, logits = self._judge(x, training=training)
        count = ops.shape(logits)[0]
        flat = ops.reshape(ops.cast(features, "float32"), (count, -1))
        return flat, ops.mean(ops.reshape(logits, (count, -1)), axis=-1)

    def _rests(self, means: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Whether the discriminator would rest, and whether the decoder would."""
        both = ops.stack([means["real"], means["fake"]])
        is_ahead = ops.any(both < _EVEN - self.margin)
        return is_ahead, ops.any(both > _EVEN + self.margin)

    def _discriminator_moves(self, means: dict[str, Tensor]) -> Tensor:
        is_ahead, is_behind = self._rests(means)
        return ops.logical_or(ops.logical_not(is_ahead), is_behind)

    def _decoder_moves(self, means: dict[str, Tensor]) -> Tensor:
        is_ahead, is_behind = self._rests(means)
        return ops.logical_or(ops.logical_not(is_behind), is_ahead)


def _with_features(discriminator: keras.Model, name: str | None) -> keras.Model:
    """The discriminator, which gives a layer's output beside its logits."""
    known = [layer.name for layer in getattr(discriminator, "layers", [])]
    if len(known) < 2 or (name is not None and name not in known):
        raise ValueError(
            "`feature_layer` must be the name of a layer of `discriminator`, one of "
            f"{known}. Received: feature_layer={name!r}"
        )
    layer = discriminator.layers[-2] if name is None else discriminator.get_layer(name)
    return with_outputs(discriminator, [layer.output, discriminator.outputs[0]])
