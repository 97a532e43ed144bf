"""A page on which one plays with the codes of a model, in three shells.

`write_page` writes one file that opens without a network, `serve` serves the page to
this machine, and `keras_latent.explorer(model, images)` shows it in a notebook.
"""

import sys
import types
from typing import Any

from keras_latent.explorer.exploration import Exploration
from keras_latent.explorer.server import serve
from keras_latent.explorer.static_page import write_page
from keras_latent.explorer.widget import widget

__all__ = ["Exploration", "serve", "widget", "write_page"]


class _CallableModule(types.ModuleType):
    """This package, which is called to explore: `keras_latent.explorer(...)`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return widget(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
