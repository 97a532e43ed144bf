"""The autoencoder between the evidence lower bound and the importance-weighted one."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.losses import importance_weighted_bound
from keras_latent.models.many_bounds import ManyBounds
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class CIWAE(ManyBounds):
    """Combination importance-weighted autoencoder.

    Objective, in nats an example, with M bounds of K draws z ~ q(z|x) and β = mixing:

        loss = β·lower_bound + (1 − β)·bound
        lower_bound = −1/(M·K) Σₘₖ log wₘₖ
        bound       = −1/M Σₘ log 1/K Σₖ wₘₖ,   w = p(x|z) p(z) / q(z|x)

    The paper's has one bound, M = 1. β = 0 makes it an IWAE (of several bounds, a
    MIWAE), β = 1 the evidence lower bound. The logs also hold `reconstruction`, −log
    p(x|z), and `kl`, log q(z|x) − log p(z), both as means over the draws, and the two
    parts.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        num_bounds: Number M of bounds. Defaults to 8.
        num_samples: Number K of draws in each. Defaults to 8.
        mixing: The part β of the evidence lower bound, from 0 to 1, a number that may
            be scheduled. Defaults to 0.05.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a number of draws isn't a positive integer, or `mixing` isn't in
            [0, 1].

    When: To go from the bound of a VAE to that of an IWAE by one number, which may be
    scheduled.

    Source: Rainforth et al. 2018, equation 12.

    >>> model = CIWAE.for_images((28, 28, 1), latent_dim=16, mixing=0.5)
    >>> model.mixing = 0.05
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "combined_bound": "minus a mean of two bounds of log p(x), in nats"
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        num_bounds: int = 8,
        num_samples: int = 8,
        mixing: float = 0.05,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_draws(num_bounds, num_samples)
        self.add_number("mixing", mixing, high=1.0)
        self.add_term("combined_bound")
        for name in ("lower_bound", "bound"):
            self.add_monitor(name)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """β·lower_bound + (1 − β)·bound."""
        log_weights, logged = self.weighed(batch.x, training)
        bound = -ops.mean(importance_weighted_bound(log_weights), axis=1)
        lower_bound = -ops.mean(log_weights, axis=(1, 2))
        beta = ops.convert_to_tensor(self.mixing)
        return {
            "combined_bound": beta * lower_bound + (1.0 - beta) * bound,
            "lower_bound": lower_bound,
            "bound": bound,
            **logged,
        }
