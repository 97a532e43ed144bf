"""The sections of nearness: neighbours, clusters, and classes of few examples."""

from typing import Any

import numpy as np

from keras_latent import plots
from keras_latent.class_names import label_names
from keras_latent.counting import counted
from keras_latent.latent_space import clusters, nearest
from keras_latent.metrics import Score, few_shot_accuracy
from keras_latent.reports.averages import averaged
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.results import KNOWN_AT_MOST, TESTED_AT_MOST
from keras_latent.reports.section import Picture, Section, narrowed, with_larger_labels

_ROWS = 6
_NEIGHBOURS = 8
_NEIGHBOURS_NARROW = 4

_CLUSTERS = 8
_CLUSTERS_AT_MOST = 12
_COLUMNS = 12
_COLUMNS_NARROW = 5

_SHOTS = (1, 2, 5, 10, 20)
_WAYS = 5
_QUERIES = 15
_EPISODES = 200
_COMPARED_SIDE = 16
_CLASSES_LISTED = 20


def neighbours(reported: ReportedModel) -> Section | None:
    """Some images, and those whose codes are nearest; `None` of too few images."""
    known = reported.results.sampled_known
    rows = reported.order[:_ROWS]
    if known is None:
        others = reported.order[:KNOWN_AT_MOST]
        codes = reported.codes[others]
        where = f"{counted(len(others) - 1, 'other image')} of these"
    else:
        codes = reported.results.known_codes
        where = counted(known.count, "training image")
    k = min(_NEIGHBOURS, len(codes) - (known is None))
    if k < 1:
        return None
    found = nearest(reported.codes[rows], codes, k + (known is None))
    indices, distances = found.indices, found.distances
    if known is None:
        indices, distances = _without_itself(others[indices], rows, distances)
        pictures = reported.pictures(indices.reshape(-1))
    else:
        pictures = reported.pictures_in(known.take(indices.reshape(-1)))
    pictures = pictures.reshape(*indices.shape, *reported.picture_shape)
    images = reported.pictures(rows)

    def draw(count: int) -> Any:
        return plots.neighbours(images, pictures[:, :count], distances[:, :count])

    return Section(
        "Neighbours",
        "Images drawn at random, and beside each those with the nearest codes, sought "
        f"among {where}, with the Euclidean distance below; what neighbours have in "
        "common is what the code holds.",
        [
            Picture(
                draw(k),
                f"Rows of an image and the {k} images of the nearest codes.",
                with_larger_labels(draw(_NEIGHBOURS_NARROW)),
            )
        ],
    )


def _without_itself(
    found: np.ndarray, rows: np.ndarray, distances: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours other than the image itself, or the last one of equal codes."""
    is_itself = found == rows[:, None]
    is_itself[~is_itself.any(axis=1), -1] = True
    shape = len(found), found.shape[1] - 1
    return found[~is_itself].reshape(shape), distances[~is_itself].reshape(shape)


def cluster_sheets(reported: ReportedModel) -> Section | None:
    """Images of groups of codes; `None` where there are too few different codes."""
    rows = np.sort(reported.order[: reported.limit])
    codes = reported.codes[rows]
    labels = reported.examples.labels
    count = _CLUSTERS if labels is None else len(np.unique(labels[rows]))
    count = min(max(2, count), _CLUSTERS_AT_MOST)
    if len(np.unique(codes, axis=0)) < 2 * count:
        return None
    found = _clusters(reported, codes, count)
    distances = np.linalg.norm(codes - found.centroids[found.labels], axis=1)
    sizes = np.bincount(found.labels, minlength=count)
    shown = np.concatenate(
        [
            np.flatnonzero(found.labels == one)[
                np.argsort(distances[found.labels == one], kind="stable")[:_COLUMNS]
            ]
            for one in range(count)
        ]
    )
    images = reported.thumbnails(rows[shown])
    row_labels = [counted(int(size), "image") for size in sizes]

    def draw(columns: int) -> Any:
        return plots.cluster_sheets(
            images, found.labels[shown], distances[shown], columns, row_labels
        )

    sample = f"all {counted(len(rows), 'code')}"
    if len(rows) < reported.count:
        sample = f"a sample of {len(rows):,} of {reported.count:,} codes"
    caption = f"{count} clusters of {sample}."
    if labels is not None:
        share = _share_of_most_frequent(labels[rows], found.labels)
        caption += (
            f" {share:.0%} of the images are of the class that is most frequent in "
            "their cluster."
        )
    return Section(
        "Clusters",
        "The codes in groups by k-means, and of each group the images that lie nearest "
        "to its middle; a group that is one kind of image shows that the code tells "
        "this kind apart.",
        [
            Picture(
                draw(_COLUMNS),
                f"A sheet of {count} clusters, a row of images each.",
                with_larger_labels(draw(_COLUMNS_NARROW)),
                caption,
            )
        ],
    )


def _clusters(reported: ReportedModel, codes: np.ndarray, count: int) -> Any:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # Several threads would add in any order, and the report be another each time.
    with threadpool_limits(1):
        return clusters(codes, count, seed=reported.seed)


def _share_of_most_frequent(labels: np.ndarray, groups: np.ndarray) -> float:
    right = [
        np.unique(labels[groups == group], return_counts=True)[1].max()
        for group in np.unique(groups)
    ]
    return float(sum(right) / len(labels))


def few_shot(reported: ReportedModel) -> Section | None:
    """Accuracies of classes of which few images are known; `None` without classes."""
    labels = reported.examples.labels
    if labels is None:
        return None
    most = min(reported.limit, TESTED_AT_MOST)
    rows = np.sort(reported.order[:most])
    sample = ""
    if len(rows) < reported.count:
        sample = f" of a sample of {len(rows):,} of {reported.count:,} images"
    classes, counts = np.unique(labels[rows], return_counts=True)
    # Half of a class's images are left to be told.
    enough = counts >= 2 * _SHOTS[1]
    if np.count_nonzero(enough) < 2:
        return None
    rows = rows[np.isin(labels[rows], classes[enough])]
    least = int(counts[enough].min())
    queries = min(_QUERIES, least // 2)
    options = {
        "ways": min(_WAYS, int(np.count_nonzero(enough))),
        "queries": queries,
        "episodes": _EPISODES,
        "seed": reported.seed,
    }
    shots = [number for number in _SHOTS if number + queries <= least]
    pictures = reported.thumbnails(rows)
    side = -(-max(pictures.shape[1:3]) // _COMPARED_SIDE)
    side = min(side, *pictures.shape[1:3])
    pixels = averaged(pictures, side).reshape(len(rows), -1)

    def measured(points: np.ndarray) -> list[Score]:
        return [
            few_shot_accuracy(points, labels[rows], shots=number, **options)
            for number in shots
        ]

    curves = {"codes": measured(reported.codes[rows]), "pixels": measured(pixels)}
    first, last = curves["codes"][0], curves["codes"][-1]
    said = f"With {counted(shots[0], 'example')} of each class, codes give "
    said += f"{first.value:.1%}"
    if len(shots) > 1:
        said += f", with {shots[-1]} examples {last.value:.1%}"
    ways, kept = options["ways"], int(np.count_nonzero(enough))
    which = f"{ways} classes"
    if ways < kept:
        which += f", which each draw takes anew from {kept} of them,"

    def draw() -> Any:
        return plots.few_shot_accuracies(curves)

    return Section(
        "Few examples",
        f"How often an image goes to the right one of {which} of which a few examples "
        "are known: to that whose examples' mean is nearest, by the codes and by the "
        f"pixels, averaged to at most {_COMPARED_SIDE} a side.",
        [
            Picture(
                draw(),
                "Curves of the accuracy over the number of examples of each class.",
                narrowed(draw()),
                f"{said}; {_EPISODES} draws of classes and examples, {queries} "
                f"images told of each class{sample}, bands of 95 %."
                f"{_without_few(reported, classes, counts, enough)}",
            )
        ],
    )


def _without_few(
    reported: ReportedModel, classes: np.ndarray, counts: np.ndarray, enough: np.ndarray
) -> str:
    """Which classes have too few images, how many they have, and how many it takes."""
    few = label_names(classes[~enough], reported.class_names)
    left_out = [
        f"{name} ({count:,})"
        for name, count in zip(few, counts[~enough].tolist(), strict=True)
    ]
    if reported.class_names is not None:
        found = label_names(classes, reported.class_names)
        absent = [name for name in reported.class_names if name not in found]
        left_out += [f"{name} (0)" for name in absent]
    if not left_out:
        return ""
    listed = ", ".join(left_out[:_CLASSES_LISTED])
    if len(left_out) > _CLASSES_LISTED:
        listed += f" and {len(left_out) - _CLASSES_LISTED} more"
    return (
        f" Left out, with fewer than the {2 * _SHOTS[1]} images that a class needs "
        f"here: {listed}."
    )
