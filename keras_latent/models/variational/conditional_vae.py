"""The variational autoencoder whose networks are told a class or some numbers."""

from typing import Any, ClassVar

import keras

from keras_latent import networks
from keras_latent.models.conditions import condition_of
from keras_latent.models.default_networks import Builders
from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class ConditionalVAE(VariationalModel):
    """Variational autoencoder of observations x given a condition y.

    Objective, in nats an example, with z ~ q(z|x, y):

        loss = −log p(x|z, y) + β·KL(q(z|x, y) ‖ p(z))

    With β = 1 this is minus the evidence lower bound of log p(x|y). The condition is a
    class, −1 where it is missing, or a vector of numbers. `fit`, `encode`, `decode`,
    `reconstruct` and `sample` take it as `y`; `predict`, `to_encoder` and `to_decoder`
    take a dict of `x` and `y`.

    Args:
        encoder: Any Keras model from [x, condition] to a feature vector or map. The
            condition is of shape (batch, num_classes), one-hot and 0 where the class is
            missing, or (batch, condition_size).
        decoder: Any Keras model from [code, condition] to the mean of the observation,
            or its logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z, y), a name or an object of `keras_latent.likelihoods`.
            Defaults to `"bernoulli"`.
        num_classes: Number of classes. Defaults to `None`.
        condition_size: Length of a vector of numbers. Defaults to `None`. One of the
            two must be given.
        beta: Weight β of the term `kl`. Defaults to 1.0.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If the networks don't take the condition, or it isn't described.

    When: Where a class or some numbers are known of each image, and the code shall hold
    all else: style without content, images of a chosen class.

    Source: Sohn, Lee and Yan 2015, equation 4, with a prior that doesn't depend on y.

    >>> model = ConditionalVAE.for_images((28, 28, 1), latent_dim=8, num_classes=10)
    >>> model.sample(3, y=[7, 7, 7], seed=0).shape
    TensorShape([3, 28, 28, 1])
    """

    bounds_evidence = True
    uses_labels = True
    needs_classes = "num_classes"
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z, y), in nats",
        "kl": "divergence of the posterior from the prior, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        num_classes: int | None = None,
        condition_size: int | None = None,
        beta: float = 1.0,
        **kwargs: Any,
    ) -> None:
        condition = condition_of(num_classes, condition_size)
        super().__init__(encoder, decoder, likelihood, condition=condition, **kwargs)
        self.num_classes = num_classes
        self.condition_size = condition_size
        self.add_term("reconstruction")
        self.add_term("kl", weight=beta, name="beta")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z, y) and KL(q(z|x, y) ‖ p(z))."""
        latent = self.infer(batch.x, training)
        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "kl": self.kl(latent),
        }

    @classmethod
    def default_builders(cls, code_is_map: bool) -> Builders:
        """None whose arguments can be chosen."""
        return {}

    @classmethod
    def default_networks(
        cls,
        image_shape: tuple[int, int, int],
        code_size: int | tuple[int, ...],
        output_activation: str | None,
        **kwargs: Any,
    ) -> dict[str, keras.Model]:
        """The default networks, told the condition at their first layer."""
        condition = condition_of(
            kwargs.get("num_classes"), kwargs.get("condition_size")
        )
        return networks.conditional_networks(
            image_shape, code_size, condition.length, output_activation
        )
