"""The importance-weighted autoencoder."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.gradients import stop_gradient, with_scaled_gradient
from keras_latent.losses import importance_weighted_bound
from keras_latent.models.variational_model import Latent, VariationalModel
from keras_latent.typing import Batch
from keras_latent.validation import check_choice, checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class IWAE(VariationalModel):
    """Importance-weighted autoencoder.

    Objective, in nats an example, with K draws zₖ ~ q(z|x):

        loss = bound = −log 1/K Σₖ wₖ,   log wₖ = log p(x|zₖ) + log p(zₖ) − log q(zₖ|x)

    With K = 1 this is minus the evidence lower bound, its divergence at the draw. The
    gradient of the bound reaches the encoder with a signal that fades as K grows;
    `gradient` chooses others, which leave the value and the decoder's gradient as they
    are. With w̃ₖ = wₖ / Σ wⱼ and the parameters of q stopped inside log q:

        "stl"   through zₖ alone, weighted by w̃ₖ: no variance where q is exact, biased
                for K > 1
        "dreg"  through zₖ alone, weighted by w̃ₖ²: unbiased for any K

    The logs also hold `reconstruction`, −log p(x|zₖ), and `kl`, log q(zₖ|x) − log
    p(zₖ), both as means over the draws.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        num_samples: Number K of draws for each example, all of which are decoded.
            Defaults to 5.
        gradient: `"iwae"`, `"stl"` or `"dreg"`. Defaults to `"iwae"`.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If `num_samples` isn't a positive integer, `gradient` is unknown, or
            is another than "iwae" for a posterior with weights of its own.

    When: For likelihoods: a tighter bound than the VAE's, at K times the decoder's
    work. Take `"dreg"` where K is large.

    Source: Burda, Grosse and Salakhutdinov 2015, equation 8; Roeder, Wu and Duvenaud
    2017 for "stl"; Tucker et al. 2018, equation 8, for "dreg".

    >>> model = IWAE.for_images((28, 28, 1), latent_dim=16, num_samples=8)
    >>> model.sample(3, seed=0).shape
    TensorShape([3, 28, 28, 1])
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "bound": "minus the importance-weighted bound of log p(x), in nats"
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        num_samples: int = 5,
        gradient: str = "iwae",
        **kwargs: Any,
    ) -> None:
        num_samples = checked_positive_integer("num_samples", num_samples)
        check_choice("gradient", gradient, ("iwae", "stl", "dreg"))
        super().__init__(encoder, decoder, likelihood, **kwargs)
        if gradient != "iwae" and self.posterior.trainable_variables:
            raise ValueError(
                '`gradient` must be "iwae" for a posterior with weights of its own, '
                f"which can't be stopped inside log q alone. Received: {gradient=} "
                f"with posterior {self.posterior.name!r}"
            )
        self.num_samples = num_samples
        self.gradient = gradient
        self.add_term("bound")
        self.add_monitor("reconstruction")
        self.add_monitor("kl")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log 1/K Σₖ wₖ."""
        latent = self.infer(batch.x, training, self.num_samples)
        normalised: dict[str, Any] = {}
        if self.gradient != "iwae":
            z, q = latent
            if self.gradient == "dreg":
                # Only the gradient needs them, when they are long known.
                z = with_scaled_gradient(z, lambda: normalised["weights"])
            latent = Latent(z, stop_gradient(q))
        reconstruction = self.reconstruction(batch.x, latent.z, training)
        kl = self.log_ratio(latent)
        log_weights = -reconstruction - kl
        bound = importance_weighted_bound(log_weights)
        # Keras warns of a softmax of one draw.
        weights = ops.stop_gradient(ops.exp(log_weights - bound[:, None]))
        normalised["weights"] = ops.reshape(
            weights / self.num_samples,
            (-1, self.num_samples, *[1] * len(self.code_shape)),
        )
        return {
            "bound": -bound,
            "reconstruction": ops.mean(reconstruction, axis=1),
            "kl": ops.mean(kl, axis=1),
        }
