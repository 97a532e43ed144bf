"""Images in, `tf.data` out: by name, from a folder, or from tensorflow-datasets."""

from keras_latent.datasets.loading import (
    DATASETS,
    arrays,
    epochs,
    image_shape,
    load,
    splits,
)

__all__ = ["DATASETS", "arrays", "epochs", "image_shape", "load", "splits"]
