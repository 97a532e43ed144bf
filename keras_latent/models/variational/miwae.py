"""The autoencoder that averages several importance-weighted bounds."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.losses import importance_weighted_bound
from keras_latent.models.many_bounds import ManyBounds
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class MIWAE(ManyBounds):
    """Multiply importance-weighted autoencoder.

    Objective, in nats an example, with M·K draws z ~ q(z|x), of which each is of one of
    M bounds:

        loss = bound = −1/M Σₘ log 1/K Σₖ wₘₖ,   w = p(x|z) p(z) / q(z|x)

    With M = 1 it is the IWAE's bound, with K = 1 the evidence lower bound. The mean of
    bounds keeps the signal that reaches the encoder, which fades in one bound of many
    draws. The logs also hold `reconstruction`, −log p(x|z), and `kl`, log q(z|x) − log
    p(z), both as means over the draws.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        num_bounds: Number M of bounds. Defaults to 8.
        num_samples: Number K of draws in each. Defaults to 8.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a number isn't a positive integer.

    When: For a bound of many draws whose encoder still learns: M bounds of K draws
    rather than one of M·K.

    Source: Rainforth et al. 2018, equation 11.

    >>> model = MIWAE.for_images((28, 28, 1), latent_dim=16, num_bounds=4)
    >>> model.num_bounds, model.num_samples
    (4, 8)
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "bound": "minus the mean importance-weighted bound of log p(x), in nats"
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        num_bounds: int = 8,
        num_samples: int = 8,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_draws(num_bounds, num_samples)
        self.add_term("bound")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−1/M Σₘ log 1/K Σₖ wₘₖ."""
        log_weights, logged = self.weighed(batch.x, training)
        return {
            "bound": -ops.mean(importance_weighted_bound(log_weights), axis=1),
            **logged,
        }
