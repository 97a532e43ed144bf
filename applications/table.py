"""The table of pretrained models in the README, made of their cards.

python -m applications.table
"""

import json
from typing import Any

from keras_latent.applications import list_weights
from keras_latent.applications.weight_files import CARD_FILE, saved_models_folder

_COLUMNS = {
    "mnist": {
        "mse": "MSE",
        "knn": "5-NN",
        "probe": "linear probe",
        "nll": "NLL",
    },
    "emoji": {
        "psnr": "PSNR",
        "codes top-1": "top-1 across styles",
        "codes top-5": "top-5",
        "pixels top-1": "top-1 of pixels",
        "pixels top-5": "top-5 of pixels",
        "darker": "error of the darker skin tone, ratio",
    },
}


def tables() -> str:
    """One table in Markdown for each dataset, a row for each model."""
    return "\n".join(_table(dataset) for dataset in _COLUMNS)


def _table(dataset: str) -> str:
    columns = _COLUMNS[dataset]
    lines = [
        f'| `weights="{dataset}"` | ' + " | ".join(columns.values()) + " | minutes |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for card in _cards(dataset):
        cells = [_cell(card["measures"].get(name)) for name in columns]
        minutes = f"{card['training']['minutes']:.0f}"
        row = [f"[`{card['builder']}`](saved_models/{card['name']}/README.md)", *cells]
        lines.append(f"| {' | '.join(row)} | {minutes} |")
    return "\n".join([*lines, ""])


def _cards(dataset: str) -> list[dict[str, Any]]:
    cards = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(saved_models_folder().glob(f"*/{CARD_FILE}"))
    ]
    known = list_weights()
    return [
        card
        for card in cards
        if card["dataset"] == dataset and card["builder"] in known
    ]


def _cell(measure: dict[str, Any] | None) -> str:
    if measure is None:
        return ""
    value = f"{measure['value']:.3g}" + measure.get("unit", "").replace(" nats", "")
    target, _, missed = measure.get("target", "").partition(", ")
    if not target:
        return value
    return f"{value} ({target}{' missed' if missed else ''})"


if __name__ == "__main__":
    print(tables())
