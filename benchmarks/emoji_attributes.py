"""Attributes of emoji as directions in latent space, on glyphs never trained on.

Two attribute vectors are centroid differences of the training codes of
`ConvVAE(weights="emoji")`: light → dark skin tone, and Noto → Twemoji style. Each is
added to the codes of test emoji with growing strength; what is decoded is drawn, and
its error against the true picture printed.

    PYTHONPATH=. python benchmarks/emoji_attributes.py
"""

import argparse
import json
from pathlib import Path

import numpy as np

import keras_latent as kl
from applications.emoji_measures import paired
from keras_latent.datasets.emoji import emoji_columns
from keras_latent.latent_space import apply_attribute, attribute_vector

EDITS = {
    "light to dark skin tone": ("skin_tone", "light", "dark", {}),
    "Noto to Twemoji": ("style", "noto", "twemoji", {"skin_tone": "none"}),
}
STRENGTHS = (0.0, 0.5, 1.0, 1.5)
SHOWN = 6


def main() -> None:
    """Measure both edits and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    builders = kl.applications.BUILDERS
    parser.add_argument("--builder", choices=list(builders), default="ConvVAE")
    parser.add_argument("--output", type=Path, default=Path("runs/emoji_attributes"))
    arguments = parser.parse_args()
    model = builders[arguments.builder](weights="emoji")
    train, test = emoji_columns("train"), emoji_columns("test")
    encoder, decoder = model.to_encoder(), model.to_decoder()
    train_codes = encoder.predict(train["image"], batch_size=250, verbose=0)
    codes = encoder.predict(test["image"], batch_size=250, verbose=0)
    measured = {}
    for name, (column, first, second, fixed) in EDITS.items():
        before, after = paired(train, column, first, second, **fixed)
        vector = attribute_vector(train_codes[after], train_codes[before])
        before, after = paired(test, column, first, second, **fixed)
        errors = {}
        for strength in STRENGTHS:
            edited = apply_attribute(codes[before], vector, strength)
            decoded = decoder.predict(edited, batch_size=250, verbose=0)
            errors[strength] = float(
                kl.metrics.mean_squared_error(test["image"][after], decoded).mean()
            )
        measured[name] = {
            "pairs": len(before),
            "error by strength": errors,
            "ratio": errors[1.0] / errors[0.0],
        }
        rows = np.linspace(0, len(before) - 1, SHOWN).astype(int)
        drawing = kl.plots.attribute_edits(
            model, test["image"][before[rows]], vector, STRENGTHS
        )
        file = f"{name.lower().replace(' ', '_')}.png"
        kl.plots.save(drawing, arguments.output / file)
    text = json.dumps(measured, indent=2)
    kl.saving.write_text(arguments.output / "result.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
