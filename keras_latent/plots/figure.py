"""Figures that notebooks show by themselves."""

import io

from matplotlib.figure import Figure

from keras_latent.plots.style import styled

_PIXELS_PER_INCH = 100


class ShownFigure(Figure):
    """A matplotlib `Figure` that is its own picture where it ends a notebook's cell.

    Matplotlib shows figures of `pyplot` alone there, and only once `pyplot` was
    imported; of others a notebook writes the name of the class. `pyplot` would keep
    each figure in memory until it is closed.
    """

    def _repr_png_(self) -> bytes:
        return styled(self._png)()

    def _png(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=_PIXELS_PER_INCH)
        return picture.getvalue()


def new_figure(width: float, height: float) -> ShownFigure:
    """An empty figure of so many inches."""
    return ShownFigure(figsize=(width, height), layout="constrained")
