"""How much a pretrained encoder helps where it wasn't trained, with few labels.

Encoders of MNIST meet the digits of other writers (Alpaydin and Kaynak 1998, as
scikit-learn brings them, 8 x 8 pixels), encoders of emoji meet logos, told by the
package they are from. Of each class 10, 30 and 100 images are labelled. Measured is the
accuracy on the same images of every class, none of which are among the labelled ones:

- a linear probe of the features: mean and maximum of the last map;
- the same network fine-tuned, its head begun with the probe (Kumar et al. 2022), which
  loses less of what was learned than a head begun at random;
- the same network from scratch, for as many steps;
- a linear probe of principal components of the pixels, as many as the code has numbers.

`python -m applications.transfer` writes the results into the cards of `saved_models`. A
run that was cut goes on.
"""

import argparse
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import keras_latent as kl
from applications.card import write_card
from keras_latent.applications import weight_files
from keras_latent.datasets.icons import icon_columns
from keras_latent.saving import write_text

COUNTS = (10, 30, 100)
STEPS = 200
BATCH_SIZE = 32
SHIFT = 0.07
"""How far images are moved in training, as a share of their side."""
RATES = {
    "mnist": {"fine-tuned": 1e-3, "from scratch": 3e-3},
    "emoji": {"fine-tuned": 3e-4, "from scratch": 1e-3},
}
"""The best of three for one seed, each, with 30 labels a class."""
TESTED = 70
"""Images of each class that the accuracy is of."""
SCRATCH = "ConvAutoencoder"
"""The builder whose network is trained from scratch: the others' encoders are alike."""


class Method(NamedTuple):
    """A way to tell classes from few labels.

    Args:
        on_card: What a card calls it.
        in_table: What the table calls it.
        is_pretrained: Whether it stands on pretrained weights, or beside them.
    """

    on_card: str
    in_table: str
    is_pretrained: bool


METHODS = {
    "probe": Method("linear probe of the features", "linear probe", True),
    "fine-tuned": Method("fine-tuned", "fine-tuned", True),
    "from scratch": Method(
        "the same network from scratch", "the network from scratch", False
    ),
    "pca": Method(
        "linear probe of principal components", "probe of principal components", False
    ),
}

Rows = tuple[np.ndarray, np.ndarray]


class Target(NamedTuple):
    """Images that the encoder never saw, with labels.

    Args:
        what: What they are.
        images: float32 in [0, 1], of shape (count, height, width, channels).
        labels: Integers of shape (count,).
    """

    what: str
    images: np.ndarray
    labels: np.ndarray


@functools.cache
def digits_of_others() -> Target:
    """1,797 digits, made as large as those of MNIST."""
    found = load_digits()
    small = np.pad(found.images.astype("float32") / 16, ((0, 0), (1, 1), (1, 1)))
    large = keras.ops.image.resize(
        small[..., None], (28, 28), interpolation="bicubic", data_format="channels_last"
    )
    images = np.clip(keras.ops.convert_to_numpy(large), 0, 1)
    return Target("digits of other writers, ten classes", images, found.target)


@functools.cache
def logos() -> Target:
    """Logos by the package that they are from."""
    columns = [icon_columns(split) for split in ("train", "test")]
    packages = np.concatenate([part["package"] for part in columns])
    _, labels = np.unique(packages, return_inverse=True)
    images = np.concatenate([part["image"] for part in columns])
    kept = np.concatenate(_drawn(labels, max(COUNTS) + TESTED, seed=0))
    return Target("logos of four packages", images[kept], labels[kept])


TARGETS: dict[str, Callable[[], Target]] = {"mnist": digits_of_others, "emoji": logos}
BUILDERS = {
    "mnist": ("ConvAutoencoder", "ConvConstrainedAutoencoder", "ConvEncDec", "ConvVAE"),
    "emoji": ("ConvAutoencoder", "ConvEncDec", "ConvVAE"),
}


def _drawn(labels: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """So many rows of each class, at random."""
    generator = np.random.default_rng(seed)
    return [
        generator.permutation(np.flatnonzero(labels == label))[:count]
        for label in np.unique(labels)
    ]


def split(labels: np.ndarray, count: int, seed: int) -> Rows:
    """The labelled rows, which more labels add to, and those that are tested."""
    drawn = _drawn(labels, max(COUNTS) + TESTED, seed)
    return (
        np.concatenate([rows[TESTED:][:count] for rows in drawn]),
        np.concatenate([rows[:TESTED] for rows in drawn]),
    )


def probe(features: np.ndarray, labels: np.ndarray) -> Any:
    """A logistic regression, its penalty chosen among the labelled rows alone."""
    regression = LogisticRegressionCV(
        Cs=6,
        cv=3,
        max_iter=300,
        l1_ratios=(0.0,),
        scoring="accuracy",
        use_legacy_attributes=False,
    )
    return make_pipeline(StandardScaler(), regression).fit(features, labels)


def pooled(builder: str, weights: str | None, image_shape: Any) -> keras.Model:
    """From images to the mean and the maximum of the last map of an encoder."""
    backbone = kl.applications.BUILDERS[builder](
        weights=weights, include_top=False, input_shape=image_shape
    )
    layers = keras.layers
    pools = layers.GlobalAveragePooling2D(), layers.GlobalMaxPooling2D()
    features = layers.Concatenate()([pool(backbone.output) for pool in pools])
    return keras.Model(backbone.input, features)


def trained(
    features: keras.Model, rate: float, target: Target, rows: Rows, head: Any, seed: int
) -> float:
    """The accuracy of a network after `STEPS` steps.

    Args:
        features: The network below the head.
        rate: Adam's learning rate.
        target: The images.
        rows: The labelled ones, and those that are tested.
        head: A fitted `probe` that the head begins as, or `None`.
        seed: For the draws of the head, of the shifts and of the batches.
    """
    keras.utils.set_random_seed(seed)
    labelled, tested = rows
    image = keras.Input(target.images.shape[1:])
    moved = keras.layers.RandomTranslation(SHIFT, SHIFT, "nearest", seed=seed)(image)
    output = keras.layers.Dense(int(target.labels.max()) + 1)
    network = keras.Model(image, output(features(moved)))
    if head is not None:
        scaler, regression = head[0], head[-1]
        kernel = regression.coef_.T / scaler.scale_[:, None]
        output.set_weights([kernel, regression.intercept_ - scaler.mean_ @ kernel])
    network.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    order = np.random.default_rng(seed)
    seen = STEPS * BATCH_SIZE
    passes = -(-seen // len(labelled))
    steps = np.concatenate([order.permutation(labelled) for _ in range(passes)])[:seen]
    network.fit(
        target.images[steps],
        target.labels[steps],
        batch_size=BATCH_SIZE,
        shuffle=False,
        verbose=0,
    )
    found = network.predict(target.images[tested], batch_size=250, verbose=0)
    return float((found.argmax(-1) == target.labels[tested]).mean())


def _over_draws(
    target: Target, seeds: int, measured: Callable[[Rows, int], dict[str, float]]
) -> dict[str, list[float]]:
    """A list over the seeds by method and count."""
    results: dict[str, list[float]] = {}
    for count in COUNTS:
        for seed in range(seeds):
            rows = split(target.labels, count, seed)
            for method, accuracy in measured(rows, seed).items():
                results.setdefault(f"{method} {count}", []).append(accuracy)
    return results


def of_builder(builder: str, weights: str, seeds: int) -> dict[str, list[float]]:
    """Accuracies of a pretrained encoder, a list over the seeds by method and count."""
    target = TARGETS[weights]()
    shape = target.images.shape[1:]
    rate = RATES[weights]["fine-tuned"]
    original = pooled(builder, weights, shape)
    features = original.predict(target.images, batch_size=250, verbose=0)

    def measured(rows: Rows, seed: int) -> dict[str, float]:
        labelled, tested = rows
        head = probe(features[labelled], target.labels[labelled])
        network = pooled(builder, weights, shape)
        return {
            "probe": float(head.score(features[tested], target.labels[tested])),
            "fine-tuned": trained(network, rate, target, rows, head, seed),
        }

    return _over_draws(target, seeds, measured)


def of_rivals(weights: str, seeds: int) -> dict[str, list[float]]:
    """Accuracies without a pretrained encoder, as `of_builder` gives them."""
    target = TARGETS[weights]()
    shape = target.images.shape[1:]
    rate = RATES[weights]["from scratch"]
    code = kl.applications.BUILDERS[SCRATCH](weights=weights).latent_dim
    pixels = target.images.reshape(len(target.images), -1)

    def measured(rows: Rows, seed: int) -> dict[str, float]:
        labelled, tested = rows
        components = PCA(code, random_state=seed)
        components.fit(np.delete(pixels, tested, axis=0))
        known, unknown = (components.transform(pixels[part]) for part in rows)
        head = probe(known, target.labels[labelled])
        keras.utils.set_random_seed(seed)
        network = pooled(SCRATCH, None, shape)
        return {
            "pca": float(head.score(unknown, target.labels[tested])),
            "from scratch": trained(network, rate, target, rows, None, seed),
        }

    return _over_draws(target, seeds, measured)


def measures(weights: str, results: dict[str, list[float]]) -> dict[str, Any]:
    """The rows of a card."""
    found = {}
    for key, scores in results.items():
        method, count = key.rsplit(" ", 1)
        spread = 100 * np.std(scores, ddof=1) if len(scores) > 1 else 0.0
        found[f"transfer {key}"] = {
            "what": f"{TARGETS[weights]().what}, {count} labelled images a class: "
            f"accuracy, {METHODS[method].on_card} (mean of {len(scores)} seeds, "
            f"standard deviation {spread:.1f})",
            "value": 100 * float(np.mean(scores)),
            "unit": " %",
        }
    return found


def _kept(file: Path, make: Callable[[], dict[str, list[float]]]) -> Any:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(make(), indent=1) + "\n")
    found = json.loads(file.read_text(encoding="utf-8"))
    means = {
        key: round(100 * float(np.mean(scores)), 1) for key, scores in found.items()
    }
    print(file.stem, means, flush=True)
    return found


def main() -> None:
    """Measure what isn't measured yet, and write it into the cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=Path("runs/transfer"))
    arguments = parser.parse_args()
    seeds = arguments.seeds
    for weights in arguments.weights:
        file = arguments.runs / f"{weights}-rivals-{seeds}.json"
        rivals = _kept(file, functools.partial(of_rivals, weights, seeds))
        for folder in sorted(weight_files.saved_models_folder().iterdir()):
            text = (folder / weight_files.CARD_FILE).read_text(encoding="utf-8")
            card = json.loads(text)
            builder = card["builder"]
            if card["dataset"] != weights or builder not in BUILDERS[weights]:
                continue
            file = arguments.runs / f"{weights}-{builder}-{seeds}.json"
            make = functools.partial(of_builder, builder, weights, seeds)
            card["measures"] |= measures(weights, _kept(file, make) | rivals)
            write_card(folder, card)


if __name__ == "__main__":
    main()
