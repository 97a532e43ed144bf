"""Trained models in the formats of other programs: written, checked, or refused."""

from keras_latent.exporting.export import export
from keras_latent.exporting.exported import Exported

__all__ = ["Exported", "export"]
