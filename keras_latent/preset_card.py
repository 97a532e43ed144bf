"""The page of a shared model, in the format of the Hugging Face Hub."""

import json
from typing import Any

_HUB_TAGS = ("keras_latent", "representation-learning")
_HUB_TASK = "image-feature-extraction"


def card_page(card: dict[str, Any]) -> str:
    """Write the page of a card.

    Args:
        card: What `presets.save_to_preset` writes to `card.json`.

    Returns:
        Markdown behind a header of YAML.
    """
    observed = card["observation"]
    shapes = observed if isinstance(observed, dict) else {"images": observed}
    takes = ", ".join(f"{name} of {_product(shape)}" for name, shape in shapes.items())
    # A text of JSON is one of YAML, too.
    header = [
        "library_name: keras",
        f"pipeline_tag: {_HUB_TASK}",
        f"tags: {json.dumps([*_HUB_TAGS])}",
    ]
    if card["license"]:
        header.insert(0, f"license: {json.dumps(card['license'])}")
    lines = [
        "---",
        *header,
        "---",
        "",
        f"# {card['name']}",
        "",
        f"`{card['variant']}` of keras_latent {card['versions']['keras_latent']}: "
        f"{card['parameters']:,} parameters, {takes}, codes of "
        f"{_product(card['code_shape'])}.",
        "",
        "```python",
        "import keras_latent as kl",
        "",
        'model = kl.from_preset("hf://USER/NAME")  # or the path of the folder',
        "```",
    ]
    if card["data"]:
        lines += ["", f"Trained on: {card['data']}"]
    if card["measures"]:
        lines += ["", "| measured | value |", "|---|---|"]
        lines += [
            f"| {what} | {value:.4g} |" for what, value in card["measures"].items()
        ]
    lines += ["", "SHA-256:", ""]
    lines += [f"- {name}: `{hash}`" for name, hash in card["sha256"].items()]
    return "\n".join(lines) + "\n"


def _product(shape: list[int]) -> str:
    return " x ".join(map(str, shape))
