"""The encoder-decoder that compares in latent space, with a variational encoder."""

from typing import Any, ClassVar

import keras

from keras_latent.distributions import NormalParameters, check_normal
from keras_latent.losses import different, same
from keras_latent.models.contrastive import contrast
from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class VariationalEncDec(VariationalModel):
    """Encoder-decoder trained by distances between codes, with a variational encoder.

    Objective: with q(z|x) = N(μ, σ²), z ~ q(z|x), x' = D(z), and the posteriors μ', σ'
    of x' and μ'', σ'' of sg(x'), in the notation of `EncDec`:

        loss = cycle_weight·same(μ', z)
             + spread_weight·different(z of even rows, z of odd rows)
             + discrimination_weight·different(μ'', z)
             + kl_weight·(⅛·v(σ) + ⅛·v(σ') + ¼·v(σ''))
             + kl_mean_weight·(⅛·‖μ‖² + ⅛·‖μ'‖² + ¼·‖μ''‖²)

        v(σ) = Σⱼ (σⱼ² − 1 − log σⱼ²)

    The last two terms, `kl` and `kl_mean`, are the parts of the divergence from N(0, I)
    that the variances and the means cause; that of the means is off by default. Pairs,
    replicas and the monitored values are as for `EncDec`. The posteriors begin narrow,
    at log σ² = −5: from σ = 1 on, noise alone keeps codes apart, as `spread` asks, and
    they never come to tell anything.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        likelihood: Says how the decoder's output is read, and gives `log_likelihood`;
            the objective doesn't use it. Defaults to `"gaussian"`.
        margin: Distance from which on codes are different enough. Defaults to 1.0.
        cycle_weight: Weight of the term `cycle`. Defaults to 1.0.
        spread_weight: Weight of the term `spread`. Defaults to 1.0.
        discrimination_weight: Weight of the term `discrimination`. Defaults to 2.0.
        kl_weight: Weight of the term `kl`. Defaults to 1e-3.
        kl_mean_weight: Weight of the term `kl_mean`. Defaults to 0.0.
        repair: As for `EncDec`. Defaults to `None`.
        global_batch: As for `EncDec`. Defaults to `False`.
        **kwargs: `prior` for `sample`, `seed` of the noise, `name` and `dtype` of the
            model.

    Raises:
        ValueError: If a weight or the margin is negative, or the posterior is another
            than normal.

    When: As EncDec, where the code shall have noise and be drawn from a prior.

    Source: small-yellow-duck, "Encoder-decoder networks", section "Further work".

    >>> model = VariationalEncDec.for_images((28, 28, 1), latent_dim=32)
    >>> model.sample(2, seed=0).shape
    TensorShape([2, 28, 28, 1])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "cycle": "distance of an observation's code and its reconstruction's",
        "spread": "closeness of the codes of two observations",
        "discrimination": "closeness of the codes of real and generated",
        "kl": "divergence of the posteriors from the prior, by variances",
        "kl_mean": "divergence of the posteriors from the prior, by means",
    }

    initial_biases: ClassVar[dict[str, float]] = {"code_log_var": -5.0}
    default_optimizer = ("rmsprop", 3e-4)
    bounds_images = True

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        margin: float = 1.0,
        cycle_weight: float = 1.0,
        spread_weight: float = 1.0,
        discrimination_weight: float = 2.0,
        kl_weight: float = 1e-3,
        kl_mean_weight: float = 0.0,
        repair: keras.layers.Layer | None = None,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        check_normal("posterior", self.posterior)
        self.add_number("margin", margin)
        self.repair = repair
        self.global_batch = checked_switch("global_batch", global_batch)
        self.add_term("cycle", weight=cycle_weight)
        self.add_term("spread", weight=spread_weight)
        self.add_term("discrimination", weight=discrimination_weight)
        self.add_term("kl", weight=kl_weight, name="kl_weight")
        self.add_term("kl_mean", weight=kl_mean_weight, name="kl_mean_weight")
        self.add_monitor("latent_length")
        self.add_monitor("mse")

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """The three contrasts of codes, and the two parts of the divergence."""

        def encode(x: Any) -> NormalParameters:
            return self.posterior_parameters(x, training)

        z, posterior = self.infer(batch.x, training)
        generated = self.decoded(z, training=training)
        live, stopped = contrast.encode_generated(encode, generated, self.repair)
        return {
            "cycle": same(live.mean, z),
            "spread": contrast.spread(z, self.margin, self.global_batch),
            "discrimination": different(stopped.mean, z, self.margin),
            **contrast.divergences(posterior, live, stopped),
            **contrast.monitors(batch.x, generated, z, live.mean),
        }
