"""Models train and their callbacks write where matplotlib isn't installed."""

import subprocess
import sys

import pytest

TRAINS = """
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "matplotlib":
            raise ImportError("matplotlib is not installed here")


sys.meta_path.insert(0, Missing())
import keras_latent as kl
import numpy as np
import pytest

images = np.random.default_rng(0).random((4, 8, 8, 1), "float32")
log_dir = sys.argv[1]
callbacks = [
    getattr(kl.callbacks, name)(images, log_dir)
    for name in ("CodeHistograms", "EmbeddingProjector", "ReconstructionImages")
]
callbacks += [kl.callbacks.SampleImages(log_dir), kl.callbacks.LearningCurves(log_dir)]
model = kl.models.VAE.for_images((8, 8, 1), latent_dim=2)
model.compile()
model.fit(images, epochs=1, callbacks=callbacks, verbose=0)
loaded = {"matplotlib", "keras_latent.plots"} & set(sys.modules)
if loaded:
    sys.exit(f"imported {loaded}")
"""


@pytest.mark.all
def test_training_with_every_callback_that_draws(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TRAINS, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "train").rglob("*")}
    assert {"tensors.tsv", "sprite.png", "projector_config.pbtxt"} <= written
