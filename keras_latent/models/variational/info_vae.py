"""The variational autoencoder that matches the prior with all its codes together."""

import math
from typing import Any, ClassVar, Self

import keras

from keras_latent.models.prior_matching import PriorMatching
from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Batch
from keras_latent.validation import check_choice, check_in_range, checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class InfoVAE(PriorMatching, VariationalModel):
    """Variational autoencoder that keeps the information in its codes (MMD-VAE).

    Objective, in nats an example, with z ~ q(z|x) and as many draws z̃ ~ p(z):

        loss = −log p(x|z) + kl_weight·KL(q(z|x) ‖ p(z)) + mmd_weight·MMD²(z, z̃)

    In the paper's terms, the weights are 1 − α and α + λ − 1 (`from_alpha_lambda`). The
    discrepancy is without bias and may be negative; of a batch of one row it lacks the
    sums over pairs of rows. On several replicas it is each replica's own, or with
    `global_batch` that of all rows.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        kl_weight: Weight of the term `kl`, 1 − α. Defaults to 1.0.
        mmd_weight: Weight of the term `mmd`, α + λ − 1. Defaults to 999.0: the authors'
            α = 0 and λ = 1000 on MNIST.
        kernel: `"imq"`, a sum over seven scales, or `"rbf"`; see
            `keras_latent.losses.mmd`. Defaults to `"imq"`.
        global_batch: Whether the rows of all replicas are compared together. Defaults
            to `False`.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a weight is negative, or the kernel is unknown.

    When: Where a strong decoder makes a VAE forget its code: the codes match the prior
    as a whole, and each keeps its information.

    Source: Zhao, Song and Ermon 2017, equation 6.

    >>> model = InfoVAE.for_images((28, 28, 1), latent_dim=8, kl_weight=0.0)
    >>> float(model.mmd_weight)
    999.0
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "divergence of the posterior from the prior, in nats",
        "mmd": "discrepancy of all codes from the prior",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        kl_weight: float = 1.0,
        mmd_weight: float = 999.0,
        kernel: str = "imq",
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        check_choice("kernel", kernel, ("imq", "rbf"))
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.kernel = kernel
        self.global_batch = checked_switch("global_batch", global_batch)
        self.prior_seed = keras.random.SeedGenerator(self.seed)
        self.add_term("reconstruction")
        self.add_term("kl", weight=kl_weight)
        self.add_term("mmd", weight=mmd_weight)

    @classmethod
    def from_alpha_lambda(
        cls, alpha: float, lambda_: float, *networks: Any, **kwargs: Any
    ) -> Self:
        """Build a model from the paper's weights α and λ.

        Args:
            alpha: How much information the codes are to keep, at most 1.
            lambda_: Weight of the discrepancy, at least 1 − α.
            *networks: The encoder and the decoder.
            **kwargs: The other arguments of the constructor.

        Raises:
            ValueError: If a weight would be negative, one isn't a finite number, or is
                given beside them.
        """
        for name in sorted({"kl_weight", "mmd_weight"} & kwargs.keys()):
            raise ValueError(
                f"`{name}` can't be given beside `alpha` and `lambda_`, from which it "
                f"follows. Received: {name}={kwargs[name]!r}"
            )
        check_in_range("alpha", alpha, -math.inf)
        check_in_range("lambda_", lambda_, -math.inf)
        # A sum such as -3.6 + 4.6 is 1 but for its rounding.
        rest = alpha + lambda_ - 1.0
        if alpha > 1.0 or rest < -1e-9:
            raise ValueError(
                "`alpha` must be at most 1 and `alpha` + `lambda_` at least 1, so that "
                "the weights 1 - alpha and alpha + lambda_ - 1 aren't negative. "
                f"Received: {alpha=}, {lambda_=}"
            )
        kwargs |= {"kl_weight": 1.0 - alpha, "mmd_weight": max(rest, 0.0)}
        return cls(*networks, **kwargs)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z), KL(q(z|x) ‖ p(z)) and MMD²(z, z̃)."""
        latent = self.infer(batch.x, training)
        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "kl": self.kl(latent),
            "mmd": self.discrepancy(latent.z),
        }
