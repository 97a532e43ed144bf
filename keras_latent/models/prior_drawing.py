"""The family of models whose code is a function, and that draw from a prior."""

from typing import Any

import keras

from keras_latent import distributions
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.validation import checked_optional_seed


class PriorDrawing(DeterministicModel):
    """Base of the models with one code for each observation, and a prior of codes.

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
