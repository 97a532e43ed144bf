"""How near generated images are to real ones, of each model of a comparison."""

from collections.abc import Mapping
from typing import Any

from keras_latent.metrics import generation
from keras_latent.reports.column import Column, ColumnGroup
from keras_latent.reports.generated import Generated
from keras_latent.reports.generators import PRIOR

_SUBSETS = 50
_LARGEST_SUBSET = 1000
_NEIGHBOUR = 3

GENERATION = ColumnGroup(
    "Generated images",
    "to make new images",
    "How like real images those are that are decoded from draws of the prior, or of a "
    "sampler where the heading ends in its name. FID and KID are distances between "
    "both as a whole; precision asks whether generated images look real, recall "
    "whether all kinds of real ones are made. What real images reach against real "
    "ones stands in the protocol.",
    "They depend on the extractor of the features, which the heading names, and on "
    "how many images there are: compare them within this table, and not with "
    "published values, most of which are of Inception's features and of 50,000 "
    "images. FID is too large on average for few images, KID is not. They don't see "
    "copies of training images, which Nearer than held-out images does.",
)


def generation_measures(generated: Generated) -> dict[Column, float]:
    """Measure images of a prior, or of a sampler, which columns are called by, too.

    Args:
        generated: The images, as features, beside real ones.
    """
    real, made, seed = generated.real.held_out, generated.made, generated.seed
    extractor = generated.extractor_name
    of = (
        f"{len(real):,} held-out images against {len(made):,} generated ones, in "
        f"{real.shape[1]} features"
    )
    least = min(len(real), len(made))
    found: dict[Column, float] = {}

    def add(name: str, protocol: str, better: int, value: float) -> None:
        if generated.name != PRIOR:
            name = f"{name}, {generated.name}"
            protocol += f" Images of the sampler {generated.name}."
        found[Column(name, protocol, better, GENERATION)] = value

    if least >= 4:
        size = min(_LARGEST_SUBSET, least // 2)
        score = generation.kid(
            real, made, None, _SUBSETS, size, extractor, floor=True, seed=seed
        )
        add(
            score.protocol["name"],
            f"Kernel distance, unbiased, {of}, {_SUBSETS} subsets of {size:,}"
            f"{_floor(score.protocol)}.",
            -1,
            score.value,
        )
    # Below as many images as features the covariance would have no full rank.
    if least > real.shape[1]:
        score = generation.fid(real, made, extractor_name=extractor, seed=seed)
        add(
            score.protocol["name"],
            f"Fréchet distance of Gaussians, {of}{_floor(score.protocol)}.",
            -1,
            score.value,
        )
    if least > _NEIGHBOUR:
        both = generation.precision_recall(
            real, made, None, _NEIGHBOUR, extractor, seed=seed
        )
        balls = f"within balls to the {_NEIGHBOUR}rd neighbour; {of}"
        for name, what, value in (
            ("precision", "generated images near real ones", both.precision),
            ("recall", "real images near generated ones", both.recall),
        ):
            floor = both.protocol["floor"]
            beside = "" if floor is None else f"; {floor[name]:.3g} for real against"
            beside += " real" if beside else ""
            add(
                f"{name.capitalize()}-{extractor}",
                f"Share of {what}, {balls}{beside}.",
                1,
                value,
            )
    if generated.copied is not None:
        add(
            "Nearer than held-out images",
            "Share of the generated images that are nearer to their nearest training "
            "image than held-out ones are to theirs in the median, in the same "
            "features; about 0.5 for images like the held-out ones, near 1 for copies "
            "and for images that vary too little.",
            0,
            generated.copied,
        )
    return found


def _floor(protocol: Mapping[str, Any]) -> str:
    floor = protocol.get("floor")
    return "" if floor is None else f"; {floor:.3g} for real against real"
