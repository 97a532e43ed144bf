"""`keras-latent list`."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def list_command() -> None:
    """Show the variants and the datasets, and what each is for."""
    from keras_latent import datasets, models

    variants = Table(
        "variant", "what it is, and its terms", title="Variants", title_justify="left"
    )
    for name, variant in models.VARIANTS.items():
        described = (variant.__doc__ or "").splitlines()[0]
        terms = [
            f"  [bold]{term}[/]: {escape(meaning)}"
            for term, meaning in variant.term_meanings.items()
        ]
        variants.add_row(name, "\n".join([escape(described), *terms]))
    for name, (variant_name, settings, described) in models.COMBINATIONS.items():
        said = " ".join(f"--set {n}={value}" for n, value in settings.items())
        shown = f"{escape(described)}\n  {variant_name} {escape(said)}"
        variants.add_row(name, shown)
    sources = Table("dataset", "what it is", title="Datasets", title_justify="left")
    for name, description in datasets.DATASETS.items():
        sources.add_row(name, description)
    sources.add_row(
        "a folder", "images, in one subfolder for each label if there are any"
    )
    sources.add_row("another name", "a dataset of tensorflow-datasets")
    console = Console()
    console.print(variants)
    console.print(sources)
