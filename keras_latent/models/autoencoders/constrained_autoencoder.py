"""The autoencoder whose code is to discriminate, too."""

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.layers import StandardNormal
from keras_latent.models.autoencoders.heads import (
    check_heads,
    check_labels,
    label_columns,
    linear_head,
)
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.training.guard import Column
from keras_latent.typing import Batch, Share, Tensor
from keras_latent.validation import checked_optional_seed


@keras.saving.register_keras_serializable(package="keras_latent")
class ConstrainedAutoencoder(DeterministicModel):
    """Autoencoder with a code that is useful for discriminating as well.

    Objective, in nats an example, with z = E(x), heads h, labels y and noise ε:

        loss = −log p(x | D(z)) + w_h·Σ_h −log softmax(h(z))_y + w_p·‖E(D(ẑ)) − ẑ‖²,
        ẑ = sg(z) + scale·ε,   ε ~ N(0, I)

    A label of −1 is missing: the head's term is 0 for that row, so that the row trains
    the reconstruction alone. As every term is a mean over all rows, 1 labelled row in
    100 wants a weight of 100 where all being labelled wants 1. The last term asks the
    neighbours of a code to decode into what is encoded there again; ẑ is detached, lest
    the term be met by codes that shrink.

    With several heads, the terms are `classification_<name>`, the weights
    `classification_<name>_weight` and the logs `accuracy_<name>`; with one, without the
    name. Accuracies count the labelled rows.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        heads: A Keras model from the code to logits of shape (batch, classes), or the
            number of classes, for a linear one; or a dict of these, one a task.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        classification_weight: Initial weight w_h of each head's term, or of several
            heads a dict of them. Defaults to 1.0.
        perturbation_weight: Initial weight w_p of the term `perturbation`. With 0 it is
            not computed, and the weight can't be set above 0 later. Defaults to 0.0.
        perturbation_scale: Standard deviation of the noise. Defaults to 0.1.
        seed: Seed of the noise. Defaults to `None`: drawn by Python's `random`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If a head doesn't take the code or doesn't give logits, or a weight
            is negative.

    When: Where a code must serve a classifier as well as a decoder, even of few labels.

    Source: Kotikalapudi 2017, "Learning good image representation", figure 2, which
    asks for a code that serves both tasks and whose neighbours decode into variations.

    >>> model = ConstrainedAutoencoder.for_images((28, 28, 1), latent_dim=16, heads=10)
    >>> model.classify(keras.ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 10])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "classification": "cross-entropy of the labels that a head tells",
        "perturbation": "distance of a code's neighbour from its decoding's code",
    }

    uses_labels = True
    needs_classes = "heads"
    drowning_weight = "classification_weight"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        heads: Any,
        likelihood: Any = "gaussian",
        classification_weight: Any = 1.0,
        perturbation_weight: float = 0.0,
        perturbation_scale: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.heads = keras.tree.map_structure(
            lambda head: linear_head(head, self.latent_dim), heads
        )
        self.remember_given("heads", heads, self.heads)
        check_heads(self.heads, self.latent_dim)
        self.add_number("perturbation_scale", perturbation_scale)
        self.add_term("reconstruction")
        for suffix in self._heads_by_suffix():
            weight = _weight_of(suffix.removeprefix("_"), classification_weight)
            self.add_term(f"classification{suffix}", weight=weight)
            self.add_monitor(f"accuracy{suffix}")
        self.perturbs = not isinstance(perturbation_weight, Real) or (
            perturbation_weight != 0
        )
        fixed = (
            "`perturbation_weight` must stay 0 in a model that was built with 0, which "
            "doesn't compute the term: build it with a weight above 0"
        )
        self.add_term(
            "perturbation",
            weight=perturbation_weight,
            fixed=None if self.perturbs else fixed,
        )
        self.seed = checked_optional_seed(seed)
        self.noise = StandardNormal(seed)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x | D(z)), the cross-entropies, and ‖E(D(ẑ)) − ẑ‖²."""
        x = batch.x
        z = self.encoded(x, training)
        terms: dict[str, Any] = {
            "reconstruction": self.reconstruction(x, z, training),
            "perturbation": ops.zeros((), "float32"),
        }
        for suffix, head in self._heads_by_suffix().items():
            y = batch.y[suffix.removeprefix("_")] if suffix else batch.y
            logits = ops.cast(head(z, training=training), "float32")
            terms |= _classification(logits, y, suffix)
        if self.perturbs:
            neighbour = ops.stop_gradient(z) + self.perturbation_scale * self.noise(z)
            variation = self.decoded(neighbour, training=training)
            again = self.encoded(variation, training)
            terms["perturbation"] = ops.sum(ops.square(again - neighbour), axis=-1)
        return terms

    def classify(self, x: Any) -> Any:
        """Tell the probability of each class.

        Args:
            x: Observations of shape (batch, ...), or a dict of them.

        Returns:
            Probabilities of shape (batch, classes); for several heads a dict of them.
        """
        z = self.encode(x)
        return keras.tree.map_structure(
            lambda head: ops.softmax(ops.cast(head(z), "float32")), self._plain_heads()
        )

    def watched_columns(self, batch: Batch) -> list[Column]:
        """The observation, and labels, which must be classes of their heads."""
        return super().watched_columns(batch) + label_columns(
            batch.y, self._plain_heads()
        )

    def check_labels(self, y: Any, count: int | None) -> None:
        """Refuse labels that don't belong to the heads.

        Args:
            y: Integers of shape (count,) or (count, 1), −1 where missing; for several
                heads a dict of them.
            count: Number of examples.

        Raises:
            ValueError: If there are no labels, or one is no class of its head.
        """
        check_labels(y, self._plain_heads(), count)

    def constructor_value(self, name: str) -> Any:
        """An argument's value; of several heads, the weight of each by its name."""
        heads = self._heads_by_suffix()
        if name == "classification_weight" and "" not in heads:
            return {
                suffix.removeprefix("_"): getattr(
                    self, f"classification{suffix}_weight"
                )
                for suffix in heads
            }
        return super().constructor_value(name)

    def _plain_heads(self) -> Any:
        return dict(self.heads) if isinstance(self.heads, Mapping) else self.heads

    def _heads_by_suffix(self) -> dict[str, keras.Model]:
        if isinstance(self.heads, Mapping):
            return {f"_{name}": head for name, head in self.heads.items()}
        return {"": self.heads}


def _weight_of(head: str, weights: Any) -> float:
    """The weight of a head, from one for all or from a dict of them."""
    return weights[head] if isinstance(weights, Mapping) else weights


def _classification(logits: Tensor, y: Tensor, suffix: str) -> dict[str, Any]:
    """The cross-entropy of a head, 0 where labels are missing, and its accuracy.

    Labels that are no class have NaN, which stops the training: of a dataset, batches
    after the first aren't looked at before.
    """
    given = ops.reshape(ops.convert_to_tensor(y), (-1,))
    y = ops.cast(given, "int32")
    is_whole = ops.cast(y, given.dtype) == given
    is_known = ops.logical_and(is_whole, (y >= -1) & (y < logits.shape[-1]))
    is_labelled = ops.cast(y >= 0, "float32")
    log_probability = ops.log_softmax(logits, axis=-1)
    # The class of a missing label doesn't matter, but must be one.
    chosen = ops.one_hot(ops.maximum(y, 0), logits.shape[-1], dtype="float32")
    cross_entropy = -ops.sum(chosen * log_probability, axis=-1)
    is_right = ops.cast(ops.argmax(logits, axis=-1), "int32") == y
    return {
        f"classification{suffix}": ops.where(
            is_known, is_labelled * cross_entropy, float("nan")
        ),
        f"accuracy{suffix}": Share(ops.cast(is_right, "float32"), is_labelled),
    }
