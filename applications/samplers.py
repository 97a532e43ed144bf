"""Fit a sampler to the codes of a pretrained model, measure it, write it beside.

    python -m applications.samplers conv_kl_autoencoder_pictures flow_matching

A fit that was cut goes on from its checkpoint when it is started again. Labels are the
ten categories of emoji, and after them that of logos, where the model knows those.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import keras_latent as kl
from applications.card import write_card
from applications.pictures import PARTS
from applications.recipe import commit
from applications.sampler_measures import measure
from keras_latent.applications.weight_files import CARD_FILE, sha256
from keras_latent.samplers.loading import SAMPLERS, SAMPLERS_FOLDER
from keras_latent.weights_hash import weights_hash

FITS: dict[str, dict[str, dict[str, Any]]] = {
    "conv_kl_autoencoder_pictures": {
        "flow_matching": {
            "units": 64,
            "epochs": 50,
            "batch_size": 64,
            "guidance": 2.0,
        },
    },
    "conv_vq_autoencoder_pictures": {
        "pixel_cnn": {
            "units": 32,
            "epochs": 40,
            "batch_size": 64,
            "guidance": 2.0,
        },
    },
}
"""The arguments of each sampler, by the model and the sampler's name."""


def labelled(dataset: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The images of a model's data, and the labels by which a sampler is steered."""
    parts = PARTS.get(dataset, (dataset,))
    images, labels = [], []
    for part in parts:
        of_part, category = kl.datasets.arrays(part, split)
        if part == "icons":
            category = np.full(len(of_part), len(kl.datasets.emoji.CATEGORIES))
        images.append(of_part)
        labels.append(category)
    return np.concatenate(images), np.concatenate(labels)


def fit(name: str, sampler_name: str, arguments: argparse.Namespace) -> None:
    """Fit a sampler, and write its file and its part of the model's card."""
    folder = arguments.saved_models / name
    card = json.loads((folder / CARD_FILE).read_text("utf-8"))
    builder = getattr(kl.applications, card["builder"])
    model = builder(weights=card["dataset"])
    arguments.runs.mkdir(parents=True, exist_ok=True)
    options = FITS[name][sampler_name]
    cls: Any = SAMPLERS[sampler_name]
    train = labelled(card["dataset"], "train")
    file = folder / SAMPLERS_FOLDER / f"{sampler_name}.npz"
    made = card.get("samplers", {}).get(sampler_name, {})
    if arguments.measure:
        write(folder, sampler_name, kl.load_sampler(file, model), train, made)
        return
    checkpoint = arguments.runs / f"{name}-{sampler_name}.npz"
    sampler = cls(model, **options, checkpoint=checkpoint)
    goes_on = checkpoint.exists()
    begun = time.perf_counter()
    sampler.fit(*train)
    minutes = None if goes_on else round((time.perf_counter() - begun) / 60, 1)
    file.parent.mkdir(exist_ok=True)
    sampler.save(file, include_model=False)
    made = {"arguments": options, "minutes": minutes, "commit": commit()}
    write(folder, sampler_name, sampler, train, made)


def write(
    folder: Path,
    sampler_name: str,
    sampler: kl.samplers.Sampler,
    train: tuple[np.ndarray, np.ndarray],
    made: dict[str, Any],
) -> None:
    """Measure a fitted sampler, and write what its model's card says of it."""
    card = json.loads((folder / CARD_FILE).read_text("utf-8"))
    test = labelled(card["dataset"], "test")
    picture = folder / f"{sampler_name}.png"
    found = {
        **made,
        "sha256": sha256(folder / SAMPLERS_FOLDER / f"{sampler_name}.npz"),
        "labels": [*kl.datasets.emoji.CATEGORIES, "logos"][: len(np.unique(train[1]))],
        "measures": measure(sampler, train, test, picture),
    }
    card["model_hash"] = weights_hash(sampler.model)
    card["samplers"] = {**card.get("samplers", {}), sampler_name: found}
    write_card(folder, card)
    print(json.dumps(found, indent=2))


def main() -> None:
    """Fit what the command names, or measure again what was fitted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=FITS)
    parser.add_argument("sampler", choices=SAMPLERS)
    parser.add_argument("--saved-models", type=Path, default=Path("saved_models"))
    parser.add_argument("--runs", type=Path, default=Path("runs/applications"))
    parser.add_argument(
        "--measure", action="store_true", help="fit nothing; measure what is there"
    )
    arguments = parser.parse_args()
    if arguments.sampler not in FITS[arguments.model]:
        parser.error(f"{arguments.model} has {', '.join(FITS[arguments.model])}")
    fit(arguments.model, arguments.sampler, arguments)


if __name__ == "__main__":
    main()
