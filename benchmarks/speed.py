"""How fast is `fit`, against a hand-written loop, PyTorch, and the machine's floor?

Each variant trains on batches of MNIST digits, fed from memory, in four ways that take
turns, so that each meets the same disturbances:

- `fit` as the command line calls it, with several steps in one call;
- a hand-written `tf.function` loop of the same arithmetic, as many steps in a call;
- eager PyTorch with an equal network and objective, from tensors in memory, in both
  memory formats (channels first is its default), and in bfloat16 by its own autocast
  where `--precision mixed_bfloat16` says so;
- the floor: floating-point operations of the hand-written step by TensorFlow's own
  count, at the rate of a product of two matrices of 2048 × 2048, measured in between.

The convolutional networks are the default ones. A time is the least of the rounds.
Ratios are what counts: absolute times are those of one machine. TensorFlow counts the
operations of a convolution as if its padding were computed, which on small maps puts
the floor above what a convolution takes that leaves the padding out.

A second part draws what a step costs against the size of the batch, of the image and of
the code, and against the number of replicas.

    pip install '.[benchmarks]'
    python benchmarks/speed.py
"""

import argparse
import copy
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import encdec_step
import keras
import numpy as np
import tensorflow as tf
import tensorflow_maps
import tensorflow_steps
import torch
import torch_maps
import torch_steps
from policies import PRECISIONS, policy
from timing import best_seconds

import keras_latent as kl
from keras_latent.cli.classifier import build_features
from keras_latent.plots.style import styled

BATCH_SIZE = 128
SIDE = 28
LATENT_DIM = 16
SHAPE = (SIDE, SIDE, 1)
MATRIX = 2048
MEMORY_FORMATS = {
    "channels first": torch.contiguous_format,
    "channels last": torch.channels_last,
}

Epoch = Callable[[], object]


class Case(NamedTuple):
    """One variant with one network.

    Args:
        model: The model, uncompiled.
        by_hand: The step of the hand-written loop.
        torch: The networks of PyTorch.
        objectives: What they minimise, one for each player.
        longer: How many times longer its epochs are, where a step is short.
    """

    model: kl.models.LatentModel
    by_hand: Callable[[Any, Any], None]
    torch: torch.nn.Module
    objectives: Sequence[torch_steps.Objective]
    longer: int = 1

    def compile(self, in_a_call: int) -> None:
        """Give each player of the model an Adam, and so many steps to a call."""
        optimizers = {name: keras.optimizers.Adam() for name in self.model.players()}
        self.model.compile(optimizers, steps_per_execution=in_a_call)


def case(
    variant: str,
    model: kl.models.LatentModel,
    by_hand: tensorflow_steps.Networks,
    networks: torch.nn.Module,
    longer: int = 1,
) -> Case:
    """A variant of one player, whose objectives by hand stand under its name."""
    objective = tensorflow_steps.OBJECTIVES[variant]
    step = tensorflow_steps.training_step(by_hand, objective)
    return Case(model, step, networks, [torch_steps.OBJECTIVES[variant]], longer)


def convolutional(variant: str, **options: Any) -> Case:
    """A variant with the default networks."""
    is_variational = variant in ("VAE", "VariationalEncDec")
    activation = None if variant == "VAE" else "sigmoid"
    heads = 2 if is_variational else 1
    make = getattr(kl.models, variant).for_images
    encoder, features, decoder = torch_steps.convolutional(
        SIDE, LATENT_DIM, is_bounded=activation is not None
    )
    return case(
        variant,
        make(SHAPE, LATENT_DIM, **options),
        tensorflow_steps.Networks(
            kl.networks.convolutional_encoder(SHAPE),
            kl.networks.convolutional_decoder(
                SHAPE, LATENT_DIM, output_activation=activation
            ),
            LATENT_DIM,
            heads,
        ),
        torch_steps.Networks(encoder, features, LATENT_DIM, decoder, heads),
    )


def dense_vae() -> Case:
    """784-512-16-512-784, as the published timings have it."""

    def networks() -> tuple[keras.Model, keras.Model]:
        encoder = kl.networks.dense_encoder(SHAPE, widths=(512,))
        return encoder, kl.networks.dense_decoder(
            SHAPE, LATENT_DIM, widths=(512,), output_activation=None
        )

    encoder, features, decoder = torch_steps.dense(SIDE, LATENT_DIM, 512)
    return case(
        "VAE",
        kl.models.VAE(
            *networks(), likelihood=kl.likelihoods.Bernoulli(from_logits=True)
        ),
        tensorflow_steps.Networks(*networks(), LATENT_DIM, heads=2),
        torch_steps.Networks(encoder, features, LATENT_DIM, decoder, heads=2),
        longer=8,
    )


def published_encdec() -> Case:
    """`EncDec` with the network that it was published with."""
    encoder, features, decoder = torch_steps.published(latent_dim=32)
    return case(
        "EncDec",
        kl.models.EncDec(*encdec_step.networks()),
        tensorflow_steps.Networks(*encdec_step.networks(), 32),
        torch_steps.Networks(encoder, features, 32, decoder),
    )


def inverter() -> Case:
    """`FeatureInverter` of 128 features of a classifier, with 5 extra numbers."""

    def networks() -> tuple[keras.Model, keras.Model, keras.Model]:
        features = build_features(SHAPE, 128)
        features.trainable = False
        decoder = kl.networks.inversion_decoder(SHAPE, 128, extra_size=5)
        return features, decoder, kl.networks.extra_encoder(SHAPE, size=5)

    extractor, decoder, extra = networks()
    return case(
        "FeatureInverter",
        kl.models.FeatureInverter(*networks()),
        tensorflow_steps.Networks(extra, decoder, 5, extractor=extractor),
        torch_steps.Inverter(SIDE),
    )


def vqvae() -> Case:
    """`VQVAE` of 7 × 7 tokens, with plain networks and running means."""
    return Case(
        kl.models.VQVAE(*tensorflow_maps.plain_networks(16)),
        tensorflow_maps.vqvae(16),
        torch_maps.Tokens(16),
        [torch_maps.vqvae],
    )


def autoencoder_kl() -> Case:
    """`AutoencoderKL` of a map of 7 × 7 × 4, with plain networks and its critic."""
    return Case(
        kl.models.AutoencoderKL(
            *tensorflow_maps.plain_networks(4), discriminator_start=0
        ),
        tensorflow_maps.autoencoder_kl(4),
        torch_maps.Judged(4),
        [torch_maps.model, torch_maps.critic],
    )


CASES: dict[str, Callable[[], Case]] = {
    "`EncDec`, published network": published_encdec,
    "`VAE`, dense 784-512-16": dense_vae,
    "`VAE`": lambda: convolutional("VAE"),
    "`Autoencoder`": lambda: convolutional("Autoencoder"),
    "`SparseAutoencoder`": lambda: convolutional("SparseAutoencoder"),
    "`DenoisingAutoencoder`": lambda: convolutional("DenoisingAutoencoder"),
    "`ContractiveAutoencoder`, 1 probe": lambda: convolutional(
        "ContractiveAutoencoder", probes=1
    ),
    "`EncDec`": lambda: convolutional("EncDec"),
    "`VariationalEncDec`": lambda: convolutional("VariationalEncDec"),
    "`ConstrainedAutoencoder`": lambda: convolutional(
        "ConstrainedAutoencoder", heads=10
    ),
    "`FeatureInverter`, rank 4": inverter,
    "`VQVAE`": vqvae,
    "`AutoencoderKL`": autoencoder_kl,
}


def floating_point_operations(step: Callable[[Any, Any], None], batch: Any) -> int:
    """Of one training step, by TensorFlow's profiler."""
    graph = tf.function(step).get_concrete_function(*batch).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    profile = tf.compat.v1.profiler.profile(graph, options=options)
    return profile.total_float_ops


def matrix_product() -> Callable[[], object]:
    """The product of two large matrices."""
    a, b = tf.random.normal((MATRIX, MATRIX)), tf.random.normal((MATRIX, MATRIX))
    return tf.function(lambda: tf.reduce_sum(tf.matmul(a, b)))


def timed(
    make: Callable[[], Case], precision: str, steps: int, rounds: int, in_a_call: int
) -> dict[str, float]:
    """Milliseconds of a step in each way, all in one precision; and its operations.

    The loop by hand is of float32 alone, and so is the floor.
    """
    with policy(precision):
        case = make()
    steps *= case.longer
    images, labels = kl.datasets.arrays("mnist", "train", limit=steps * BATCH_SIZE)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(
        BATCH_SIZE, drop_remainder=True
    )
    dataset = dataset.cache().prefetch(2)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    case.compile(in_a_call)
    by_hand, operations = {}, None
    if precision == "float32":
        operations = floating_point_operations(case.by_hand, next(iter(dataset)))
        epoch = tensorflow_steps.epoch(case.by_hand, dataset, in_a_call)
        by_hand = {"by hand": epoch}
    batches = [
        (
            torch.from_numpy(x.numpy().transpose(0, 3, 1, 2).copy()),
            torch.from_numpy(y.numpy()),
        )
        for x, y in dataset
    ]
    seconds = best_seconds(
        {
            "fit": functools.partial(case.model.fit, dataset, verbose=0),
            **by_hand,
            **{
                f"torch, {name}": torch_steps.epoch(
                    copy.deepcopy(case.torch),
                    [
                        torch_steps.under_autocast(objective, "cpu", precision)
                        for objective in case.objectives
                    ],
                    batches,
                    memory_format,
                )
                for name, memory_format in MEMORY_FORMATS.items()
            },
            "matrix product": matrix_product(),
        },
        rounds,
    )
    rate = 2 * MATRIX**3 / seconds.pop("matrix product")
    found = {f"{name} ms": 1000 * s / steps for name, s in seconds.items()}
    if operations is not None:
        found |= {"floor ms": 1000 * operations / rate, "operations": operations}
    return {
        "parameters": case.model.count_params(),
        **found,
        "GFLOP/s of the matrix product": rate / 1e9,
    }


def table(found: dict[str, dict[str, float]]) -> str:
    """A Markdown table: times of the rivals, divided by that of `fit`."""
    rows = [
        f"| | {' | '.join(f'PyTorch, {format_}' for format_ in MEMORY_FORMATS)} "
        "| by hand | floor | `fit`, ms a step |",
        "|---|---|---|---|---|---|",
    ]
    for name, case in found.items():
        fit = case["fit ms"]
        rivals = [*(f"torch, {format_}" for format_ in MEMORY_FORMATS), "by hand"]
        ratios = " | ".join(
            f"{case[f'{rival} ms'] / fit:.2f}" if f"{rival} ms" in case else ""
            for rival in rivals
        )
        floor = f"{100 * case['floor ms'] / fit:.0f} %" if "floor ms" in case else ""
        rows.append(f"| {name} | {ratios} | {floor} | {fit:.1f} |")
    return "\n".join(rows)


def import_seconds(rounds: int) -> dict[str, float]:
    """Seconds that a fresh process takes to import Keras, and then this library."""
    modules = ("keras", "keras_latent")
    clock = "import time; begun = time.perf_counter()"
    lines = [
        f"{clock}; import {module}; print(time.perf_counter() - begun)"
        for module in modules
    ]
    words = [sys.executable, "-c", "\n".join(lines)]
    found = []
    for _ in range(rounds):
        ended = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        found.append([float(line) for line in ended.stdout.split()])
    return {
        module: min(seconds) for module, *seconds in zip(modules, *found, strict=True)
    }


def training(
    batch_size: int = BATCH_SIZE,
    side: int = SIDE,
    latent_dim: int = LATENT_DIM,
    replicas: int = 1,
    steps: int = 16,
) -> Epoch:
    """An epoch of a convolutional `VAE` on random images."""
    strategy = tf.distribute.get_strategy()
    in_a_call = steps
    if replicas > 1:
        # Keras takes one step a call then.
        in_a_call = 1
        strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(replicas)])
    images = np.random.default_rng(0).random((steps * batch_size, side, side, 1), "f4")
    with strategy.scope():
        model = kl.models.VAE.for_images((side, side, 1), latent_dim)
        model.compile("adam", steps_per_execution=in_a_call)
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(batch_size).cache()
    return functools.partial(model.fit, dataset, verbose=0)


def costs(
    argument: str, values: Sequence[int], steps: int = 16, rounds: int = 8
) -> dict[int, float]:
    """Milliseconds of a step for each value of an argument of `training`."""
    epochs = {
        str(value): training(**{argument: value}, steps=steps) for value in values
    }
    seconds = best_seconds(epochs, rounds)
    return {int(value): 1000 * s / steps for value, s in seconds.items()}


COSTS: dict[str, tuple[str, tuple[int, ...]]] = {
    "images in a batch": ("batch_size", (16, 32, 64, 128, 256, 512)),
    "side of the image, pixels": ("side", (16, 28, 32, 48, 64)),
    "dimensions of the code": ("latent_dim", (2, 16, 64, 256, 1024)),
    "replicas on the same cores": ("replicas", (1, 2)),
}


@styled
def figure(costs: dict[str, dict[int, float]]) -> Any:
    """Milliseconds of a step against what each axis says."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(
        1, len(costs), figsize=(12, 2.8), layout="constrained", sharey=False
    )
    for axis, (name, found) in zip(axes, costs.items(), strict=True):
        axis.plot(list(found), list(found.values()), "o-", clip_on=False)
        axis.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axis.set(xlabel=name, ylim=(0, None), xlim=(0, None))
    axes[0].set_ylabel("ms a step")
    return drawn


def main() -> None:
    """Measure, write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--in-a-call", type=int, default=16)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--only", help="cases whose name holds this text")
    parser.add_argument("--output", type=Path, default=Path("runs/speed"))
    arguments = parser.parse_args()
    if arguments.steps % arguments.in_a_call:
        parser.error("`--steps` must be a multiple of `--in-a-call`")
    arguments.output.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    # Before TensorFlow begins, which can't be told later.
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    )
    results: dict[str, Any] = {
        "versions": {
            module.__name__: module.__version__ for module in (tf, keras, torch)
        },
        "precision": arguments.precision,
        "cores": os.cpu_count(),
        "threads of PyTorch": torch.get_num_threads(),
        "steps": {},
        "costs": {},
    }
    for name, make in CASES.items():
        if arguments.only is None or arguments.only in name:
            results["steps"][name] = timed(
                make,
                arguments.precision,
                arguments.steps,
                arguments.rounds,
                arguments.in_a_call,
            )
            print(name, json.dumps(results["steps"][name]), flush=True)
    if arguments.only is None:
        results["import, seconds"] = import_seconds(rounds=5)
        for name, (argument, values) in COSTS.items():
            results["costs"][name] = costs(argument, values)
            print(name, results["costs"][name], flush=True)
        kl.plots.save(figure(results["costs"]), arguments.output / "costs.png")
    results["minutes"] = round((time.perf_counter() - begun) / 60, 1)
    text = json.dumps(results, indent=2)
    kl.saving.write_text(arguments.output / "result.json", text + "\n")
    print(f"{text}\n\n{table(results['steps'])}")


if __name__ == "__main__":
    main()
