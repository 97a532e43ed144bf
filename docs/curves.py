"""Healthy and broken trainings side by side, for the page on reading curves.

`python docs/curves.py` draws what has no picture yet in `docs/curves`, about ten
seconds each; `python docs/curves.py collapse dead_codes` draws these anew.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

import keras_latent as kl
from keras_latent.plots.style import TRAIN_COLOUR, VALIDATION_COLOUR, styled

PICTURES = Path(__file__).parent / "curves"
SHAPE = (28, 28, 1)
DIGITS = 6000

Curves = dict[str, list[float]]


def dense(latent_dim: int = 8) -> dict[str, Any]:
    """Networks that train within seconds."""
    return {
        "encoder": kl.networks.dense_encoder(SHAPE, (256,)),
        "decoder": kl.networks.dense_decoder(SHAPE, latent_dim, (256,)),
    }


def train(
    model: Any, optimizer: Any = "adam", digits: int = DIGITS, epochs: int = 15
) -> Curves:
    """The logs of a short training by their names."""
    images, _ = kl.datasets.arrays("mnist", "train", limit=digits)
    held_out, _ = kl.datasets.arrays("mnist", "test", limit=1000)
    model.compile(optimizer)
    return model.fit(
        images,
        epochs=epochs,
        batch_size=128,
        validation_data=(held_out,),
        verbose=0,
    ).history


def scale_of_kl() -> dict[str, Curves]:
    """The divergence of one scale with the reconstruction, too heavy, and too light."""
    return {
        "healthy: beta=1": train(kl.models.VAE(**dense())),
        "broken: beta=784": train(kl.models.VAE(**dense(), beta=784.0)),
        "broken: beta=0.001": train(kl.models.VAE(**dense(), beta=0.001)),
    }


def collapse() -> dict[str, Curves]:
    """A divergence of a weight that the data can pay, and of one that it can't."""
    return {
        "healthy: beta=1": train(kl.models.VAE(**dense())),
        "broken: beta=30": train(kl.models.VAE(**dense(), beta=30.0)),
    }


def learning_rate() -> dict[str, Curves]:
    """Steps of a size that helps, and steps that jump about."""
    return {
        "healthy: 0.001": train(kl.models.VAE(**dense()), keras.optimizers.Adam(1e-3)),
        "broken: 0.03": train(kl.models.VAE(**dense()), keras.optimizers.Adam(3e-2)),
    }


def over_fitting() -> dict[str, Curves]:
    """Enough images, and a few of them, seen over and over again."""
    few = train(kl.models.Autoencoder(**dense(32)), digits=200, epochs=300)
    many = train(kl.models.Autoencoder(**dense(32)), epochs=30)
    return {"healthy: 6,000 digits": many, "broken: 200 digits": few}


def dead_codes() -> dict[str, Curves]:
    """A table that starts among the data and restarts, and one that does neither."""

    def with_table(**arguments: Any) -> Curves:
        quantizer = kl.quantizers.VectorQuantizer(256, **arguments)
        model = kl.models.VQVAE.for_images(
            SHAPE, code_shape=(7, 7, 8), quantizer=quantizer
        )
        return train(model, digits=4000, epochs=12)

    return {
        "healthy: kmeans_init, restart": with_table(kmeans_init=True),
        "broken: neither": with_table(restart=0.0),
    }


def adversary() -> dict[str, Curves]:
    """A discriminator that keeps pace, and one that has won."""

    def against(rate: float) -> Curves:
        model = kl.models.AdversarialAutoencoder(**dense(), adversarial_weight=20.0)
        optimizers = {
            "model": keras.optimizers.Adam(1e-3),
            "discriminator": keras.optimizers.Adam(rate),
        }
        return train(model, optimizers)

    return {
        "healthy: rate 0.00003": against(3e-5),
        "broken: rate 0.001": against(1e-3),
    }


def encdec() -> dict[str, Curves]:
    """EncDec, and what it does when nobody tells its images from real ones."""

    def discriminating(weight: float) -> Curves:
        model = kl.models.EncDec(**dense(16), discrimination_weight=weight)
        return train(model, keras.optimizers.RMSprop(3e-4), epochs=30)

    return {
        "healthy: weight 2": discriminating(2.0),
        "broken: weight 0": discriminating(0.0),
    }


PAIRS: dict[str, tuple[Callable[[], dict[str, Curves]], tuple[str, ...]]] = {
    "scale_of_kl": (scale_of_kl, ("reconstruction", "kl")),
    "collapse": (collapse, ("reconstruction", "kl")),
    "learning_rate": (learning_rate, ("loss",)),
    "over_fitting": (over_fitting, ("loss",)),
    "dead_codes": (dead_codes, ("usage", "reconstruction")),
    "adversary": (adversary, ("adversarial", "discrimination")),
    "encdec": (encdec, ("loss", "mse")),
}
"""By the picture's name: what trains, and the logs that tell."""


@styled
def side_by_side(runs: dict[str, Curves], logs: tuple[str, ...]) -> Any:
    """A row of panels for each log, a column for each training, of equal scale."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    size = (2.7 * len(runs), 0.4 + 1.8 * len(logs))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(logs), len(runs), sharey="row", squeeze=False)
    for axes, title in zip(panels[0], runs, strict=True):
        axes.set_title(title, fontsize=9)
    for row, log in zip(panels, logs, strict=True):
        seen = [v for c in runs.values() for v in (*c[log][1:], *c[f"val_{log}"][1:])]
        margin = 0.08 * (max(seen) - min(seen))
        # The first epoch would hide the others.
        row[0].set_ylim(min(seen) - margin, max(seen) + margin)
        for axes, curves in zip(row, runs.values(), strict=True):
            epochs = range(1, len(curves[log]) + 1)
            axes.plot(epochs, curves[log], color=TRAIN_COLOUR, label="training")
            held_out = curves[f"val_{log}"]
            axes.plot(epochs, held_out, color=VALIDATION_COLOUR, label="validation")
        row[0].set_ylabel(log)
    for axes in panels[-1]:
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    panels[0][0].legend(fontsize=8)
    return figure


def main() -> None:
    """Draw the pictures that the command names, or those that are missing."""
    missing = [name for name in PAIRS if not (PICTURES / f"{name}.png").exists()]
    PICTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or missing:
        keras.utils.set_random_seed(0)
        make, logs = PAIRS[name]
        runs = make()
        for title, curves in runs.items():
            print(name, title, {log: round(curves[log][-1], 4) for log in logs})
        side_by_side(runs, logs).savefig(PICTURES / f"{name}.png", dpi=90)


if __name__ == "__main__":
    main()
