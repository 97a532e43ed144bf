"""The sections of a report, in their order."""

from collections.abc import Mapping, Sequence

from keras_latent.reports import code_sections, image_sections, neighbour_sections
from keras_latent.reports.factor_information import factor_information
from keras_latent.reports.generators import generators
from keras_latent.reports.information_section import information
from keras_latent.reports.learning_section import learning_curves
from keras_latent.reports.nearest_section import nearest_images
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.section import Section

_LEAST_PROJECTED = 5


def sections(
    reported: ReportedModel, history: Mapping[str, Sequence[float]] | None
) -> list[Section]:
    """Draw all sections that apply to the reported.

    Args:
        reported: The model and the images.
        history: Name of the log → its value in each epoch, or `None`.
    """
    of_factors = factor_information(reported)
    drawn = [learning_curves(history)] if history else []
    drawn.append(image_sections.reconstructions(reported))
    drawn.append(image_sections.worst_and_best(reported))
    if reported.model.inverts_features:
        drawn.append(image_sections.inversions(reported))
    if reported.model.latent_dim >= 2 and reported.count >= _LEAST_PROJECTED:
        drawn.append(code_sections.code_map(reported))
    drawn += [
        section
        for section in (
            neighbour_sections.neighbours(reported),
            neighbour_sections.cluster_sheets(reported),
            neighbour_sections.few_shot(reported),
        )
        if section is not None
    ]
    if reported.decodes_codes_alone:
        if reported.samplers:
            drawn.append(image_sections.samples(reported))
        elif reported.model.has_prior:
            drawn.append(image_sections.prior_samples(reported))
        if generators(reported) and reported.known_examples is not None:
            drawn.append(nearest_images(reported))
        drawn.append(image_sections.interpolations(reported))
        drawn.append(code_sections.traversals(reported, of_factors))
    drawn.append(code_sections.code_usage(reported))
    if of_factors is not None:
        drawn.append(information(of_factors))
    return drawn
