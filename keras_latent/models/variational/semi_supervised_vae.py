"""The variational autoencoder that learns to classify from a few labels (M2)."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.likeliest import likeliest
from keras_latent.models import specs
from keras_latent.models.classifying_model import ClassifyingModel
from keras_latent.models.conditions import condition_of_class
from keras_latent.training.moved_by_data import rows_weighed
from keras_latent.typing import Batch, Share, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class SemiSupervisedVAE(ClassifyingModel):
    """Variational autoencoder of images and classes, few of which are known (M2).

    Objective, in nats an example, with z ~ q(z|x, y), a classifier q(y|x) and all
    classes equally likely, log p(y) = −log num_classes:

        L(x, y) = −log p(x|z, y) − log p(y) + KL(q(z|x, y) ‖ p(z))

        with a label:   bound = L(x, y),   classification = −log q(y|x)
        without:        bound = Σ_y q(y|x)·[L(x, y) + log q(y|x)]

        loss = bound + classification_weight·classification

    A label of −1 is missing. All classes of each row are computed, so that a step costs
    num_classes times that of a VAE. As every term is a mean over all rows, 1 labelled
    row in 100 wants a weight of 100 where all being labelled wants 1; the authors' is
    0.1 times the number of rows for one that is labelled.

    `fit`, `encode`, `decode`, `reconstruct` and `sample` take the class as `y`, as of a
    `ConditionalVAE`; where it is missing, `encode` and `reconstruct` take the
    likeliest.

    Args:
        encoder: Any Keras model from [x, class] to a feature vector or map. The class
            is of shape (batch, num_classes), one-hot.
        decoder: Any Keras model from [code, class] to the mean of the observation, or
            its logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z, y), a name or an object of `keras_latent.likelihoods`.
            Defaults to `"bernoulli"`.
        num_classes: Number of classes. It must be given. Defaults to `None`.
        classification_weight: Weight of the term `classification`. Defaults to 1.0.
        classifier: Any Keras model from x to logits of shape (batch, num_classes).
            Defaults to `None`: a dense layer of 500 and one of the logits.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If `num_classes` isn't given, the networks don't take the class, or
            the classifier doesn't give logits.

    When: Of few labelled and many unlabelled images, where classes shall be told and
    images of a class drawn.

    Source: Kingma et al. 2014, equations 6 to 9.

    >>> model = SemiSupervisedVAE.for_images((28, 28, 1), latent_dim=8, num_classes=10)
    >>> model.classify(ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 10])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "bound": "minus a lower bound of log p(x, y), or of log p(x), in nats",
        "classification": "cross-entropy of the labels that the classifier tells",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        num_classes: int | None = None,
        classification_weight: float = 1.0,
        classifier: keras.Model | None = None,
        **kwargs: Any,
    ) -> None:
        condition = condition_of_class(num_classes)
        super().__init__(encoder, decoder, likelihood, condition=condition, **kwargs)
        self.add_classifier(classifier)
        self.add_term("bound")
        self.add_term("classification", weight=classification_weight)
        for name in ("reconstruction", "kl", "accuracy"):
            self.add_monitor(name)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """L(x, y) or its mean over q(y|x), and −log q(y|x)."""
        x, y = batch.x["x"], ops.cast(batch.x["y"], "int32")
        is_labelled = ops.cast(y >= 0, "float32")
        label = ops.one_hot(y, self.num_classes, dtype="float32")
        logits = ops.cast(self.classifier(x, training=training), "float32")
        log_q = ops.log_softmax(logits, axis=-1)
        # Of the label, where it is known, else q(y|x).
        share = ops.where(y[:, None] >= 0, label, ops.exp(log_q))
        with rows_weighed(ops.reshape(share, (-1,))):
            costs = self._of_each_class(x, training)
        reconstruction, kl, guess = (ops.sum(share * a, -1) for a in (*costs, log_q))
        bound = reconstruction + math.log(self.num_classes) + kl
        return {
            "bound": bound + (1.0 - is_labelled) * guess,
            "classification": -ops.sum(label * log_q, axis=-1),
            "reconstruction": reconstruction,
            "kl": kl,
            "accuracy": Share(ops.cast(likeliest(logits) == y, "float32"), is_labelled),
        }

    def _of_each_class(self, x: Any, training: bool) -> tuple[Tensor, ...]:
        """−log p(x|z, y) and KL(q(z|x, y) ‖ p(z)), both of shape (batch, classes)."""
        classes = self.num_classes
        many = specs.repeated(x, classes)
        rows = ops.shape(keras.tree.flatten(x)[0])[0]
        told = ops.tile(ops.eye(classes, dtype="float32"), (rows, 1))
        latent = self.infer({"x": many, "y": told}, training)
        output = self.decoder_output(latent.z, told, training)
        costs = -self.likelihood.log_prob(many, output), self.kl(latent)
        return tuple(ops.reshape(cost, (-1, classes)) for cost in costs)
