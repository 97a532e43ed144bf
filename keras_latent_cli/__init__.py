"""The words of the command `keras-latent`: what it takes, and what it says of itself.

It stands beside `keras_latent`, which loads Keras and TensorFlow: help, and the answer
to a mistyped word, needn't wait for them. What the commands do is in
`keras_latent.cli`, which they import when they are called.
"""

from keras_latent_cli.app import app, main, process

__all__ = ["app", "main", "process"]
