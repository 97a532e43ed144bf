"""What the commands of `keras-latent` do; their words are in `keras_latent_cli`."""

from keras_latent_cli import app, main, process

__all__ = ["app", "main", "process"]
