"""What quantizers compute, in NumPy and float64, independent of the library."""

import numpy as np


def squared_distances(e, table):
    """From each position to each code, taken out in full: (..., K)."""
    return ((e[..., None, :] - table) ** 2).sum(axis=-1)


def nearest(e, table):
    return squared_distances(np.float64(e), np.float64(table)).argmin(axis=-1)


def running_means(e, table, counts, sums, decay, epsilon):
    """Table, counts and sums after a step of running means, without restarts."""
    e = np.float64(e).reshape(-1, e.shape[-1])
    tokens = nearest(e, table)
    counts, sums = np.float64(counts).copy(), np.float64(sums).copy()
    for k in range(len(table)):
        mine = e[tokens == k]
        counts[k] = decay * counts[k] + (1 - decay) * len(mine)
        sums[k] = decay * sums[k] + (1 - decay) * mine.sum(axis=0)
    total, number = counts.sum(), len(table)
    smoothed = (counts + epsilon) / (total + number * epsilon) * total
    return sums / smoothed[:, None], counts, sums


def lloyd(e, start, steps):
    """Centroids after some steps, those without a row where they were."""
    centroids = np.float64(start)
    for _ in range(steps):
        tokens = nearest(e, centroids)
        centroids = np.stack(
            [
                np.float64(e)[tokens == k].mean(axis=0) if (tokens == k).any() else c
                for k, c in enumerate(centroids)
            ]
        )
    return centroids


def rotation(e, code):
    """The matrix that turns e into the direction of its code, times ‖c‖/‖e‖."""
    e, code = np.float64(e), np.float64(code)
    e_unit, code_unit = e / np.linalg.norm(e), code / np.linalg.norm(code)
    r = (e_unit + code_unit) / np.linalg.norm(e_unit + code_unit)
    matrix = np.eye(len(e)) - 2 * np.outer(r, r) + 2 * np.outer(code_unit, e_unit)
    return np.linalg.norm(code) / np.linalg.norm(e) * matrix


def entropy(p):
    p = np.asarray(p, "float64")
    return -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1)


def softmax(logits):
    shifted = np.exp(np.float64(logits) - np.max(logits, axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
