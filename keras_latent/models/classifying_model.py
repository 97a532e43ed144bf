"""The variational models that tell classes as well as they are told them."""

from typing import Any

import keras
from keras import ops

from keras_latent import networks
from keras_latent.graph import known_values
from keras_latent.likeliest import likeliest
from keras_latent.models import specs
from keras_latent.models.conditions import condition_of_class
from keras_latent.models.default_networks import Builders
from keras_latent.models.variational_model import VariationalModel
from keras_latent.networks.checks import check_model
from keras_latent.tensors import as_tensor
from keras_latent.training.arrays import check_is_dense, listed_as_arrays
from keras_latent.typing import Tensor


class ClassifyingModel(VariationalModel):
    """Base of the models with a classifier q(y|x) beside networks that take the class.

    Attributes:
        num_classes: Number of classes.
        classifier: From x to logits of shape (batch, num_classes).
    """

    uses_labels = True
    needs_classes = "num_classes"
    guesses_conditions = True
    num_classes: Any
    classifier: Any

    def add_classifier(self, classifier: keras.Model | None) -> None:
        """Check and keep the classifier, or make one.

        Args:
            classifier: A Keras model from x to logits, or `None` for a dense layer of
                500 and one of the logits.

        Raises:
            ValueError: If it doesn't give logits, or takes other observations.
        """
        condition: Any = self.condition
        self.num_classes = condition.num_classes
        if classifier is None:
            self.check_single_observation()
            shape = self.decoder_spec.observation.shape[1:]
            classifier = dense_classifier(shape, condition.length)
        check_classifier(classifier, condition.length)
        specs.check_encoder(classifier, self.decoder_spec.observation, "classifier")
        self.classifier = classifier

    def condition_in(self, x: Any) -> Tensor:
        """The class, one-hot, or as vectors; of a missing one, the likeliest."""
        if len(x["y"].shape) == 2:
            return x["y"]
        condition: Any = self.condition
        known = condition.vector_of(x["y"])
        logits = self.classifier(x["x"], training=False)
        guess = ops.one_hot(likeliest(logits), self.num_classes, dtype="float32")
        return known + (1.0 - ops.sum(known, axis=-1, keepdims=True)) * guess

    def classify(self, x: Any) -> Tensor:
        """Tell the probability of each class, of shape (batch, num_classes).

        Args:
            x: Observations of shape (batch, ...).

        Returns:
            Probabilities, float32, as a tensor.

        Raises:
            ValueError: If shape or range are not those that `fit` takes.
        """
        x = listed_as_arrays("x", x)
        check_is_dense("x", x)
        x = as_tensor("x", x, least_rank=1)
        condition: Any = self.condition
        observation = self.observation(x, condition.given)
        if known_values(x) is None:
            self.check_shapes(observation)
        else:
            self.check_observation(observation)
        return ops.softmax(ops.cast(self.classifier(x, training=False), "float32"))

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
        """The default networks, told the class at their first layer."""
        length = condition_of_class(kwargs.get("num_classes")).length
        return networks.conditional_networks(
            image_shape, code_size, length, output_activation
        )


def dense_classifier(shape: tuple[int, ...], classes: int) -> keras.Model:
    """From observations to logits, over one hidden layer."""
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            keras.layers.Dense(500, activation="relu"),
            keras.layers.Dense(classes, dtype="float32"),
        ],
        name="classifier",
    )


def check_classifier(classifier: Any, classes: int) -> None:
    """Refuse what doesn't give logits of so many classes."""
    check_model("classifier", classifier)
    given = getattr(classifier, "output_shape", None)
    if given != (None, classes):
        raise ValueError(
            f"`classifier` must give logits of shape (None, {classes}). "
            f"Received: classifier.output_shape={given}"
        )
    if specs.output_activations(classifier) in ("softmax", "sigmoid"):
        raise ValueError(
            "`classifier` must give logits, without an activation at its end. "
            f"Received: activation={specs.output_activations(classifier)!r}"
        )
