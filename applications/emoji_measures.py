"""What is measured of every model of emoji, on glyphs that were not trained on."""

from typing import Any

import numpy as np

import keras_latent as kl
from keras_latent.datasets.emoji import emoji_columns
from keras_latent.latent_space import apply_attribute, attribute_vector

Columns = dict[str, np.ndarray]


def measure(model: kl.models.LatentModel) -> dict[str, Any]:
    """Reconstruction, neighbours across styles, and a change of the skin tone."""
    train, test = emoji_columns("train"), emoji_columns("test")
    encoder = model.to_encoder()
    train_codes = encoder.predict(train["image"], batch_size=250, verbose=0)
    codes = encoder.predict(test["image"], batch_size=250, verbose=0)
    reconstructions = model.predict(test["image"], batch_size=250, verbose=0)
    ratios = kl.metrics.peak_signal_to_noise_ratio(test["image"], reconstructions)
    return {
        "psnr": {
            "what": "mean peak signal-to-noise ratio of the reconstructions",
            "value": float(ratios.mean()),
            "unit": " dB",
        },
        "mse": {
            "what": "mean squared error of the reconstructions",
            "value": float(
                kl.metrics.mean_squared_error(test["image"], reconstructions).mean()
            ),
        },
        **across_styles(train, train_codes, test, codes),
        **darker(model, train, train_codes, test, codes),
    }


def across_styles(
    train: Columns, train_codes: np.ndarray, test: Columns, codes: np.ndarray
) -> dict[str, Any]:
    """Whether the nearest Twemoji of a Noto emoji is that of its glyph."""
    noto, twemoji = paired(test, "style", "noto", "twemoji", skin_tone="none")
    pixels = test["image"].reshape(len(test["image"]), -1)
    known_noto, known_twemoji = paired(
        train, "style", "noto", "twemoji", skin_tone="none"
    )
    style = attribute_vector(train_codes[known_twemoji], train_codes[known_noto])
    queries = {
        "codes": (codes[noto], codes[twemoji]),
        "codes, moved by the difference of the styles": (
            apply_attribute(codes[noto], style),
            codes[twemoji],
        ),
        "pixels": (pixels[noto], pixels[twemoji]),
    }
    measures = {}
    for of, (query, gallery) in queries.items():
        for k in (1, 5):
            k = min(k, len(gallery))
            score = kl.metrics.retrieval_accuracy(query, gallery, k=k)
            measures[f"{of} top-{k}"] = {
                "what": f"Noto → Twemoji of the same glyph among {len(gallery)}, by "
                f"{of}, top-{k} (chance {100 * k / len(gallery):.2g} %)",
                "value": 100 * float(score),
                "unit": " %",
            }
    return measures


def darker(
    model: kl.models.LatentModel,
    train: Columns,
    train_codes: np.ndarray,
    test: Columns,
    codes: np.ndarray,
) -> dict[str, Any]:
    """How near a light emoji, made darker in latent space, is to the dark one."""
    light, dark = paired(train, "skin_tone", "light", "dark")
    vector = attribute_vector(train_codes[dark], train_codes[light])
    light, dark = paired(test, "skin_tone", "light", "dark")
    truth = test["image"][dark]
    decoder = model.to_decoder()
    errors = {
        name: kl.metrics.mean_squared_error(
            truth, decoder.predict(edited, batch_size=250, verbose=0)
        ).mean()
        for name, edited in {
            "without": codes[light],
            "with": apply_attribute(codes[light], vector),
            "dark": codes[dark],
        }.items()
    }
    return {
        "darker": {
            "what": f"light → dark skin tone, {len(light)} pairs: error of the edited "
            f"decoding ({errors['with']:.4f}) by that of the unedited "
            f"({errors['without']:.4f}); the dark emoji's own reconstruction has "
            f"{errors['dark']:.4f}",
            "value": float(errors["with"] / errors["without"]),
        }
    }


def paired(
    columns: Columns, by: str, first: str, second: str, **fixed: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that differ in one column alone.

    Args:
        columns: As `emoji_columns` gives them.
        by: The column that differs.
        first: Its value in the first rows.
        second: Its value in the second rows.
        **fixed: Values of other columns.

    Returns:
        The indices of the first rows and those of their partners, in one order.
    """
    others = [name for name in ("glyph", "style", "skin_tone") if name != by]
    rows = {
        (columns[by][row], *(columns[name][row] for name in others)): row
        for row in range(len(columns[by]))
        if all(columns[name][row] == value for name, value in fixed.items())
    }
    pairs = [
        (row, rows[second, *rest])
        for (value, *rest), row in sorted(rows.items())
        if value == first and (second, *rest) in rows
    ]
    firsts, seconds = np.array(pairs, int).reshape(-1, 2).T
    return firsts, seconds
