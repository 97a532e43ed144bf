"""The command `keras-latent`."""

from keras_latent.cli.app import app, main

__all__ = ["app", "main"]
