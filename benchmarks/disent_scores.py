"""MIG, DCI, SAP and the FactorVAE score of the same codes, by disent and by us.

Codes are what `benchmarks/disentanglement.py` left of a run, with the factors of the
shapes; and codes that are the factors themselves, mixed and with noise. Ours first
writes codes, factors, the order of the rows and our scores; then `disent` (PyPI), in an
environment of its own, measures the same rows, drawn in the same order.

    python benchmarks/disent_scores.py ours runs/disentanglement/0-seed-0.npz
    python3 -m venv /tmp/disent && /tmp/disent/bin/pip install disent==0.8.0
    /tmp/disent/bin/python benchmarks/disent_scores.py theirs
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 2000
VOTES = 10_000


def made_codes(factors: np.ndarray) -> dict[str, np.ndarray]:
    """Codes whose scores one knows about: the factors, and mixtures of them."""
    generator = np.random.default_rng(0)
    scaled = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    noise = generator.normal(size=scaled.shape)
    turned = np.linalg.qr(generator.normal(size=(6, 6)))[0]
    return {
        "factors with noise": scaled + 0.2 * noise,
        "factors, turned": scaled @ turned,
        "noise": noise,
    }


def ours(runs: list[Path], folder: Path) -> None:
    """Write rows and our scores of them."""
    import keras_latent as kl
    from keras_latent.metrics import disentanglement as metric

    parts = [kl.datasets.arrays("shapes", split)[1] for split in ("train", "test")]
    factors = np.concatenate(parts)
    codes = {
        str(run.stem): np.load(run, allow_pickle=False)["codes"].astype("float64")
        for run in runs
    }
    codes |= made_codes(factors)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "factors.npz", factors=factors)
    rows = np.random.default_rng(1).permutation(len(factors))[:ROWS]
    for name, values in codes.items():
        some, of_some = values[rows], factors[rows]
        dci = metric.dci(some, of_some, regressor="boosting")
        scores = {
            "MIG": float(metric.mig(values, factors)),
            "DCI disentanglement": dci.disentanglement,
            "DCI completeness": dci.completeness,
            "DCI informativeness": dci.informativeness,
            "SAP": float(metric.sap(some, of_some)),
            "FactorVAE score": float(metric.factor_vae_score(values, factors)),
        }
        # The rows in the order in which ours drew them for training, then for testing.
        order = rows[np.random.default_rng(0).permutation(ROWS)]
        np.savez(folder / f"codes-{name}.npz", codes=values, order=order)
        _write(folder / f"ours-{name}.json", scores)
        print(name, scores, flush=True)


class Rows:
    """What disent takes for a dataset: rows in a given order, whose images are codes.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Integers of shape (n, factors), all combinations.
        order: The rows in the order in which they are drawn.
    """

    def __init__(
        self, codes: np.ndarray, factors: np.ndarray, order: np.ndarray
    ) -> None:
        self.gt_data = self
        self.num_factors = factors.shape[1]
        self._codes, self._factors, self._order = codes, factors, order
        self._drawn = 0
        self._sizes = factors.max(axis=0) + 1
        self._row_of = np.empty(tuple(self._sizes), "int64")
        self._row_of[tuple(factors.T)] = np.arange(len(factors))

    def dataset_sample_batch_with_factors(
        self, count: int, *_: Any, **__: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """The next rows with their factors."""
        rows = self._order[self._drawn : self._drawn + count]
        self._drawn += count
        return self._codes[rows], self._factors[rows]

    def dataset_sample_batch(self, count: int, *_: Any, **__: Any) -> np.ndarray:
        """Any rows."""
        return self._codes[np.random.randint(len(self._codes), size=count)]

    def sample_factors(self, count: int) -> np.ndarray:
        """Any combinations."""
        return np.random.randint(self._sizes, size=(count, self.num_factors))

    def dataset_batch_from_factors(
        self, factors: np.ndarray, *_: Any, **__: Any
    ) -> np.ndarray:
        """The rows of combinations."""
        return self._codes[self._row_of[tuple(np.asarray(factors).T)]]


def theirs(folder: Path) -> None:
    """Print the scores of disent beside ours."""
    from disent import metrics

    def same(codes: Any) -> Any:
        return codes

    factors = np.load(folder / "factors.npz")["factors"]
    n_train = 2 * ROWS // 3
    sizes = {"num_train": n_train, "num_test": ROWS - n_train}
    print("| codes | metric | ours | disent |\n|---|---|---|---|")
    for file in sorted(folder.glob("codes-*.npz")):
        with np.load(file) as saved:
            codes, order = saved["codes"], saved["order"]
        np.random.seed(0)
        everything = Rows(codes, factors, np.arange(len(codes)))
        found = metrics.metric_mig.unwrap(everything, same, len(codes), len(codes))
        found |= metrics.metric_dci.unwrap(
            Rows(codes, factors, order), same, **sizes, batch_size=ROWS
        )
        found |= metrics.metric_sap.unwrap(
            Rows(codes, factors, order), same, **sizes, batch_size=ROWS
        )
        found |= metrics.metric_factor_vae.unwrap(
            everything, same, num_train=VOTES, num_eval=VOTES // 2
        )
        name = file.stem.removeprefix("codes-")
        scores = json.loads((folder / f"ours-{name}.json").read_text(encoding="utf-8"))
        names = {
            "MIG": "mig.discrete_score",
            "DCI disentanglement": "dci.disentanglement",
            "DCI completeness": "dci.completeness",
            "DCI informativeness": "dci.informativeness_test",
            "SAP": "sap.score",
            "FactorVAE score": "factor_vae.eval_accuracy",
        }
        for metric, key in names.items():
            print(f"| {name} | {metric} | {scores[metric]:.6f} | {found[key]:.6f} |")


def _write(file: Path, content: dict[str, float]) -> None:
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def main() -> None:
    """Measure one side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=["ours", "theirs"])
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("runs/disent"))
    arguments = parser.parse_args()
    if arguments.side == "ours":
        ours(arguments.runs, arguments.folder)
    else:
        theirs(arguments.folder)


if __name__ == "__main__":
    main()
