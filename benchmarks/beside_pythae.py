"""Is each objective worth what it is in pythae, and is its step faster?

Both libraries get one network, 784-512-d with 512-784 behind, the same weights, the
same digits and the same noise, and say what their loss is. Where pythae's differs, the
table says why. Then steps of Adam are timed, in turn in one run: `fit` with 16 steps a
call, as the command line trains, and pythae's `forward`, `backward` and `step`, as its
trainer goes through batches in memory.

In an environment of its own, with pythae 0.1.2 and PyTorch for CPUs:

    pip install '.[benchmarks]' pythae==0.1.2
    python benchmarks/beside_pythae.py
"""

import argparse
import contextlib
import unittest.mock
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import pythae.models
import tensorflow as tf
import torch
from keras import layers
from timing import best_seconds

import keras_latent as kl

LATENT_DIM = 16
ROWS = 100
BOUNDS, DRAWS = 3, 5
EQUAL = 1e-5


class Case(NamedTuple):
    """One objective in both libraries.

    Args:
        ours: Makes our model of an encoder and a decoder.
        theirs: The name of pythae's class, and of its config.
        settings: The config's arguments.
        draws: Draws of each row; their axes in pythae.
        forward: What pythae's `forward` is told beside the data.
        why: Where the values differ by construction, how.
    """

    ours: Callable[..., Any]
    theirs: tuple[str, str]
    settings: dict[str, Any]
    draws: tuple[int, ...] = ()
    forward: dict[str, Any] = {}  # noqa: RUF012
    why: str = ""


CASES = {
    "VAE": Case(kl.models.VAE, ("VAE", "VAEConfig"), {}),
    "VAE, β 4": Case(
        lambda e, d: kl.models.VAE(e, d, beta=4.0),
        ("BetaVAE", "BetaVAEConfig"),
        {"beta": 4.0},
    ),
    "CapacityVAE, each row held": Case(
        lambda e, d: kl.models.CapacityVAE(
            e, d, capacity=1.7, gamma=10.0, per_example=True
        ),
        ("DisentangledBetaVAE", "DisentangledBetaVAEConfig"),
        {"C": 1.7 * 26 / 25, "beta": 10.0, "warmup_epoch": 25},
        forward={"epoch": 25},
    ),
    "CapacityVAE": Case(
        lambda e, d: kl.models.CapacityVAE(e, d, capacity=1.7, gamma=10.0),
        ("DisentangledBetaVAE", "DisentangledBetaVAEConfig"),
        {"C": 1.7 * 26 / 25, "beta": 10.0, "warmup_epoch": 25},
        forward={"epoch": 25},
        why="the paper's holds the mean of the batch, pythae's each row",
    ),
    "InfoVAE, weights 1 and 999": Case(
        lambda e, d: kl.models.InfoVAE.from_alpha_lambda(0.0, 1000.0, e, d),
        ("INFOVAE_MMD", "INFOVAE_MMD_Config"),
        {"alpha": 0.0, "lbd": 1000.0},
    ),
    "BetaTCVAE, weighted": Case(
        lambda e, d: kl.models.BetaTCVAE(e, d, dataset_size=60_000),
        ("BetaTCVAE", "BetaTCVAEConfig"),
        {"beta": 6.0, "use_mss": False},
        forward={"dataset_size": 60_000},
    ),
    "BetaTCVAE, stratified": Case(
        lambda e, d: kl.models.BetaTCVAE(
            e, d, dataset_size=60_000, estimator="stratified"
        ),
        ("BetaTCVAE", "BetaTCVAEConfig"),
        {"beta": 6.0, "use_mss": True},
        forward={"dataset_size": 60_000},
        why="its weights of the diagonals stand in the first two columns",
    ),
    "IWAE": Case(
        lambda e, d: kl.models.IWAE(e, d, num_samples=DRAWS),
        ("IWAE", "IWAEConfig"),
        {"number_samples": DRAWS},
        draws=(DRAWS,),
        why="it reports the weighted mean of -log w: the gradient is the bound's alone",
    ),
    "MIWAE": Case(
        lambda e, d: kl.models.MIWAE(e, d, num_bounds=BOUNDS, num_samples=DRAWS),
        ("MIWAE", "MIWAEConfig"),
        {"number_gradient_estimates": BOUNDS, "number_samples": DRAWS},
        draws=(BOUNDS, DRAWS),
        why="as IWAE; and it weighs over the bounds, where the draws of each are meant",
    ),
    "CIWAE": Case(
        lambda e, d: kl.models.CIWAE(e, d, num_bounds=1, num_samples=DRAWS, mixing=0.3),
        ("CIWAE", "CIWAEConfig"),
        {"number_samples": DRAWS, "beta": 0.3},
        draws=(DRAWS,),
        why="as IWAE",
    ),
}


def networks() -> tuple[keras.Model, keras.Model]:
    """The dense encoder and decoder that pythae has by default."""
    encoder = [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
    ]
    decoder = [
        keras.Input((LATENT_DIM,)),
        layers.Dense(512, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
        layers.Reshape((28, 28, 1)),
    ]
    return keras.Sequential(encoder), keras.Sequential(decoder)


def pair(case: Case) -> tuple[Any, Any]:
    """Both models, with our weights, the same in each call."""
    keras.utils.set_random_seed(0)
    ours = case.ours(*networks())
    name, config = case.theirs
    settings = {
        "input_dim": (1, 28, 28),
        "latent_dim": LATENT_DIM,
        "reconstruction_loss": "bce",
        **case.settings,
    }
    theirs = getattr(pythae.models, name)(getattr(pythae.models, config)(**settings))
    own = [
        (ours.encoder.layers[-1], theirs.encoder.layers[0][0]),
        (ours.code_mean, theirs.encoder.embedding),
        (ours.code_log_var, theirs.encoder.log_var),
        (ours.decoder.layers[0], theirs.decoder.layers[0][0]),
        (ours.decoder.layers[1], theirs.decoder.layers[1][0]),
    ]
    with torch.no_grad():
        for layer, linear in own:
            kernel, bias = layer.get_weights()
            linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
    return ours, theirs


@contextlib.contextmanager
def given(ours: Any, theirs: Any, draws: tuple[int, ...]) -> Iterator[None]:
    """Let both draw the same noise, and the same codes of the prior."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(ROWS, *draws, LATENT_DIM)).astype("float32")
    prior = rng.normal(size=(ROWS, LATENT_DIM)).astype("float32")

    def sample(parameters: Any, seed: Any = None) -> Any:
        mean, log_var = parameters
        return mean + tf.exp(0.5 * log_var) * noise.reshape(-1, LATENT_DIM)

    def sample_torch(mean: Any, deviation: Any) -> Any:
        return mean + torch.from_numpy(noise) * deviation, None

    def like(codes: Any, **_: Any) -> Any:
        return torch.from_numpy(prior)

    swap = unittest.mock.patch.object
    with (
        swap(type(ours.posterior), "sample", lambda self, q, seed=None: sample(q)),
        swap(type(ours.prior), "sample_like", lambda self, z, seed: tf.constant(prior)),
        swap(theirs, "_sample_gauss", sample_torch),
        swap(torch, "randn_like", like),
    ):
        yield


def values(case: Case, images: np.ndarray) -> tuple[float, float]:
    """The loss in both libraries, of the same weights, digits and noise."""
    ours, theirs = pair(case)
    ours.compile("sgd", run_eagerly=True)
    x = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    with given(ours, theirs, case.draws):
        found = ours.evaluate(images, batch_size=ROWS, verbose=0, return_dict=True)
        told = theirs({"data": x}, **case.forward).loss
    return float(found["loss"]), float(told)


def times(case: Case, images: np.ndarray, rounds: int) -> tuple[float, float]:
    """Milliseconds of a step of Adam in both."""
    steps = len(images) // ROWS
    ours, theirs = pair(case)
    ours.compile("adam", steps_per_execution=min(16, steps))
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(ROWS).cache()
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    x = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    batches = x.split(ROWS)

    def epoch() -> None:
        theirs.train()
        for batch in batches:
            optimizer.zero_grad()
            theirs({"data": batch}, **case.forward).loss.backward()
            optimizer.step()

    seconds = best_seconds(
        {"ours": lambda: ours.fit(dataset, shuffle=False, verbose=0), "theirs": epoch},
        rounds,
    )
    return 1000 * seconds["ours"] / steps, 1000 * seconds["theirs"] / steps


def main() -> None:
    """Compare, and print a table as each row is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--values", action="store_true", help="no times")
    arguments = parser.parse_args()
    images, _ = kl.datasets.arrays("mnist", "train", limit=arguments.steps * ROWS)
    images = images.astype("float32")
    print("| objective | ours, nats | pythae | difference | ms a step | pythae's |")
    print("|---|---|---|---|---|---|", flush=True)
    for name, case in CASES.items():
        ours, theirs = values(case, images[:ROWS])
        apart = abs(theirs - ours) / abs(ours)
        says = "equal" if apart < EQUAL else f"{theirs - ours:+.4f}"
        if case.why:
            says += f": {case.why}"
        elif apart >= EQUAL:
            says += ": unexplained"
        row = f"| `{name}` | {ours:.4f} | {theirs:.4f} | {says} |"
        if not arguments.values:
            own, rival = times(case, images, arguments.rounds)
            row += f" {own:.1f} | {rival / own:.2f} times |"
        print(row, flush=True)


if __name__ == "__main__":
    main()
