"""What a model observes: what it looks like, and what is refused."""

from typing import Any

import keras
import numpy as np

from keras_latent.models import observations
from keras_latent.models.conditions import Condition
from keras_latent.models.default_networks import ForImages
from keras_latent.training.guard import Column
from keras_latent.typing import Batch


class ObservingModel(ForImages):
    """A model that knows what it encodes by its decoder, its likelihood and condition.

    Attributes are described in `LatentModel`.
    """

    condition: Condition | None
    decoder_spec: Any
    likelihood: Any
    _output_range: Any

    def encoder_spec(self) -> Any:
        """What is encoded: a `KerasTensor` of shape (None, ...), or a dict of them."""
        raise NotImplementedError

    def given_observation(self, x: Any, y: Any) -> Any:
        """What is encoded, of the `x` and the `y` that a user gives in one call.

        Raises:
            ValueError: If there is a condition too many.
        """
        if y is None:
            return x
        if self.condition is None:
            raise ValueError(
                f"`y` can't be given to {type(self).__name__}, which has no condition. "
                f"Received: y of type {type(y).__name__}"
            )
        self.check_one_condition(x, y)
        return self.observation(x, y)

    def check_one_condition(self, x: Any, y: Any) -> None:
        """Refuse a condition beside the one that x holds already."""
        is_in_x = isinstance(x, dict) and {"x", "y"} <= x.keys()
        if self.condition is not None and is_in_x and y is not None:
            raise ValueError(
                "`y` can't be given beside an `x` that holds the condition as 'y'. "
                f"Received: y of type {type(y).__name__}"
            )

    def example_observation(self) -> Any:
        """An observation of one row of zeros, as arrays."""
        return keras.tree.map_structure(
            lambda column: np.zeros((1, *column.shape[1:]), column.dtype),
            self.encoder_spec(),
        )

    def check_single_observation(self) -> None:
        """Refuse networks of dicts, for objectives that are defined on one tensor."""
        observed = self.decoder_spec.observation
        if isinstance(observed, dict):
            raise ValueError(
                f"`decoder` must give one tensor for {type(self).__name__}. "
                f"Received: an output that is {observations.described(observed)}"
            )

    def check_default_fits(self, argument: str) -> None:
        """Refuse a network of no images for which an argument has no default."""
        shape = tuple(self.decoder_spec.observation.shape[1:])
        if len(shape) != 3:
            raise ValueError(
                f"`{argument}` must be given where the decoder gives no images, since "
                f"its default judges images. Received: {argument}=None, and a decoder "
                f"of the output shape {shape}"
            )

    def check_shapes(self, x: Any) -> None:
        """Refuse observations of other columns or another shape."""
        if self.condition is not None:
            if not isinstance(x, dict) or x.get("y") is None:
                self.condition.check(None, None)
            observations.check_shapes(x["x"], self.decoder_spec.observation)
            self.condition.check_shape(x["y"], observations.row_count(x["x"]))
            return
        observations.check_shapes(x, self.encoder_spec())

    def check_observation(self, x: Any) -> None:
        """Refuse observations of another shape, not finite, or out of range.

        Args:
            x: Observations, as NumPy arrays or tensors; with a condition, a dict of
                them and it.

        Raises:
            ValueError: If they don't fit; the message names what was observed.
        """
        self.check_shapes(x)
        if self.condition is not None:
            self.condition.check(x["y"], observations.row_count(x["x"]))
        target = self.target(x)
        self.likelihood.check_observation(target)
        observations.check_range(target, self._output_range)

    def watched_columns(self, batch: Batch) -> list[Column]:
        """What of a batch must lie in a range, for the steps of a training."""
        columns = observations.watched_columns(
            self.target(batch.x), self.likelihood, self._output_range
        )
        if self.condition is not None:
            columns += self.condition.watched(batch.x["y"])
        return columns
