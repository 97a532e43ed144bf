"""The autoencoder whose encoder and decoder have importance-weighted bounds each."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.losses import importance_weighted_bound
from keras_latent.models.many_bounds import ManyBounds
from keras_latent.training.players import Player
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class PIWAE(ManyBounds):
    """Partially importance-weighted autoencoder.

    Two players, in nats an example, with the same M·K draws z ~ q(z|x):

        encoder:   mean_bound = −1/M Σₘ log 1/K Σₖ wₘₖ,   w = p(x|z) p(z) / q(z|x)
        decoder:   bound      = −log 1/(M·K) Σₘₖ wₘₖ

    The decoder, with the likelihood and the prior, has the tighter bound; the encoder,
    with the posterior, one whose signal doesn't fade. Neither gradient reaches the
    other player. The logs also hold `reconstruction`, −log p(x|z), and `kl`, log q(z|x)
    − log p(z), both as means over the draws.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        num_bounds: Number M of the encoder's bounds. Defaults to 8.
        num_samples: Number K of draws in each. Defaults to 8.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a number isn't a positive integer.

    When: For the decoder of an IWAE with an encoder that learns as that of a MIWAE.

    Source: Rainforth et al. 2018, section 4.

    >>> model = PIWAE.for_images((28, 28, 1), latent_dim=16, num_bounds=4)
    >>> list(model.players())
    ['encoder', 'decoder']
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "mean_bound": "minus the mean importance-weighted bound of log p(x), in nats",
        "bound": "minus the importance-weighted bound of all draws, in nats",
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
        self.add_term("mean_bound")
        self.add_term("bound")

    def players(self) -> dict[str, Player]:
        """`encoder` moves q(z|x), `decoder` p(x|z) and p(z)."""
        inference = [self.encoder, *self.own_layers().values(), self.posterior]
        generation = [self.decoder, self.likelihood, self.prior]
        return {
            "encoder": Player(inference, ("mean_bound",)),
            "decoder": Player(generation, ("bound",)),
        }

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−1/M Σₘ log 1/K Σₖ wₘₖ and −log 1/(M·K) Σₘₖ wₘₖ."""
        log_weights, logged = self.weighed(batch.x, training)
        draws = self.num_bounds * self.num_samples
        of_all = ops.reshape(log_weights, (-1, draws))
        return {
            "mean_bound": -ops.mean(importance_weighted_bound(log_weights), axis=1),
            "bound": -importance_weighted_bound(of_all),
            **logged,
        }
