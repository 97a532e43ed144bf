"""What decoders make of the features of a frozen network, side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_latent.kinds import check_mapping, check_offers
from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled


@styled
def inversions(models: Mapping[str, Any], sections: Mapping[str, Any]) -> Any:
    """Draw originals, and below them what each decoder makes of their features.

    The last row is what the last decoder makes without the features, of the extra
    numbers alone.

    Args:
        models: From the name of each row to a `models.FeatureInverter`.
        sections: From the name of each section to what the models take, of which each
            row is a column of the figure: such as images that the models were trained
            on, and others. All of equal number.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no model or no section.
    """
    held = {"models": "feature inverters by name", "sections": "images by name"}
    for argument, value in (("models", models), ("sections", sections)):
        check_mapping(argument, value, held[argument])
        if not value:
            raise ValueError(
                f"`{argument}` must hold at least one entry. "
                f"Received: {argument}={value!r}"
            )
    for name, model in models.items():
        wanted = ("predict", "target", "ablate")
        check_offers(f"models[{name!r}]", model, "a feature inverter", *wanted)
    last = list(models.values())[-1]
    drawn = []
    for x in sections.values():
        decoded = [model.predict(x, verbose=0) for model in models.values()]
        made = [last.target(x), *decoded, last.ablate(x)]
        drawn.append(np.stack([np.asarray(images, "float32") for images in made]))
    labels = []
    for name, rows in zip(sections, drawn, strict=True):
        columns = [""] * rows.shape[1]
        columns[(len(columns) - 1) // 2] = name
        labels.append(columns)
    return image_rows(drawn, labels, ["original", *models, "ablated"])
