"""The tables of pretrained models in the documentation, made of their cards.

python -m applications.table
"""

import json
from typing import Any

from applications.transfer import COUNTS, METHODS
from keras_latent.applications import list_weights
from keras_latent.applications.weight_files import CARD_FILE, saved_models_folder

_COLUMNS = {
    "mnist": {
        "mse": "MSE",
        "knn": "5-NN",
        "probe": "linear probe",
        "accuracy": "own head",
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
    "pictures": {
        "psnr emoji": "PSNR, emoji",
        "psnr icons": "PSNR, logos",
        "pca emoji": "PCA of as many numbers, emoji",
        "pca icons": "the same, logos",
        "bytes": "bytes of the tokens",
        "WebP emoji": "WebP of as many bytes, emoji",
        "WebP icons": "the same, logos",
    },
}
_INVERTER = "ConvFeatureInverter"
_COLUMNS_OF_INVERTERS = {
    "probe": "probe of the features",
    "train mse": "MSE, training images",
    "mse": "MSE, unseen",
    "ablated mse": "MSE, features at 0",
    "train ssim": "SSIM, training images",
    "ssim": "SSIM, unseen",
    "ablated ssim": "SSIM, features at 0",
}


def transfer_table() -> str:
    """A table in Markdown of accuracies with few labels, where nothing was trained."""
    counts = " | ".join(f"{count} labels a class" for count in COUNTS)
    lines = [f"| weights |  | {counts} |", "|---" * (len(COUNTS) + 2) + "|"]
    rows = {}
    for card in _cards():
        if f"transfer pca {COUNTS[0]}" not in card["measures"]:
            continue
        for key, method in METHODS.items():
            name = method.in_table
            if method.is_pretrained:
                name = f"`{card['builder']}`, {name}"
            # What needs no weights stands on each card alike.
            rows[card["dataset"], not method.is_pretrained, name] = [
                _cell(card["measures"].get(f"transfer {key} {count}"))
                for count in COUNTS
            ]
    for (dataset, _, name), cells in sorted(rows.items()):
        lines.append(f'| `"{dataset}"` | {name} | {" | ".join(cells)} |')
    return "\n".join([*lines, ""])


def tables() -> str:
    """A table in Markdown for each dataset, and one for the inverters."""
    cards = _cards()
    inverters = [card for card in cards if card["builder"] == _INVERTER]
    by_dataset = [
        _table(
            f'`weights="{dataset}"`',
            columns,
            {
                card["builder"]: card
                for card in cards
                if card["dataset"] == dataset and card not in inverters
            },
        )
        for dataset, columns in _COLUMNS.items()
    ]
    named = {f'{_INVERTER}, "{card["dataset"]}"': card for card in inverters}
    return "\n".join([*by_dataset, _table("", _COLUMNS_OF_INVERTERS, named)])


def _cards() -> list[dict[str, Any]]:
    """The cards of what can be built, in the order of their folders."""
    known = list_weights()
    files = sorted(saved_models_folder().glob(f"*/{CARD_FILE}"))
    cards = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return [card for card in cards if card["builder"] in known]


def _table(
    title: str, columns: dict[str, str], cards: dict[str, dict[str, Any]]
) -> str:
    lines = [
        f"| {title} | " + " | ".join(columns.values()) + " | minutes |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for name, card in cards.items():
        cells = [_cell(card["measures"].get(measure)) for measure in columns]
        minutes = f"{card['training']['minutes']:.0f}"
        row = [f"`{name}`", *cells]
        lines.append(f"| {' | '.join(row)} | {minutes} |")
    return "\n".join([*lines, ""])


def _cell(measure: dict[str, Any] | None) -> str:
    if measure is None:
        return ""
    value = f"{measure['value']:#.3g}" + measure.get("unit", "").replace(" nats", "")
    target, _, missed = measure.get("target", "").partition(", ")
    if not target:
        return value
    return f"{value} ({target}{' missed' if missed else ''})"


if __name__ == "__main__":
    print(tables())
    print(transfer_table())
