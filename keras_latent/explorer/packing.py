"""A header and arrays as one run of bytes, which every shell of the explorer reads."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

_ALIGNMENT = 8


def packed(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Pack a header and arrays.

    Four bytes hold the length of the header, little-endian; the header follows, JSON in
    UTF-8 with blanks behind, and then the arrays, each from a multiple of eight bytes
    on. The header's entry `arrays` says where each one lies, behind the header.

    Args:
        header: What JSON can hold.
        arrays: float32, int32 or uint8 by their names.

    Returns:
        The bytes.

    >>> content = packed({"title": "digits"}, {"labels": np.zeros(3, "int32")})
    >>> int.from_bytes(content[:4], "little") % 8, len(content) % 8
    (4, 0)
    """
    places, parts, offset = {}, [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        content += bytes(-len(content) % _ALIGNMENT)
        places[name] = {
            "offset": offset,
            "shape": list(array.shape),
            "dtype": array.dtype.name,
        }
        parts.append(content)
        offset += len(content)
    text = json.dumps({**header, "arrays": places}, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % _ALIGNMENT)
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])
