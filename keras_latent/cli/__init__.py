"""The command `keras-latent`."""

from keras_latent.cli.app import app, main, process

__all__ = ["app", "main", "process"]
