"""What people do with codes: walk between them, edit, search, group and draw them."""

from keras_latent.latent_space.attributes import apply_attribute, attribute_vector
from keras_latent.latent_space.clustering import (
    Clusters,
    clusters,
    relative_positions,
)
from keras_latent.latent_space.interpolation import interpolate
from keras_latent.latent_space.neighbours import Neighbours, nearest
from keras_latent.latent_space.projection import project, sample_rows
from keras_latent.latent_space.traversal import traverse

__all__ = [
    "Clusters",
    "Neighbours",
    "apply_attribute",
    "attribute_vector",
    "clusters",
    "interpolate",
    "nearest",
    "project",
    "relative_positions",
    "sample_rows",
    "traverse",
]
