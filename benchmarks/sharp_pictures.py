"""How sharp are pictures that were decoded from little, and what makes them sharper?

Models of emoji and logos together, 64 × 64 × 3, measured on glyphs and brands that
nothing was trained on, beside principal components of as many numbers or codecs of as
many bytes. A row that was cut goes on from its last epoch; minutes are those of the
processor.

- `vector`: 96 numbers, beside 96 principal components.
- `small map`: 8 × 8 × 4, 256 numbers.
- `vector quantizer`, `finite scalars`: 16 × 16 tokens of 128 codes, from scratch.
- `plain`, `judged`: `ConvVQAutoencoder(weights="pictures")` as it comes, and trained on
  as a `VQGAN` with features of `ConvEncDec(weights="emoji")` and an adversary.

KID is of the reconstructions to their images, in the codes of `ConvVAE` of emoji;
detail is the mean difference of neighbouring pixels, divided by that of the images.

    python benchmarks/sharp_pictures.py
    python benchmarks/sharp_pictures.py --rows vector --epochs 1
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import keras_latent as kl
from applications.emoji_augmentation import vary
from applications.picture_measures import images_of, measure
from applications.pictures import PARTS, opened

IMAGE_SHAPE = (64, 64, 3)
SHOWN = (8, 4)


def _likelihood() -> kl.likelihoods.Gaussian:
    return kl.likelihoods.Gaussian(scale=0.1, learn_scale=True)


def vector() -> kl.models.LatentModel:
    """96 numbers behind residual networks."""
    return kl.models.Autoencoder(
        kl.networks.residual_encoder(IMAGE_SHAPE, width=48, halved_first=True),
        kl.networks.residual_decoder(IMAGE_SHAPE, 96, width=48, halved_first=True),
        likelihood=_likelihood(),
    )


def small_map() -> kl.models.LatentModel:
    """A map of 8 × 8 × 4, as `ConvKLAutoencoder` but for its size."""
    return kl.models.VAE(
        kl.networks.residual_encoder(IMAGE_SHAPE, 8, width=48, halved_first=True),
        kl.networks.residual_decoder(
            IMAGE_SHAPE, (8, 8, 4), width=48, halved_first=True
        ),
        likelihood=_likelihood(),
        beta=0.1,
    )


def tokens_by(quantizer: Any, channels: int) -> kl.models.LatentModel:
    """16 × 16 tokens, by networks a quarter as wide as `ConvVQAutoencoder`'s."""
    return kl.models.VQVAE(
        kl.networks.residual_encoder(IMAGE_SHAPE, 4, width=16, halved_first=True),
        kl.networks.residual_decoder(
            IMAGE_SHAPE, (16, 16, channels), width=16, halved_first=True
        ),
        _likelihood(),
        quantizer,
    )


def vector_quantizer() -> kl.models.LatentModel:
    """A table of 128 codes, begun at codes of the first batch."""
    quantizer = kl.quantizers.VectorQuantizer(128, restart=1.0, kmeans_init=True)
    return tokens_by(quantizer, channels=8)


def finite_scalars() -> kl.models.LatentModel:
    """8 · 4 · 4 codes without a table."""
    return tokens_by(kl.quantizers.FiniteScalarQuantizer((8, 4, 4)), channels=3)


def plain() -> kl.models.LatentModel:
    """The pretrained tokens as they come."""
    return kl.applications.ConvVQAutoencoder(weights="pictures")


def judged() -> kl.models.LatentModel:
    """The same, trained on with features and an adversary that judge the images."""
    trained = plain()
    model = kl.models.VQGAN(
        trained.encoder,
        trained.decoder,
        trained.likelihood,
        trained.quantizer,
        feature_extractor=kl.applications.ConvEncDec(
            weights="emoji", include_top=False
        ),
        discriminator_start=50,
    )
    # What stands between the encoder and the quantizer belongs to the model.
    model.code.set_weights(trained.code.get_weights())
    return model


@dataclass(frozen=True)
class Row:
    """A model, and how long and at which rate it is trained."""

    make: Callable[[], kl.models.LatentModel]
    epochs: int
    learning_rate: float = 1e-3


ROWS = {
    "vector": Row(vector, 12),
    "small map": Row(small_map, 12),
    "vector quantizer": Row(vector_quantizer, 8),
    "finite scalars": Row(finite_scalars, 8),
    "plain": Row(plain, 0),
    "judged": Row(judged, 1, 1e-4),
}


def batches(batch_size: int, seed: int, epoch: int) -> tf.data.Dataset:
    """Varied images for ever, from an epoch on."""
    images, steps = kl.datasets.epochs(
        opened("pictures"), "train", batch_size, seed=seed, initial_epoch=epoch
    )
    varied = images.enumerate(epoch * steps).map(
        lambda step, batch: vary(
            batch[0], tf.stack([tf.constant(seed, tf.int64), step])
        ),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return varied.prefetch(tf.data.AUTOTUNE)


def folder_of(name: str, arguments: argparse.Namespace) -> Path:
    """Where a row of these arguments is kept."""
    settings = (arguments.epochs or ROWS[name].epochs, arguments.batch_size)
    folder: Path = arguments.output / "-".join(
        [name, *map(str, settings), str(arguments.seed)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def trained(
    name: str, row: Row, arguments: argparse.Namespace
) -> tuple[kl.models.LatentModel, float]:
    """The model of a row after its epochs, and the minutes that they took."""
    if not row.epochs:
        return row.make(), 0.0
    epochs = arguments.epochs or row.epochs
    folder = folder_of(name, arguments)
    keras.utils.set_random_seed(arguments.seed)
    file, rows_file = folder / "model.keras", folder / "epochs.json"
    if file.exists():
        model = kl.load_model(file)
        made = json.loads(rows_file.read_text(encoding="utf-8"))
    else:
        made, model = [], row.make()
        players = model.players()
        model.compile({n: keras.optimizers.Adam(row.learning_rate) for n in players})
    steps = -(-opened("pictures").split("train").size // arguments.batch_size)
    # The line of an epoch is written before its model: one may be ahead.
    done = int(next(iter(model.optimizers.values())).iterations) // steps
    made = made[:done]
    images = batches(arguments.batch_size, arguments.seed, done)
    schedule = keras.optimizers.schedules.CosineDecay(
        row.learning_rate, decay_steps=epochs * steps
    )
    for optimizer in model.optimizers.values():
        optimizer.learning_rate = schedule
    begun = time.process_time()

    def keep(epoch: int, logs: dict[str, float]) -> None:
        nonlocal begun
        logs["seconds"] = time.process_time() - begun
        begun = time.process_time()
        made.append({key: float(value) for key, value in logs.items()})
        kl.saving.write_text(rows_file, json.dumps(made, indent=1) + "\n")
        model.save(file)
        print(name, epoch + 1, json.dumps(made[-1]), flush=True)

    model.fit(
        images,
        steps_per_epoch=steps,
        initial_epoch=done,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=keep)],
    )
    return model, sum(epoch["seconds"] for epoch in made) / 60


def detail(images: np.ndarray) -> float:
    """The mean difference of neighbouring pixels."""
    return float(sum(np.abs(np.diff(images, axis=axis)).mean() for axis in (1, 2)) / 2)


def measured(model: kl.models.LatentModel) -> tuple[dict[str, Any], np.ndarray]:
    """What a card says of a model of pictures, KID and detail; and 32 pictures."""
    found = {key: made["value"] for key, made in measure(model).items()}
    tests = [images_of(part, "test") for part in PARTS["pictures"]]
    images = np.concatenate(tests)
    decoded = np.clip(model.predict(images, batch_size=250, verbose=0), 0, 1)
    score = kl.metrics.generation.kid(images, decoded, "emoji", subset_size=500)
    found |= {
        "KID-emoji": float(score),
        "KID-emoji deviation": score.protocol["deviation"],
        "detail": detail(decoded) / detail(images),
    }
    columns, rows = SHOWN
    count = columns * rows
    chosen = np.random.default_rng(0).choice(len(tests[0]), count, replace=False)
    pairs = [np.hstack([images[i], decoded[i]]) for i in chosen]
    grid = [np.hstack(pairs[i : i + columns]) for i in range(0, count, columns)]
    return found, np.vstack(grid)


def table(results: dict[str, dict[str, Any]]) -> str:
    """The rows in Markdown, with every measure that one of them has."""
    keys = list(dict.fromkeys(key for found in results.values() for key in found))
    lines = ["| | " + " | ".join(keys) + " |", "|---" * (len(keys) + 1) + "|"]
    for name, found in results.items():
        cells = [f"{found[key]:.4g}" if key in found else "" for key in keys]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Train and measure what isn't measured yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--epochs", type=int, help="of each row. Default: its own")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("runs/sharp_pictures"))
    arguments = parser.parse_args()
    results = {}
    for name in arguments.rows:
        file = folder_of(name, arguments) / "result.json"
        if not file.exists():
            model, minutes = trained(name, ROWS[name], arguments)
            found, grid = measured(model)
            found["minutes"] = minutes
            keras.utils.save_img(
                file.with_name("pictures.png"), 255 * grid, scale=False
            )
            kl.saving.write_text(file, json.dumps(found, indent=1) + "\n")
        results[name] = json.loads(file.read_text(encoding="utf-8"))
        print(name, json.dumps(results[name]), flush=True)
    print(table(results))


if __name__ == "__main__":
    main()
