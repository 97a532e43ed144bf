"""`python -m keras_latent` is the command `keras-latent`."""

from keras_latent.cli import process

process()
