"""`python -m keras_latent` is the command `keras-latent`."""

from keras_latent_cli import process

process()
