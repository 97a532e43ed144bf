"""The sections of a report, in their order."""

from collections.abc import Mapping, Sequence

from keras_latent.models import FeatureInverter, VariationalModel
from keras_latent.reports import code_sections, image_sections
from keras_latent.reports.learning_section import learning_curves
from keras_latent.reports.section import Section
from keras_latent.reports.subject import Subject

_LEAST_PROJECTED = 5


def sections(
    subject: Subject, history: Mapping[str, Sequence[float]] | None
) -> list[Section]:
    """Draw all sections that apply to the subject.

    Args:
        subject: The model and the images.
        history: Name of the log → its value in each epoch, or `None`.
    """
    drawn = [learning_curves(history)] if history else []
    drawn.append(image_sections.reconstructions(subject))
    drawn.append(image_sections.worst_and_best(subject))
    if isinstance(subject.model, FeatureInverter):
        drawn.append(image_sections.inversions(subject))
    if subject.model.latent_dim >= 2 and subject.count >= _LEAST_PROJECTED:
        drawn.append(code_sections.code_map(subject))
    if isinstance(subject.model, VariationalModel):
        drawn.append(image_sections.prior_samples(subject))
    drawn.append(image_sections.interpolations(subject))
    drawn.append(code_sections.traversals(subject))
    drawn.append(code_sections.code_usage(subject))
    return drawn
