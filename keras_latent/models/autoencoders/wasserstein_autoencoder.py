"""The Wasserstein autoencoder with a discrepancy of means (WAE-MMD)."""

from typing import Any, ClassVar

import keras

from keras_latent import distributions
from keras_latent.models.prior_drawing import PriorDrawing
from keras_latent.models.prior_matching import PriorMatching
from keras_latent.typing import Batch
from keras_latent.validation import check_choice, checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class WassersteinAutoencoder(PriorMatching, PriorDrawing):
    """Autoencoder whose codes, all together, are distributed as a prior (WAE-MMD).

    Objective, in nats an example, with z = E(x) and as many draws z̃ ~ p(z):

        loss = −log p(x | D(z)) + mmd_weight·MMD²(z, z̃)

    It generates from the prior. The discrepancy is without bias and may be negative; of
    a batch of one row it lacks the sums over pairs of rows. On several replicas it is
    each replica's own, or with `global_batch` that of all rows.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        prior: p(z), a name or an object of `keras_latent.distributions` on real
            numbers, which stays as it is. Defaults to `"normal"`: N(0, I).
        mmd_weight: Weight of the term `mmd`. Defaults to 100.0: the authors' on MNIST,
            where half the squared error is in the place of theirs; 250 on CelebA.
        kernel: `"imq"`, a sum over seven scales, or `"rbf"`; see
            `keras_latent.losses.mmd`. Defaults to `"imq"`.
        global_batch: Whether the rows of all replicas are compared together. Defaults
            to `False`.
        seed: Seed of the prior's draws. Defaults to `None`: drawn by Python's `random`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the weight is negative, the kernel is unknown, or the prior isn't
            one of real numbers.

    When: To generate with the sharper reconstructions of an autoencoder: only the codes
    as a whole are pressed towards the prior, no single one of them.

    Source: Tolstikhin et al. 2018, equation 4 and algorithm 2.

    >>> model = WassersteinAutoencoder.for_images((28, 28, 1), latent_dim=8)
    >>> model.sample(3, seed=0).shape
    TensorShape([3, 28, 28, 1])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "mmd": "discrepancy of all codes from the prior",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        prior: Any = "normal",
        mmd_weight: float = 100.0,
        kernel: str = "imq",
        global_batch: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_choice("kernel", kernel, ("imq", "rbf"))
        distributions.check_code_prior(distributions.get("prior", prior))
        super().__init__(encoder, decoder, likelihood, prior, seed, **kwargs)
        self.kernel = kernel
        self.global_batch = checked_switch("global_batch", global_batch)
        self.add_term("reconstruction")
        self.add_term("mmd", weight=mmd_weight)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x | D(z)) and MMD²(z, z̃)."""
        z = self.encoded(batch.x, training)
        return {
            "reconstruction": self.reconstruction(batch.x, z, training),
            "mmd": self.discrepancy(z),
        }
