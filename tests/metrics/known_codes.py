"""Codes whose scores are known, of factors in every combination."""

import numpy as np

SIZES = (3, 4, 5)


def factors(repeats=20):
    """Every combination of three factors, `repeats` times, in random order."""
    grid = np.indices(SIZES).reshape(len(SIZES), -1).T
    return np.random.default_rng(0).permutation(np.tile(grid, (repeats, 1)))


def perfect(given):
    """Each factor in a code of its own, of other order, sign and scale."""
    return given[:, ::-1] * [-1.0, 10.0, 0.5] + [0.0, 3.0, -1.0]


def useless(given, latent_dim=4):
    return np.random.default_rng(1).normal(size=(len(given), latent_dim))


def duplicated(given):
    return np.concatenate([perfect(given), perfect(given)], axis=1)


def rotated(given):
    """Standardised codes, mixed evenly."""
    standardised = (given - given.mean(axis=0)) / given.std(axis=0)
    mixed, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    return standardised @ mixed


def noisy(given, latent_dim=4):
    """Codes that tell some of each factor, and one that tells nothing."""
    noise = np.random.default_rng(2).normal(size=(len(given), latent_dim))
    mixing = np.random.default_rng(3).normal(size=(given.shape[1], latent_dim - 1))
    noise[:, :-1] += given @ mixing
    return noise
