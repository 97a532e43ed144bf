"""How Sphinx builds the documentation: `make docs`, without a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import keras_latent

project = "keras_latent"
author = "The keras_latent authors"
project_copyright = author
version = release = keras_latent.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "docs.extensions.docstrings",
    "docs.extensions.formulas",
    "docs.extensions.generated",
    "docs.extensions.no_requests",
]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb", ".rst": "restructuredtext"}
# Sphinx-Gallery makes pages of the scripts in `gallery`.
exclude_patterns = ["_build", "gallery", "examples/*.ipynb"]
default_role = "code"
nitpicky = False
pygments_style = "friendly"

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_inline"]
myst_heading_anchors = 3

# Notebooks show what they showed when they were run last.
nb_execution_mode = "off"
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    # Scripts show the pictures beside them: a build trains nothing.
    "plot_gallery": False,
    "filename_pattern": r"(?!)",
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "write_computation_times": False,
    "show_signature": False,
}

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
toc_object_entries_show_parents = "hide"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Call arguments", "params_style")]

html_theme = "furo"
html_title = f"keras_latent {version}"
html_static_path = ["_static"]
html_css_files = ["look.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#2f55b8",
        "color-brand-content": "#2f55b8",
    },
    "dark_css_variables": {
        "color-brand-primary": "#9db4ff",
        "color-brand-content": "#9db4ff",
    },
}
