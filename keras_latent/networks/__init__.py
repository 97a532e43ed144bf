"""Encoders, decoders, critics and a detector: plain Keras models of images and more."""

from keras_latent.inversion.detector import region_feature_extractor, yolo_detector
from keras_latent.inversion.networks import extra_encoder, inversion_decoder
from keras_latent.networks.causal_convolutions import CausalConvolutions
from keras_latent.networks.causal_transformer import CausalTransformer
from keras_latent.networks.conditional import (
    conditional_decoder,
    conditional_encoder,
    conditional_networks,
)
from keras_latent.networks.convolutional import (
    convolutional_decoder,
    convolutional_encoder,
    default_widths,
)
from keras_latent.networks.critic import (
    check_critic,
    check_joint_critic,
    check_patch_critic,
    dense_critic,
    joint_critic,
    patch_critic,
)
from keras_latent.networks.dense import (
    check_mapping,
    dense_decoder,
    dense_encoder,
    dense_mapping,
)
from keras_latent.networks.maps import check_is_halved, map_decoder, map_encoder
from keras_latent.networks.mixed import mixed_decoder, mixed_encoder
from keras_latent.networks.residual import residual_decoder, residual_encoder

__all__ = [
    "CausalConvolutions",
    "CausalTransformer",
    "check_critic",
    "check_is_halved",
    "check_joint_critic",
    "check_mapping",
    "check_patch_critic",
    "conditional_decoder",
    "conditional_encoder",
    "conditional_networks",
    "convolutional_decoder",
    "convolutional_encoder",
    "default_widths",
    "dense_critic",
    "dense_decoder",
    "dense_encoder",
    "dense_mapping",
    "extra_encoder",
    "inversion_decoder",
    "joint_critic",
    "map_decoder",
    "map_encoder",
    "mixed_decoder",
    "mixed_encoder",
    "patch_critic",
    "region_feature_extractor",
    "residual_decoder",
    "residual_encoder",
    "yolo_detector",
]
