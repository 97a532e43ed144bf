"""How sharp are pictures that were decoded from little, and what makes them sharper?

Models of emoji and logos together, 64 × 64 × 3, measured on glyphs and brands that
nothing was trained on, beside principal components of as many numbers or codecs of as
many bytes. A row that was cut goes on from its last epoch.

- `vector`: 96 numbers, beside 96 principal components.
- `vector beside components`: the same, but begun at those components.
- `small map`: 8 × 8 × 4, 256 numbers.
- `vector quantizer`, `finite scalars`: 16 × 16 tokens of 128 codes, from scratch.
- `plain`, `judged`: `ConvVQAutoencoder(weights="pictures")` as it comes, and trained on
  as a `VQGAN` with features of `ConvEncDec(weights="emoji")` and an adversary.

KID is of the reconstructions to their images, in the codes of `ConvVAE` of emoji;
detail is the mean difference of neighbouring pixels, divided by that of the images;
rows without tokens have what the cards of emoji say, too.

    PYTHONPATH=. python benchmarks/sharp_pictures.py
    PYTHONPATH=. python benchmarks/sharp_pictures.py --rows vector --epochs 1
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from beside_components import beside_components
from recipe_rows import folder_of, parser, trained

import keras_latent as kl
from applications import emoji_measures
from applications.emoji_augmentation import vary
from applications.picture_measures import images_of, measure
from applications.pictures import PARTS, opened
from applications.recipe import Recipe

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


def components() -> kl.models.LatentModel:
    """96 principal components, and what residual networks add to them."""
    train = opened("pictures").split("train")

    def images() -> Iterator[np.ndarray]:
        return (batch for batch, _ in train.batches(500).as_numpy_iterator())

    return beside_components(images, IMAGE_SHAPE, 96, width=48, halved_first=True)


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


def _of(
    make: Callable[[], kl.models.LatentModel], epochs: int, learning_rate: float = 1e-3
) -> Recipe:
    return Recipe(
        name=make.__name__,
        builder=make,
        dataset="pictures",
        measure=measure,
        epochs=epochs,
        batch_size=64,
        optimizer=keras.optimizers.Adam,
        learning_rate=learning_rate,
        augment=vary,
    )


ROWS = {
    "vector": _of(vector, 12),
    "vector beside components": _of(components, 12),
    "small map": _of(small_map, 12),
    "vector quantizer": _of(vector_quantizer, 8),
    "finite scalars": _of(finite_scalars, 8),
    "plain": _of(plain, 0),
    "judged": _of(judged, 1, 1e-4),
}


def detail(images: np.ndarray) -> float:
    """The mean difference of neighbouring pixels."""
    return float(sum(np.abs(np.diff(images, axis=axis)).mean() for axis in (1, 2)) / 2)


def measured(model: kl.models.LatentModel) -> tuple[dict[str, Any], np.ndarray]:
    """What a card says of a model of pictures, KID and detail; and 32 pictures."""
    found = {key: made["value"] for key, made in measure(model).items()}
    if not hasattr(model, "tokens"):
        of_emoji = emoji_measures.measure(model)
        found |= {f"emoji, {key}": made["value"] for key, made in of_emoji.items()}
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
    arguments = parser(__doc__, ROWS, "runs/sharp_pictures").parse_args()
    results = {}
    for name in arguments.rows:
        folder = folder_of(name, ROWS[name], arguments)
        file = folder.path / "result.json"
        if not file.exists():
            model, minutes = trained(ROWS[name], folder, arguments)
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
