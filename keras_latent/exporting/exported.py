"""What an export has written, and how near it is to the model."""

from pathlib import Path
from typing import NamedTuple


class Exported(NamedTuple):
    """What was written, and how far it is from the model.

    Args:
        path: The file, or the folder of a SavedModel.
        size: Bytes of all that was written.
        difference: The greatest difference from the model's output, divided by its
            greatest value where that is above 1; with weights of eight bits, the root
            mean square of the difference, divided by the output's standard deviation.
        limit: What `difference` may be at most.
        mse: Mean squared error of the reconstructions with the file in the place of its
            part of the model.
        model_mse: That of the model itself.
    """

    path: Path
    size: int
    difference: float
    limit: float
    mse: float
    model_mse: float

    def __str__(self) -> str:
        change = (self.mse / self.model_mse - 1.0) * 100 if self.model_mse else 0.0
        return (
            f"{self.path}: {self.size / 1e6:.2f} MB, difference {self.difference:.2g} "
            f"(limit {self.limit:.2g}), mean squared error {self.mse:.6g} "
            f"(the model's {self.model_mse:.6g}, {change:+.2g} %)"
        )
