"""The archive of ONNX Runtime Web: the real one where it is, or one of a few bytes."""

import importlib.util
import io
import json
import tarfile

from keras_latent.explorer import onnx_runtime
from keras_latent.exporting.formats import FORMATS

SCRIPT = (
    "var a=class{},b={},c=1;export{a as InferenceSession,c as Tensor,b as env,"
    "c as default};\n//# sourceMappingURL=ort.wasm.bundle.min.mjs.map\n"
)
BINARY = b"\0asm" + bytes(1000)


def missing_for_onnx():
    """What is missing for a page with the real runtime; `None` if nothing is."""
    for package in FORMATS["onnx"].packages:
        if importlib.util.find_spec(package) is None:
            return f"needs the package {package}"
    try:
        onnx_runtime.find_archive("The test")
    except FileNotFoundError:
        return (
            f"needs the archive that `{onnx_runtime.COMMAND}` brings, in the folder "
            f"that {onnx_runtime.ARCHIVE_VARIABLE} names"
        )
    return None


def write_archive(folder, version="1.30.0", changes=None):
    """Write an archive as npm packs it; `changes` says what a file holds, or `None`."""
    files = {
        "package/package.json": json.dumps({"version": version}),
        "package/dist/ort.wasm.bundle.min.mjs": SCRIPT,
        "package/dist/ort-wasm-simd-threaded.wasm": BINARY,
        # Of the same names elsewhere, which aren't taken.
        "package/lib/package.json": "{}",
        "package/dist/more/ort.wasm.bundle.min.mjs": "",
    }
    files |= changes or {}
    path = folder / f"onnxruntime-web-{version}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            if content is None:
                continue
            content = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path
