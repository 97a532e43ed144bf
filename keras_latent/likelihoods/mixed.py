"""The likelihood of a dict of columns, each with its own."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras

from keras_latent.distributions.checks import seeds_of
from keras_latent.likelihoods.base import Likelihood
from keras_latent.tensors import known_shape, shapes_fit
from keras_latent.typing import Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class Mixed(Likelihood):
    """Independent columns, such as an image and its category.

        log p(x|z) = Σ_c log p_c(x_c|z)

    The observation and the decoder's output are dicts with the likelihoods' keys.

    Args:
        likelihoods: A dict of column name to likelihood, or to the name of one.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `likelihoods` is not a dict of likelihoods, or is empty.

    Source:
        Nazábal et al. 2018, "Handling incomplete heterogeneous data using VAEs": the
        factorised decoder.

    >>> likelihood = Mixed({"image": "bernoulli", "digit": "categorical"})
    >>> x = {"image": [[1.0, 0.0]], "digit": [[0.0, 1.0]]}
    >>> parameters = {"image": [[0.5, 0.5]], "digit": [[0.5, 0.5]]}
    >>> print(f"{float(likelihood.log_prob(x, parameters)[0]):.4f}")
    -2.0794
    """

    def __init__(self, likelihoods: Mapping[str, Any], **kwargs: Any) -> None:
        # `get` builds a `Mixed` of a dict, so neither module can come first.
        from keras_latent.likelihoods import get

        if not isinstance(likelihoods, Mapping) or not likelihoods:
            raise ValueError(
                "`likelihoods` must be a dict of column name to likelihood. "
                f"Received: likelihoods={likelihoods!r}"
            )
        super().__init__(**kwargs)
        self.likelihoods = {column: get(value) for column, value in likelihoods.items()}

    @property
    def expected_range(self) -> dict[str, Any]:
        """Lowest and highest value, by column."""
        return {
            column: likelihood.expected_range
            for column, likelihood in self.likelihoods.items()
        }

    @property
    def image_activation(self) -> dict[str, Any]:
        """Activation that ends the decoder, by column."""
        return {
            column: likelihood.image_activation
            for column, likelihood in self.likelihoods.items()
        }

    def parameters_shape(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Shape of what a decoder gives, by column."""
        self._check_columns("event", event)
        return {
            column: likelihood.parameters_shape(event[column])
            for column, likelihood in self.likelihoods.items()
        }

    def log_prob(self, x: dict[str, Tensor], parameters: dict[str, Tensor]) -> Tensor:
        """Log-probability of all columns, nats an example, (batch,) float32."""
        self._check_columns("x", x)
        self._check_columns("parameters", parameters)
        log_probs = []
        for column, likelihood in self.likelihoods.items():
            with errors_named(column):
                log_probs.append(likelihood.log_prob(x[column], parameters[column]))
        _check_rows(self.likelihoods, log_probs)
        return sum(log_probs)

    def mean(self, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean of each column, float32."""
        self._check_columns("parameters", parameters)
        means = {}
        for column, likelihood in self.likelihoods.items():
            with errors_named(column):
                means[column] = likelihood.mean(parameters[column])
        return means

    def sample(
        self, parameters: dict[str, Tensor], seed: Any = None
    ) -> dict[str, Tensor]:
        """A draw of each column, float32, independent of the others."""
        self._check_columns("parameters", parameters)
        # One integer for all would give columns of one shape the same noise.
        seeds = iter(seeds_of(seed, len(self.likelihoods)))
        draws = {}
        for column, likelihood in self.likelihoods.items():
            with errors_named(column):
                draws[column] = likelihood.sample(parameters[column], seed=next(seeds))
        return draws

    def check_observation(self, x: dict[str, Tensor]) -> None:
        """Refuse missing and unknown columns, and values out of a column's range."""
        self._check_columns("x", x)
        for column, likelihood in self.likelihoods.items():
            with errors_named(column):
                likelihood.check_observation(x[column])

    def check_event(self, event: Mapping[str, Any]) -> None:
        """Refuse a column of a shape that its likelihood has no value for."""
        if not isinstance(event, Mapping):
            raise ValueError(
                "`event` must be a dict of column name to shape. "
                f"Received: event={event!r}"
            )
        for column, likelihood in self.likelihoods.items():
            if column in event:
                with errors_named(column):
                    likelihood.check_event(event[column])

    def check_normalised(self, x: dict[str, Tensor]) -> None:
        """Refuse a column of which `log_prob` is no normalised log-density."""
        self._check_columns("x", x)
        for column, likelihood in self.likelihoods.items():
            with errors_named(column):
                likelihood.check_normalised(x[column])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "likelihoods": {
                column: keras.saving.serialize_keras_object(likelihood)
                for column, likelihood in self.likelihoods.items()
            },
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Mixed":
        """The likelihood of a config."""
        likelihoods = {
            column: keras.saving.deserialize_keras_object(likelihood)
            for column, likelihood in config["likelihoods"].items()
        }
        return super().from_config({**config, "likelihoods": likelihoods})

    def _check_columns(self, argument: str, columns: Any) -> None:
        if not isinstance(columns, Mapping):
            raise ValueError(
                f"`{argument}` must be a dict with the columns "
                f"{list(self.likelihoods)}. Received: {argument} of type "
                f"{type(columns).__name__}"
            )
        missing = [column for column in self.likelihoods if column not in columns]
        unknown = [column for column in columns if column not in self.likelihoods]
        if missing or unknown:
            raise ValueError(
                f"`{argument}` must have the columns {list(self.likelihoods)}. "
                f"Received: missing={missing}, unknown={unknown}"
            )


def _check_rows(columns: Iterable[str], log_probs: list[Tensor]) -> None:
    """Refuse columns of different numbers of rows, which a sum would hide."""
    rows = [known_shape(log_prob) for log_prob in log_probs]
    for column, own in zip(columns, rows, strict=True):
        if not shapes_fit(own, rows[0]):
            raise ValueError(
                f"`x` must have as many rows in each column, {rows[0]}. "
                f"Received: x with rows of shape {own} in column {column!r}"
            )


@contextlib.contextmanager
def errors_named(column: str) -> Iterator[None]:
    """Put the column's name before the message of what goes wrong in it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"Column {column!r}: {error}") from error
