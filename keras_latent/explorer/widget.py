"""The explorer in a notebook."""

from collections.abc import Sequence
from typing import Any

from keras_latent.datasets.source import Source
from keras_latent.explorer.answers import Answers
from keras_latent.explorer.bundle import script, style
from keras_latent.explorer.exploration import Exploration
from keras_latent.models import LatentModel
from keras_latent.typing import Observation


def widget(
    model: LatentModel,
    images: Observation | Source,
    labels: Any = None,
    class_names: Sequence[str] | None = None,
    limit: int = 2000,
    projection: str = "pca",
    title: str | None = None,
    seed: int = 0,
    sampler: Any = None,
    data: str | None = None,
) -> Any:
    """Play with the codes of a model in a notebook.

    `keras_latent.explorer(model, images)` is this function. The model of the notebook
    decodes, whatever its layers are.

    Args:
        model: A latent model of this library.
        images: What to show, as for `write_page`.
        labels: The classes of the images, array-like of shape (count,); a conditional
            model is told them. Defaults to `None`.
        class_names: The names of the classes that `labels` are the indices of.
            Defaults to `None`.
        limit: Images that are shown at most; of more, the seed draws them. Defaults to
            2000.
        projection: `"pca"`, or a second map by `"tsne"` or `"umap"`. Defaults to
            `"pca"`.
        title: Heading. Defaults to `None`: the name of the variant.
        seed: Seed of all that is drawn. Defaults to 0.
        sampler: A fitted sampler of `keras_latent.samplers`, from which codes are drawn
            instead of the model's prior. Defaults to `None`.
        data: What the images are, in a few words, such as `"the split test of mnist"`:
            the page says how many of them it shows. Defaults to `None`.

    Returns:
        An `anywidget.AnyWidget`: what a notebook shows when a cell ends in it.

    Raises:
        ValueError: If an argument is wrong, or the model can't be explored.
        ImportError: If anywidget isn't installed.
    """
    anywidget: Any = _import_anywidget()
    answers = Answers(
        Exploration(
            model,
            images,
            labels,
            class_names,
            limit,
            projection,
            title,
            seed,
            sampler,
            data,
        )
    )

    class ExplorerWidget(anywidget.AnyWidget):
        """The page in a cell, which asks the kernel."""

        _esm = script()
        _css = style()

        def __init__(self) -> None:
            super().__init__()
            self.on_msg(self._on_question)

        def _on_question(self, _: Any, question: Any, buffers: Any) -> None:
            number = question.get("id") if isinstance(question, dict) else None
            try:
                answer = answers.answer(question)
            except ValueError as error:
                self.send({"id": number, "error": str(error)})
                return
            self.send({"id": number}, buffers=[answer])

    return ExplorerWidget()


def _import_anywidget() -> Any:
    try:
        import anywidget
    except ImportError as error:
        raise ImportError(
            "`keras_latent.explorer` needs the package anywidget: "
            "`pip install 'keras_latent[explorer]'`"
        ) from error
    return anywidget
