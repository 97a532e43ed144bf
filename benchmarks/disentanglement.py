"""Eight objectives on shapes or cats, several seeds each: how far codes are untangled.

One small network and a code of 10 numbers for all. Codes are measured after a fixed
number of steps: of the shapes those of all 6,912 images, which are all combinations of
the six factors; of the cats those of 20,000 that were trained on and 5,000 that
weren't. A run leaves its results in a file under `benchmarks/results` and its codes
under `runs`; whose results are there isn't made again, so that a run that was cut goes
on, and more seeds add to it. UDR is of the seeds whose codes are there.

    python benchmarks/disentanglement.py
    python benchmarks/disentanglement.py --dataset cats
    python benchmarks/disentanglement.py --seeds 2 --objectives VAE FactorVAE
    python benchmarks/disentanglement.py --table

The last lines say which share of the variance of a score lies between objectives; the
rest is that of seeds.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

import keras_latent as kl
from keras_latent.datasets import cats, shapes
from keras_latent.metrics import disentanglement
from keras_latent.saving import written_whole

RESULTS = Path(__file__).parent / "results" / "disentanglement"
CODES = Path("runs/disentanglement")
SHAPE = (32, 32, 3)
LATENT_DIM = 10
CAPACITY = 15.0
ROWS = 2000
"""How many codes are drawn for the two metrics that fit classifiers of each factor."""


class Data(NamedTuple):
    """Images to train on, images to test on, and what their labels say."""

    train: str
    test: str
    factors: tuple[str, ...]


DATA = {
    "shapes": Data("train", "test", tuple(shapes.FACTORS)),
    "cats": Data("train[:20000]", "test[:5000]", tuple(cats.FACTORS)),
}

SHOWN = ("MSE", "MIG", "DCI", "SAP", "FactorVAE score", "β-VAE score", "modularity")
OTHERS = (
    "MIG-sup",
    "completeness",
    "informativeness",
    "explicitness",
    "IRS",
    "InfoM",
    "InfoC",
    "InfoE",
)

Objective = Callable[[keras.Model, keras.Model, int], keras.Model]
OBJECTIVES: dict[str, Objective] = {
    "VAE": lambda encoder, decoder, count: kl.models.VAE(encoder, decoder),
    "VAE, β = 4": lambda encoder, decoder, count: kl.models.VAE(
        encoder, decoder, beta=4.0
    ),
    "CapacityVAE": lambda encoder, decoder, count: kl.models.CapacityVAE(
        encoder, decoder, gamma=100.0
    ),
    "FactorVAE": lambda encoder, decoder, count: kl.models.FactorVAE(encoder, decoder),
    "BetaTCVAE": lambda encoder, decoder, count: kl.models.BetaTCVAE(
        encoder, decoder, dataset_size=count
    ),
    "DIPVAE, i": lambda encoder, decoder, count: kl.models.DIPVAE(
        encoder, decoder, kind="i"
    ),
    "DIPVAE, ii": lambda encoder, decoder, count: kl.models.DIPVAE(
        encoder, decoder, kind="ii"
    ),
    "InfoVAE": lambda encoder, decoder, count: kl.models.InfoVAE(encoder, decoder),
}


def trained(name: str, seed: int, images: np.ndarray, steps: int) -> keras.Model:
    """A model of an objective after so many steps."""
    keras.utils.set_random_seed(seed)
    model = OBJECTIVES[name](
        kl.networks.convolutional_encoder(SHAPE, (16, 32, 32)),
        kl.networks.convolutional_decoder(SHAPE, LATENT_DIM, (32, 32, 16, 8)),
        len(images),
    )
    optimizers = {player: keras.optimizers.Adam(1e-3) for player in model.players()}
    if "discriminator" in optimizers:
        optimizers["discriminator"] = keras.optimizers.Adam(1e-4, beta_1=0.5)
    model.compile(optimizers, steps_per_execution=8)
    callbacks = []
    if "capacity" in model.scheduled:
        growth = kl.callbacks.Linear(0.0, CAPACITY, duration=steps // 2)
        callbacks.append(kl.callbacks.WeightSchedule("capacity", growth, by="step"))
    batch = 64
    epochs = -(-steps * batch // len(images))
    model.fit(images, batch_size=batch, epochs=epochs, callbacks=callbacks, verbose=0)
    return model


def measured(
    codes: np.ndarray, factors: np.ndarray, names: tuple[str, ...]
) -> dict[str, float]:
    """Each metric of the codes."""
    metric = disentanglement
    dci = metric.dci(codes, factors, factor_names=names)
    infomec = metric.infomec(codes, factors, size=ROWS)
    rows = np.random.default_rng(0).permutation(len(codes))[:ROWS]
    return {
        "MIG": metric.mig(codes, factors, factor_names=names).value,
        "DCI": dci.disentanglement,
        "completeness": dci.completeness,
        "informativeness": dci.informativeness,
        "SAP": metric.sap(codes, factors, factor_names=names).value,
        "MIG-sup": metric.mig_sup(codes, factors).value,
        "explicitness": metric.explicitness(codes[rows], factors[rows]).value,
        "IRS": metric.irs(codes, factors).value,
        "InfoM": infomec.modularity,
        "InfoC": infomec.compactness,
        "InfoE": infomec.explicitness,
        "FactorVAE score": metric.factor_vae_score(codes, factors).value,
        "β-VAE score": metric.beta_vae_score(codes, factors).value,
        "modularity": metric.modularity(codes, factors).value,
    }


def run(name: str, dataset: str, seed: int, steps: int) -> None:
    """Train and measure one model, unless that was done before."""
    file = RESULTS / dataset / f"{list(OBJECTIVES).index(name)}-seed-{seed}.json"
    if file.is_file() and _results(file)["steps"] == steps:
        return
    start = time.perf_counter()
    data = DATA[dataset]
    images, factors = kl.datasets.arrays(dataset, data.train, SHAPE[:2])
    model = trained(name, seed, images, steps)
    seconds = time.perf_counter() - start
    others, others_factors = kl.datasets.arrays(dataset, data.test, SHAPE[:2])
    everything = np.concatenate([images, others])
    factors = np.concatenate([factors, others_factors])
    codes = np.asarray(model.encode(everything))
    error = np.mean(np.square(others - np.asarray(model.reconstruct(others))))
    results: dict[str, Any] = {
        "objective": name,
        "seed": seed,
        "steps": steps,
        "seconds": round(seconds, 1),
        "active": int(kl.metrics.active_units(codes).sum()),
        "scores": {"MSE": float(error), **measured(codes, factors, data.factors)},
    }
    kept = (CODES / dataset / file.name).with_suffix(".npz")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(kept) as path, open(path, "wb") as written:
        np.savez_compressed(written, codes=codes.astype("float32"))
    with written_whole(file) as path:
        path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(f"{name}, seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)


def tables(dataset: str, objectives: Sequence[str]) -> str:
    """Means and standard deviations of what was measured of objectives, in Markdown."""
    files = sorted((RESULTS / dataset).glob("*.json"))
    found = [_results(file) for file in files]
    found = [one for one in found if one["objective"] in objectives]
    by_name = {
        name: [one for one in found if one["objective"] == name] for name in OBJECTIVES
    }
    by_name = {name: runs for name, runs in by_name.items() if runs}
    first = {
        name: [
            str(len(runs)),
            *_spreads(runs, SHOWN),
            _agreement(dataset, name, [one["seed"] for one in runs]),
            _spread([one["active"] for one in runs], "{:.1f}"),
        ]
        for name, runs in by_name.items()
    }
    second = {name: _spreads(runs, OTHERS) for name, runs in by_name.items()}
    lines = [
        *_table(("seeds", *SHOWN, "UDR", "active"), first),
        "",
        *_table(OTHERS, second),
        "",
        *_shares(found),
    ]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: dict[str, list[str]]) -> list[str]:
    lines = ["| | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
    return lines + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]


def _spreads(runs: list[dict[str, Any]], scores: Sequence[str]) -> list[str]:
    return [
        _spread(
            [one["scores"][score] for one in runs],
            "{:.4f}" if score == "MSE" else "{:.3f}",
        )
        for score in scores
    ]


def _results(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _spread(numbers: list[float], form: str = "{:.3f}") -> str:
    text = form.format(np.mean(numbers))
    if len(numbers) > 1:
        text += f" ± {form.format(np.std(numbers, ddof=1))}"
    return text


def _agreement(dataset: str, name: str, seeds: list[int]) -> str:
    """UDR of the seeds of an objective whose codes are there, by rank correlation."""
    number = list(OBJECTIVES).index(name)
    files = [CODES / dataset / f"{number}-seed-{seed}.npz" for seed in seeds]
    files = [file for file in files if file.exists()]
    if len(files) < 2:
        return ""
    codes = [np.load(file, allow_pickle=False)["codes"] for file in files]
    score = disentanglement.udr(codes, similarity="spearman")
    return f"{score.value:.3f}"


def _shares(found: list[dict[str, Any]]) -> list[str]:
    """Which share of the variance of each score the objective explains."""
    lines = []
    for score in SHOWN + OTHERS:
        of_each = [
            [one["scores"][score] for one in found if one["objective"] == name]
            for name in OBJECTIVES
        ]
        of_each = [numbers for numbers in of_each if len(numbers) > 1]
        if len(of_each) < 2:
            continue
        total = np.concatenate(of_each)
        within = sum(np.square(np.subtract(n, np.mean(n))).sum() for n in of_each)
        share = 1 - within / np.square(total - total.mean()).sum()
        chance = (len(of_each) - 1) / (len(total) - 1)
        lines.append(
            f"{score}: {share:.0%} of the variance is that of the objectives, "
            f"{chance:.0%} by chance"
        )
    return lines


def main() -> None:
    """Make the runs that are missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument(
        "--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES)
    )
    parser.add_argument("--dataset", choices=DATA, default="shapes")
    parser.add_argument("--table", action="store_true", help="of what is there")
    arguments = parser.parse_args()
    (RESULTS / arguments.dataset).mkdir(parents=True, exist_ok=True)
    if not arguments.table:
        for seed in range(arguments.seeds):
            for name in arguments.objectives:
                run(name, arguments.dataset, seed, arguments.steps)
    print(tables(arguments.dataset, arguments.objectives))


if __name__ == "__main__":
    main()
