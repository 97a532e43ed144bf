"""Packages that only an extra of the installation brings."""

import importlib
from types import ModuleType


def imported(package: str, what: str, extra: str) -> ModuleType:
    """Import an optional package.

    Args:
        package: What `import` calls it.
        what: What needs it, for the message.
        extra: The extra that brings it.

    Returns:
        The package.

    Raises:
        ImportError: If it isn't installed; the message tells how it is.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        distribution = package.split(".")[0].replace("_", "-")
        raise ImportError(
            f"{what} needs the package {distribution}: "
            f"pip install 'keras_latent[{extra}]'"
        ) from error
