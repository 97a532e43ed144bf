"""Examples set apart from the training, by chance but always the same."""

import numpy as np

from keras_latent.validation import check_in_range


def draw_held_out(
    size: int, fraction: float, seed: int, labels: np.ndarray | None = None
) -> np.ndarray:
    """Draw the examples that are held out for validation.

    Each class gives its share, to within one example; one that has a single example
    keeps it for the training.

    Args:
        size: Number of examples.
        fraction: What part to hold out, in (0, 0.5].
        seed: Any integer; it decides the draw alone.
        labels: Integers of shape (size,): the classes. Defaults to `None`: no classes.

    Returns:
        The sorted indices of the examples, at least one.

    Raises:
        ValueError: If there are fewer than two examples, or `fraction` is out of range.

    >>> draw_held_out(10, 0.2, seed=0, labels=np.repeat([0, 1], 5)).size
    2
    """
    check_in_range("validation_split", fraction, 0, 0.5)
    if size < 2 or fraction == 0:
        raise ValueError(
            "`validation_split` must leave examples on both sides. Received: "
            f"validation_split={fraction!r} of {size} examples"
        )
    generator = np.random.default_rng(seed % 2**64)
    order = generator.permutation(size)
    if labels is not None and labels.ndim == 1:
        _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        if counts.max() > 1:
            order = order[counts[classes[order]] > 1]
        order = order[np.argsort(labels[order], kind="stable")]
    count = max(1, min(int(fraction * size + 0.5), len(order) // 2))
    # Evenly along the classes, one after the other, from a place by chance: otherwise
    # the same ones of many small classes would give none, whatever the seed.
    places = (np.arange(count) + generator.random()) * len(order) / count
    return np.sort(order[places.astype(int)])
