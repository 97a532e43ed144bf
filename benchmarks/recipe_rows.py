"""Rows of a table that are models made by recipes: where they are kept, and trained."""

import argparse
from collections.abc import Collection
from pathlib import Path

import keras
from policies import PRECISIONS, policy

import keras_latent as kl
from applications.recipe import Recipe, train
from keras_latent.cli.run_folder import RunFolder


def parser(
    description: str | None, rows: Collection[str], output: str
) -> argparse.ArgumentParser:
    """What such a script takes: rows, epochs, seed, precision and folder."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--rows", nargs="+", choices=rows, default=list(rows))
    made.add_argument("--epochs", type=int, help="of each row. Default: its own")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--precision", choices=PRECISIONS, default="float32")
    made.add_argument("--output", type=Path, default=Path(output))
    return made


def folder_of(name: str, recipe: Recipe, arguments: argparse.Namespace) -> RunFolder:
    """Where a row of these arguments is kept."""
    epochs = arguments.epochs or recipe.epochs
    own = f"{name}-{epochs}-{arguments.seed}-{arguments.precision}"
    folder = RunFolder(arguments.output / own)
    folder.path.mkdir(parents=True, exist_ok=True)
    return folder


def trained(
    recipe: Recipe, folder: RunFolder, arguments: argparse.Namespace
) -> tuple[kl.models.LatentModel, float]:
    """The model of a row after its epochs, and the minutes that they took."""
    if not recipe.epochs:
        return recipe.builder(), 0.0
    keras.utils.set_random_seed(arguments.seed)
    with policy(arguments.precision):
        model, rows = folder.load() or (recipe.builder(), [])
    if not rows:
        optimizers = {
            n: recipe.optimizer(recipe.learning_rate) for n in model.players()
        }
        model.compile(optimizers)
    epochs = arguments.epochs or recipe.epochs
    train(recipe, model, rows, folder, epochs, arguments.seed)
    # The weights are float32 under any policy, and so is what is measured.
    exact = recipe.builder()
    exact.set_weights(model.get_weights())
    return exact, sum(row["seconds"] for row in rows) / 60
