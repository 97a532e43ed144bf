"""What tf2onnx leaves to do: names, operations that it doesn't know."""

import contextlib
import functools
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent.exporting.unsupported import unsupported
from keras_latent.optional import imported

_UNKNOWN = re.compile(
    r"Tensorflow op \[(?P<place>.*): (?P<kind>\w+)\] is not supported"
)


@contextlib.contextmanager
def without_unknown(format: str) -> Iterator[None]:
    """Refuse a conversion that tf2onnx ends although it doesn't know an operation.

    It says so in its log, and writes a file that no runtime takes.

    Args:
        format: The format's name, for the message.

    Raises:
        ValueError: If it didn't know one; the message names it.
    """
    _learn_operations()
    logger = logging.getLogger("tf2onnx.tfonnx")
    unknown: dict[tuple[str, str], None] = {}

    def listen(record: logging.LogRecord) -> bool:
        if found := _UNKNOWN.search(record.getMessage()):
            unknown[found["kind"], found["place"]] = None
        return record.levelno < logging.ERROR

    logger.addFilter(listen)
    try:
        with warnings.catch_warnings():
            # Keras asks NumPy for a name that it no longer has.
            warnings.filterwarnings("ignore", ".*np.object", FutureWarning)
            yield
    finally:
        logger.removeFilter(listen)
    if unknown:
        raise ValueError(unsupported(format, list(unknown)))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what is no error out of the log: advice on files made by hand."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def checked(path: Path, inputs: list[str]) -> None:
    """Look at a file, and call its first axis the same everywhere.

    Args:
        path: The file.
        inputs: The names of the inputs that it shall have.

    Raises:
        ValueError: If it asks for others, as where a network holds a tensor that was
            made outside of its graph.
    """
    onnx = imported("onnx", "`format` 'onnx'", "export")
    model = onnx.load(path)
    graph = model.graph
    others = [own.name for own in graph.input if own.name not in inputs]
    if others:
        raise ValueError(unsupported("onnx", [("tensor from outside", others[0])]))
    for own in (*graph.input, *graph.output):
        own.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(model)
    onnx.save(model, path)


@functools.lru_cache
def _learn_operations() -> None:
    """Tell tf2onnx how an operation is made of others, once."""
    handler = imported("tf2onnx.handler", "`format` 'onnx'", "export")

    @handler.tf_op("Log1p")
    class Log1p:
        """Log(1 + x), as the mean of a continuous Bernoulli takes it."""

        @classmethod
        def version_7(cls, context: Any, node: Any, **kwargs: Any) -> None:
            """Write it as Log(Add(x, 1))."""
            one = context.make_const(f"{node.name}/one", np.ones((), "float32"))
            (x,) = node.input
            dtype, shape = context.get_dtype(x), context.get_shape(x)
            name, outputs = node.name, list(node.output)
            context.remove_node(name)
            sum_ = context.make_node(
                "Add", [x, one.output[0]], dtypes=[dtype], shapes=[shape]
            )
            context.make_node(
                "Log",
                [sum_.output[0]],
                name=name,
                outputs=outputs,
                dtypes=[dtype],
                shapes=[shape],
            )
