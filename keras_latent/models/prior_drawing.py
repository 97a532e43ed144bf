"""The family of models whose code is a function, and that draw from a prior."""

import typing
from typing import Any

import keras

from keras_latent import distributions
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.training.players import Player
from keras_latent.validation import checked_optional_seed


class PriorDrawing(DeterministicModel):
    """Base of the models with one code for each observation, and a prior of codes.

    The prior is what codes are pressed towards, and stays as it is: draws alone don't
    tell all of its weights, such as how often each normal of a mixture is taken.

    Args:
        encoder: As for `LatentModel`.
        decoder: As for `LatentModel`.
        likelihood: As for `LatentModel`. Defaults to `"gaussian"`.
        prior: p(z), a name or an object of `keras_latent.distributions`. Defaults to
            `"normal"`: N(0, I).
        seed: Seed of the prior's draws in training. Defaults to `None`: drawn by
            Python's `random`, which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Attributes:
        prior_seed: The generator of the prior's draws.
    """

    has_prior = True

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        prior: Any = "normal",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given, prior = prior, distributions.get("prior", prior)
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.prior = prior
        self.remember_given("prior", given, prior)
        self.prior.build_for(self)
        self.seed = checked_optional_seed(seed)
        self.prior_seed = keras.random.SeedGenerator(self.seed)

    def players(self) -> dict[str, Player]:
        """One player, which moves everything but the prior."""
        return {"model": Player(self.moved_layers(), tuple(self._weight_by_term))}

    def spared_layers(self) -> list[keras.layers.Layer]:
        """The prior."""
        return [self.prior]

    @typing.final
    def moved_layers(self) -> list[keras.layers.Layer]:
        """The networks and the likelihood, for the player that owns them."""
        return [layer for layer in self.network_layers() if layer is not self.prior]
