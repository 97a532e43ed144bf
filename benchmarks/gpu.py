"""What a machine with a GPU is to show: that training works there, and how fast it is.

On one GPU or several, in one run:

- what processors can't check: `MirroredStrategy` over all of them against one, float16
  and bfloat16 against float32, XLA, memory that grows, and runs that repeat themselves
  bit for bit;
- a step of each variant of `speed.py`, in float32 and in bfloat16, against PyTorch
  (eager and compiled, in the same precision), against a hand-written `tf.function` loop
  (in float32), and against the card's peak: the rate of a product of large matrices.

Without a GPU it says so, and does the same on the processor, on little data: that shows
that the script runs, and nothing of a GPU. Without PyTorch, steps aren't measured.

    pip install '.[benchmarks,cuda]'
    python benchmarks/gpu.py
    python benchmarks/gpu.py --only checks
"""

import argparse
import copy
import functools
import importlib.util
import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from policies import PRECISIONS, policy
from timing import best_seconds

import keras_latent as kl

NO_GPU = (
    "NO GPU: TensorFlow finds none on this machine. What follows ran on the processor, "
    "and says nothing about a GPU."
)
BATCH_SIZE = 128
SHAPE = (28, 28, 1)
MATRIX = {True: 8192, False: 512}
"""Side of the matrices, on a GPU and without one."""

# In half precision, a loss of hundreds of nats is right to about its third digit.
_CLOSE = {"mixed_float16": 0.02, "mixed_bfloat16": 0.05}


def images(count: int) -> np.ndarray:
    """Digits."""
    return kl.datasets.arrays("mnist", "train", limit=count)[0]


def trained(
    count: int, strategy: Any = None, jit_compile: bool = False
) -> tuple[float, list[np.ndarray]]:
    """The loss and the weights after an epoch of a small `VAE`."""
    keras.utils.set_random_seed(0)
    with (strategy or tf.distribute.get_strategy()).scope():
        model = kl.models.VAE.for_images(SHAPE, latent_dim=8)
        model.compile("adam", jit_compile=jit_compile)
    logs = model.fit(images(count), batch_size=BATCH_SIZE, verbose=0, shuffle=False)
    return logs.history["loss"][0], model.get_weights()


def differ(what: str, found: float, expected: float, tolerance: float) -> str:
    """A line about a relative difference.

    Raises:
        ArithmeticError: If it is above the tolerance, or no number.
    """
    difference = abs(found - expected) / abs(expected)
    line = f"{what} {found:.4f}, expected {expected:.4f} ({difference:.1e} of it)"
    if not difference <= tolerance:
        raise ArithmeticError(f"{line}, at most {tolerance:g}")
    return line


# The checks: each gives a line, or raises.


def mirrored(count: int) -> str:
    """All GPUs compute what one does on the whole batch."""
    cards = [card.name for card in tf.config.list_logical_devices("GPU")]
    loss, _ = trained(count)
    together, _ = trained(count, tf.distribute.MirroredStrategy(cards or ["CPU:0"]))
    said = differ("loss", together, loss, 1e-3)
    return f"{max(len(cards), 1)} replicas: {said}"


def half_precision(name: str, count: int) -> str:
    """A dtype policy of half precision trains to about the loss of float32."""
    loss, _ = trained(count)
    with policy(name):
        half, weights = trained(count)
    if not all(np.isfinite(own).all() for own in weights):
        raise ArithmeticError("Weights aren't finite")
    return differ("loss", half, loss, _CLOSE[name])


def xla(count: int) -> str:
    """XLA's step has the loss of TensorFlow's."""
    return differ("loss", trained(count, jit_compile=True)[0], trained(count)[0], 1e-2)


def memory_growth(count: int) -> str:
    """The process takes what it needs of the card, not all of it."""
    trained(count)
    cards = tf.config.list_physical_devices("GPU")
    if not cards:
        return "not looked at: no GPU"
    if not all(tf.config.experimental.get_memory_growth(card) for card in cards):
        raise ArithmeticError("Memory doesn't grow: the process took all of the card")
    peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return f"{peak / 2**20:.0f} MB at the peak"


def determinism(count: int) -> str:
    """Two runs of one seed end with the same weights, bit for bit.

    It can't be switched off again, so it comes last.
    """
    tf.config.experimental.enable_op_determinism()
    (_, first), (_, second) = trained(count), trained(count)
    if not all(np.array_equal(a, b) for a, b in zip(first, second, strict=True)):
        raise ArithmeticError("Weights of two runs of one seed differ")
    return f"{len(first)} arrays of weights are the same, bit for bit"


CHECKS: dict[str, Callable[[int], str]] = {
    "MirroredStrategy": mirrored,
    "mixed_float16": functools.partial(half_precision, "mixed_float16"),
    "mixed_bfloat16": functools.partial(half_precision, "mixed_bfloat16"),
    "XLA": xla,
    "memory growth": memory_growth,
    "determinism": determinism,
}


def checked(count: int, checks: dict[str, Callable[[int], str]]) -> dict[str, Any]:
    """The outcome of each check; the others run where one fails."""
    outcomes = {}
    for name, check in checks.items():
        begun = time.perf_counter()
        try:
            passed, said = True, check(count)
        except Exception as error:  # Of any kind: the report names it.
            passed, said = False, f"{type(error).__name__}: {error}"
            traceback.print_exc()
        seconds = round(time.perf_counter() - begun, 1)
        outcomes[name] = {"passed": passed, "said": said, "seconds": seconds}
        print(f"{'ok  ' if passed else 'FAIL'} {name}: {said}", flush=True)
    return outcomes


# The speed.


def matrix_product(side: int, dtype: str) -> Callable[[], object]:
    """The product of two large matrices, waited for."""
    a, b = (tf.cast(tf.random.normal((side, side)), dtype) for _ in range(2))
    product = tf.function(lambda: tf.reduce_sum(tf.cast(tf.matmul(a, b), "float32")))
    return lambda: product().numpy()


def torch_epochs(
    case: Any, batches: list[tuple[np.ndarray, np.ndarray]], precision: str
) -> dict[str, Callable[[], object]]:
    """An epoch in PyTorch, eager and compiled; none without PyTorch."""
    import torch
    import torch_steps

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # As TensorFlow multiplies in float32 on a GPU that has TF32, PyTorch shall.
    is_tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
    torch.set_float32_matmul_precision("high" if is_tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = is_tf32

    eager = [
        torch_steps.under_autocast(objective, device, precision)
        for objective in case.objectives
    ]
    placed = [
        (
            torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).to(device),
            torch.from_numpy(y).to(device),
        )
        for x, y in batches
    ]

    def waited_for(run: Callable[[], object]) -> Callable[[], object]:
        def both() -> None:
            run()
            if device == "cuda":
                torch.cuda.synchronize()

        return both

    return {
        name: waited_for(
            torch_steps.epoch(
                copy.deepcopy(case.torch).to(device),
                own,
                placed,
                torch.channels_last,
            )
        )
        for name, own in {
            "torch, eager": eager,
            "torch, compiled": [torch.compile(own) for own in eager],
        }.items()
    }


def timed(make: Callable[[], Any], precision: str, steps: int, rounds: int) -> Any:
    """Milliseconds of a step of one variant in each way, and its operations."""
    import speed
    import tensorflow_steps

    with policy(precision):
        case = make()
    digits, labels = kl.datasets.arrays("mnist", "train", limit=steps * BATCH_SIZE)
    dataset = tf.data.Dataset.from_tensor_slices((digits, labels))
    dataset = dataset.batch(BATCH_SIZE, drop_remainder=True).cache().prefetch(2)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    case.compile(steps)
    rivals: dict[str, Callable[[], object]] = {
        "fit": functools.partial(case.model.fit, dataset, verbose=0)
    }
    operations = None
    if precision == "float32":
        operations = speed.floating_point_operations(case.by_hand, next(iter(dataset)))
        epoch = tensorflow_steps.epoch(case.by_hand, dataset, steps)
        # Steps on a GPU are waited for.
        wait = tf.test.experimental.sync_devices
        rivals["by hand"] = lambda: (epoch(), wait())
    batches = [(x.numpy(), y.numpy()) for x, y in dataset]
    failed = {}
    for name, run in torch_epochs(case, batches, precision).items():
        try:
            run()
        except Exception as error:  # Of any kind: not all can be compiled.
            failed[name] = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            rivals[name] = run
    seconds = best_seconds(rivals, rounds)
    found = {f"{name} ms": 1000 * own / steps for name, own in seconds.items()}
    return {**found, "operations": operations, "failed": failed}


def table(steps: dict[str, dict[str, Any]], rates: dict[str, float]) -> str:
    """A Markdown table: times of the rivals, divided by that of `fit`, and the peak.

    Args:
        steps: By variant and precision, what `timed` gave.
        rates: By precision, operations a second of the product of two matrices.
    """
    rivals = ("torch, eager", "torch, compiled", "by hand")
    rows = [
        f"| | precision | {' | '.join(rivals)} | of the peak | `fit`, ms a step |",
        "|---|---|---|---|---|---|---|",
    ]
    operations = {name: own["operations"] for name, own in _float32(steps).items()}
    for key, found in steps.items():
        name, precision = key.rsplit(", ", 1)
        fit = found["fit ms"]
        ratios = [
            f"{found[f'{rival} ms'] / fit:.2f}" if f"{rival} ms" in found else ""
            for rival in rivals
        ]
        made = operations.get(name)
        part = ""
        if made:
            part = f"{100 * made / rates[precision] / (fit / 1000):.0f} %"
        ratios += [part, f"{fit:.2f}"]
        rows.append(f"| {name} | {precision} | {' | '.join(ratios)} |")
    return "\n".join(rows)


def _float32(steps: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those that were counted, by the variant's name alone."""
    ending = ", float32"
    return {
        key.removesuffix(ending): found
        for key, found in steps.items()
        if key.endswith(ending)
    }


def measured(
    steps: int,
    rounds: int,
    side: int,
    only: str | None,
    keep: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """The step of each variant, and the rate of the peak; kept after each."""
    if importlib.util.find_spec("torch") is None:
        print("PyTorch isn't installed (extra `benchmarks`): no steps are measured.")
        return {"steps": {}, "rates": {}}
    import speed

    found: dict[str, Any] = {"steps": {}, "rates": {}, "failed": {}}
    for precision in PRECISIONS:
        dtype = precision.removeprefix("mixed_")
        run = matrix_product(side, dtype)
        seconds = best_seconds({"product": run}, rounds)["product"]
        found["rates"][precision] = 2 * side**3 / seconds
    for name, make in speed.CASES.items():
        for precision in PRECISIONS:
            if only is None or only in name:
                key = f"{name}, {precision}"
                try:
                    found["steps"][key] = timed(make, precision, steps, rounds)
                except Exception as error:  # Such as memory that is full.
                    reason = f"{type(error).__name__}: {error}".splitlines()[0]
                    found["failed"][key] = reason
                    print(key, reason, flush=True)
                else:
                    print(key, json.dumps(found["steps"][key]), flush=True)
                keep(found)
    return found


def cards() -> list[dict[str, Any]]:
    """What TensorFlow says of each GPU, after letting its memory grow."""
    found = []
    for card in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(card, True)
        found.append(dict(tf.config.experimental.get_device_details(card)))
    return found


def report(results: dict[str, Any]) -> str:
    """What is printed in the end: the note, the checks, the table."""
    lines = [] if results["gpus"] else [NO_GPU, ""]
    lines += ["| check | | |", "|---|---|---|"]
    lines += [
        f"| {name} | {'ok' if own['passed'] else 'FAILED'} | {own['said']} |"
        for name, own in results["checks"].items()
    ]
    if results["steps"]:
        lines += ["", table(results["steps"], results["rates"])]
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Check and measure, and write both; the number of checks that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="`checks`, or a part of a variant's name")
    parser.add_argument("--steps", type=int, help="a round. Default: 64; 2 on no GPU")
    parser.add_argument("--rounds", type=int, help="Default: 20; 1 on no GPU")
    parser.add_argument("--output", type=Path, default=Path("runs/gpu"))
    arguments = parser.parse_args(words)
    gpus = cards()
    if not gpus:
        print(NO_GPU, flush=True)
    has_gpu = bool(gpus)
    results: dict[str, Any] = {
        "gpus": gpus,
        "note": None if has_gpu else NO_GPU,
        "versions": {own.__name__: own.__version__ for own in (tf, keras, kl)},
        "steps": {},
        "rates": {},
    }
    arguments.output.mkdir(parents=True, exist_ok=True)

    def keep(found: dict[str, Any]) -> None:
        text = json.dumps({**results, **found}, indent=2, default=str)
        kl.saving.write_text(arguments.output / "result.json", text + "\n")

    # Speed first: what the checks switch on slows it down.
    if arguments.only != "checks":
        results |= measured(
            arguments.steps or (64 if has_gpu else 2),
            arguments.rounds or (20 if has_gpu else 1),
            MATRIX[has_gpu],
            arguments.only,
            keep,
        )
    results["checks"] = checked(16 * BATCH_SIZE if has_gpu else BATCH_SIZE, CHECKS)
    keep({})
    print(f"\n{report(results)}")
    return sum(not own["passed"] for own in results["checks"].values())


if __name__ == "__main__":
    raise SystemExit(main())
