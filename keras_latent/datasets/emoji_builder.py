"""The emoji as a builder of tensorflow-datasets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from keras_latent.datasets import emoji
from keras_latent.datasets.archives import file_of


class Emoji(  # type: ignore[call-arg]
    tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Builder of tensorflow-datasets for the emoji of two packages.

    An example is one picture, 64 x 64 x 3, laid on white, with its features:

    - `glyph`: the code points of the emoji without a skin tone, such as `"1F44B"`;
    - `category`: one of the ten groups of Unicode, the label;
    - `style`: `"noto"` (Google) or `"twemoji"` (Twitter);
    - `skin_tone`: `"none"`, five tones, or `"mixed"` where two persons differ.

    A tenth of the glyphs is the split `test`, another the split `validation`: no glyph
    stands in two splits, in whatever style or tone.

    Source: packages emoji-datasource-google and emoji-datasource-twitter 16.0.0 by Cal
    Henderson (MIT). Pictures: Noto Emoji by Google, Apache-2.0; Twemoji by Twitter and
    contributors, CC BY 4.0.
    """

    name = "emoji"
    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = emoji.INSTRUCTIONS

    def _info(self) -> Any:
        labels = tfds.features.ClassLabel
        return self.dataset_info_from_configs(
            description="Emoji in two styles, split by glyph.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(emoji.SIDE, emoji.SIDE, 3)),
                    "glyph": tfds.features.Text(),
                    "category": labels(names=list(emoji.CATEGORIES)),
                    "style": labels(names=list(emoji.STYLES)),
                    "skin_tone": labels(names=list(emoji.SKIN_TONES)),
                }
            ),
            supervised_keys=("image", "category"),
            homepage="https://github.com/iamcal/emoji-data",
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        archives = emoji.find_archives(Path(dl_manager.manual_dir))
        return {
            split: self._generate_examples(archives, split)
            for split in ("train", "validation", "test")
        }

    def _generate_examples(
        self, archives: dict[str, Path], split: str
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for style, path in archives.items():
            files = emoji.read_archive(path)
            pictures = emoji.pictures_of(file_of(files, path, "emoji.json"))
            splits = emoji.split_by_glyph({picture.glyph for picture in pictures})
            for picture in pictures:
                if splits[picture.glyph] != split:
                    continue
                file = file_of(files, path, picture.file)
                example = {
                    "image": emoji.on_white(file, f"{path.name}: {picture.file}"),
                    "glyph": picture.glyph,
                    "category": picture.category,
                    "style": style,
                    "skin_tone": picture.skin_tone,
                }
                yield f"{picture.file} {style}", example
