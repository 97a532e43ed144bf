"""The variational models of pairs of observations."""

from typing import Any

from keras_latent.kinds import received
from keras_latent.models import observations
from keras_latent.models.variational_model import VariationalModel
from keras_latent.renamed_errors import arguments_called
from keras_latent.training.guard import Column
from keras_latent.typing import Batch


class PairedModel(VariationalModel):
    """Base of the models that `fit(x, y)` shows pairs: first observations, and second.

    All else takes single ones.
    """

    uses_labels = True

    def check_labels(self, y: Any, count: int | None) -> None:
        """Refuse what isn't the other observation of each pair.

        Args:
            y: Observations of shape (count, ...).
            count: Number of pairs.

        Raises:
            ValueError: If there are none, or they are of another shape or range.
        """
        expected = tuple(self.encoder_spec().shape[1:])
        shape = tuple(y.shape) if hasattr(y, "shape") else None
        if shape is None or shape[1:] != expected or (count or shape[0]) != shape[0]:
            rows = "count" if count is None else count
            given = received("y", y) if shape is None else f"y of shape {shape}"
            raise ValueError(
                "`y` must hold the other observation of each pair, of shape "
                f"({rows}, {', '.join(map(str, expected))}). Received: {given}"
            )
        if count is not None:
            with arguments_called(x="y"):
                self.likelihood.check_observation(y)
                observations.check_range(y, self._output_range)

    def watched_columns(self, batch: Batch) -> list[Column]:
        """Both observations of the pairs."""
        others = super().watched_columns(batch._replace(x=batch.y))
        return [
            *super().watched_columns(batch),
            *(column._replace(name="y") for column in others),
        ]
