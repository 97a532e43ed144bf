"""Encoders, decoders and a detector: plain Keras models, for images and mixed data."""

from keras_latent.inversion.detector import region_feature_extractor, yolo_detector
from keras_latent.inversion.networks import extra_encoder, inversion_decoder
from keras_latent.networks.convolutional import (
    convolutional_decoder,
    convolutional_encoder,
)
from keras_latent.networks.dense import dense_decoder, dense_encoder
from keras_latent.networks.mixed import mixed_decoder, mixed_encoder

__all__ = [
    "convolutional_decoder",
    "convolutional_encoder",
    "dense_decoder",
    "dense_encoder",
    "extra_encoder",
    "inversion_decoder",
    "mixed_decoder",
    "mixed_encoder",
    "region_feature_extractor",
    "yolo_detector",
]
