"""A model's card: `card.json` for programs, `README.md` for people."""

import json
from pathlib import Path
from typing import Any

from keras_latent.applications.weight_files import CARD_FILE
from keras_latent.saving import write_text

_LICENCES = {
    "mnist": "MNIST by Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    "emoji": (
        "Noto Emoji by Google, Apache-2.0; Twemoji by Twitter and contributors, "
        "CC BY 4.0; packages emoji-datasource-google and -twitter 16.0.0, MIT"
    ),
    "pictures": (
        "emoji and icons together. Noto Emoji by Google, Apache-2.0; Twemoji by "
        "Twitter and contributors, CC BY 4.0; packages emoji-datasource-google and "
        "-twitter 16.0.0, MIT; simple-icons by its collaborators and @iconify-json/"
        "logos by Gil Barbara, CC0 1.0; @iconify-json/vscode-icons by Roberto Huertas "
        "and super-tiny-icons by Terence Eden, MIT. The logos are trademarks of their "
        "owners"
    ),
}


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write a card to its model's folder, each file whole or not at all.

    Args:
        folder: The folder; it must exist.
        card: All that is known of the model, as `recipe` puts it together.
    """
    write_text(folder / "README.md", _page(card))
    # Last, because it makes the weights known.
    write_text(folder / CARD_FILE, json.dumps(card, indent=2) + "\n")


def _page(card: dict[str, Any]) -> str:
    training = card["training"]
    lines = [
        f"# {card['name']}",
        "",
        f"`kl.applications.{card['builder']}(weights={card['dataset']!r})`: "
        f"{card['parameters']:,} parameters, images of "
        f"{' x '.join(map(str, card['image_shape']))}, {card['latent_dim']} latent "
        "dimensions.",
        "",
        f"Made by `python -m applications.{card['name']}` from "
        f"{training['examples']:,} images: {training['epochs']} epochs in batches of "
        f"{training['batch_size']}, "
        f"{training['optimizer']} with a learning rate from "
        f"{training['learning_rate']:g} to 0 along half a cosine, seed "
        f"{training['seed']}; {training['minutes']} minutes on {training['cores']} "
        f"CPU core{'s' * (training['cores'] > 1)}, commit {training['commit'][:12]}. "
        f"{training['notes']}".rstrip(),
        "",
        f"Data: {_LICENCES[card['dataset']]}.",
        "",
        *_table(card["measures"]),
        "",
        f"SHA-256 of the weights: `{card['sha256']}`",
        "",
    ]
    for name, sampler in card.get("samplers", {}).items():
        lines += _of_sampler(card, name, sampler)
    return "\n".join(lines)


def _of_sampler(card: dict[str, Any], name: str, sampler: dict[str, Any]) -> list[str]:
    arguments = ", ".join(f"{k}={v!r}" for k, v in sampler["arguments"].items())
    # Of a fit that was cut nobody took the time.
    minutes = sampler["minutes"]
    time = "" if minutes is None else f"{minutes} minutes of one CPU core, "
    return [
        f"## Sampler `{name}`",
        "",
        f"`kl.applications.pretrained_sampler(model, {name!r})`: made by `python -m "
        f"applications.samplers {card['name']} {name}` with {arguments}; "
        f"{time}commit {sampler['commit'][:12]}. Labels that steer it: "
        + "; ".join(f"{k} {v}" for k, v in enumerate(sampler["labels"]))
        + ".",
        "",
        *_table(sampler["measures"]),
        "",
        f"![64 images that it generated]({name}.png)",
        "",
        f"SHA-256 of its file: `{sampler['sha256']}`",
        "",
    ]


def _table(measures: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "| measured, on images that were not trained on unless it says so | value "
        "| target |",
        "|---|---|---|",
    ]
    for measure in measures.values():
        lines.append(
            f"| {measure['what']} | {measure['value']:.4g}{measure.get('unit', '')} | "
            f"{measure.get('target', '')} |"
        )
    return lines
