"""The icons as a builder of tensorflow-datasets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from keras_latent.datasets import icons
from keras_latent.datasets.icon_brands import brands_of, split_of
from keras_latent.datasets.icon_logos import Logo, logos_of
from keras_latent.datasets.icon_pictures import SIDE, drawn


class Icons(  # type: ignore[call-arg]
    tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Builder of tensorflow-datasets for the logos of four packages.

    An example is one logo, 64 x 64 x 3, in the middle of a white square, or of a black
    one if it would hardly be seen on white, with its features:

    - `name`: what its package calls it;
    - `brand`: a word that all logos of its brand share, in all packages;
    - `package`: the package, the label.

    About a tenth of the brands is the split `test`, another the split `validation`: no
    brand stands in two splits, nor do logos of one outline.

    Source: packages simple-icons 16 by its collaborators (CC0 1.0),
    @iconify-json/logos by Gil Barbara (CC0 1.0), @iconify-json/vscode-icons by Roberto
    Huertas (MIT), super-tiny-icons by Terence Eden (MIT). The licences are of the
    drawings; what they show are trademarks of their owners.
    """

    name = "icons"
    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = icons.INSTRUCTIONS

    def _info(self) -> Any:
        return self.dataset_info_from_configs(
            description="Logos of four packages, split by brand.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3)),
                    "name": tfds.features.Text(),
                    "brand": tfds.features.Text(),
                    "package": tfds.features.ClassLabel(names=list(icons.PACKAGES)),
                }
            ),
            supervised_keys=("image", "package"),
            homepage="https://simpleicons.org",
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        paths = icons.find_archives(Path(dl_manager.manual_dir))
        logos = [
            logo for package, path in paths.items() for logo in logos_of(package, path)
        ]
        pictures = [_picture(logo) for logo in logos]
        brands = brands_of(logos, pictures)
        rows = list(map(_Row, logos, pictures, brands))
        return {
            split: self._generate_examples(
                [row for row in rows if split_of(row.brand) == split]
            )
            for split in ("train", "validation", "test")
        }

    def _generate_examples(
        self, rows: list["_Row"]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for logo, picture, brand in rows:
            yield (
                f"{logo.package} {logo.name}",
                {
                    "image": picture,
                    "name": logo.name,
                    "brand": brand,
                    "package": logo.package,
                },
            )


class _Row(NamedTuple):
    logo: Logo
    picture: np.ndarray
    brand: str


def _picture(logo: Logo) -> np.ndarray:
    try:
        return drawn(logo.svg)
    except ValueError as error:
        raise ValueError(
            "The drawings of an archive must be whole: put the archive there again. "
            f"Received: {logo.name!r} of {logo.package!r}, which can't be drawn "
            f"({error})"
        ) from error
