"""Reports on trained models: pages of one file, which open without a network."""

from keras_latent.reports.compare import compare
from keras_latent.reports.report import write_report

__all__ = ["compare", "write_report"]
