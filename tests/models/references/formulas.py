"""Formulas of several objectives, for numbers that may have an imaginary part."""

import numpy as np

from keras_latent.likelihoods import Bernoulli

LOG_TWO_PI = np.log(2.0 * np.pi)


def held(value):
    """What no gradient passes through."""
    return np.real(value)


def valued(value, surrogate):
    """A value, with the gradient of another."""
    return np.real(value) + 1j * np.imag(surrogate)


def clipped(t, limit):
    """Within ±limit, beyond which there is no slope."""
    return np.where(np.abs(np.real(t)) < limit, t, limit * np.sign(np.real(t)))


def softplus(t):
    positive = np.real(t) > 0.0
    return np.where(positive, t, 0.0) + np.log(1.0 + np.exp(np.where(positive, -t, t)))


def sigmoid(t):
    return np.exp(-softplus(-t))


def by_row(a):
    """Summed over all but the rows."""
    return a.reshape(len(a), -1).sum(axis=1)


def log_sum_exp(a, axis):
    highest = np.real(a).max(axis=axis, keepdims=True)
    total = np.log(np.exp(a - highest).sum(axis=axis))
    return total + highest.squeeze(axis)


def log_softmax(a):
    return a - log_sum_exp(a, -1)[..., None]


def bernoulli(x, mean):
    """−log p(x|z) of probabilities."""
    return -by_row(x * np.log(mean) + (1.0 - x) * np.log(1.0 - mean))


def gaussian(x, mean):
    """−log p(x|z) of means with the scale 1."""
    return by_row(0.5 * (x - mean) ** 2 + 0.5 * LOG_TWO_PI)


def error_of(model, x, mean):
    """−log p(x|z) by the model's likelihood."""
    is_bernoulli = isinstance(model.likelihood, Bernoulli)
    return bernoulli(x, mean) if is_bernoulli else gaussian(x, mean)


def log_normal(z, mean=0.0, log_var=0.0):
    """Log N(z; μ, σ²) of each element."""
    return -0.5 * ((z - mean) ** 2 * np.exp(-log_var) + log_var + LOG_TWO_PI)


def normal_kl(mean, log_var):
    """KL(N(μ, σ²) ‖ N(0, I)) of each element."""
    return 0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var)


def squared_distances(a, b):
    """Of each row of one from each of the other."""
    return ((a[:, None] - b[None]) ** 2).sum(axis=-1)


def mmd(z, drawn, kernel):
    """MMD² without bias, the sums over pairs written out as means."""
    width, count = 2.0 * z.shape[1], len(z)

    def similarity(a, b):
        r = squared_distances(a, b)
        if kernel == "rbf":
            return np.exp(-r / width)
        scales = width * np.array([0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
        return (scales / (scales + r[..., None])).sum(axis=-1)

    def among(a):
        return sum(
            similarity(a[[i]], np.delete(a, i, axis=0)).sum() for i in range(count)
        ) / max(count * (count - 1), 1)

    return among(z) + among(drawn) - 2.0 * similarity(z, drawn).mean()
