"""Writes googlesql.json into a folder: where the analyser is, and the descriptors of its messages.

The Python package has its message types as generated Python code only, and Node reads them as descriptors.
"""

import base64
import importlib.util
import json
import pathlib
import sys
import types

from google.protobuf import descriptor_pb2


def camel(message):
    """Fills in the fields' JSON names, which compiled descriptors lack."""
    for field in message.field:
        first, *rest = field.name.split("_")
        field.json_name = first + "".join(word[:1].upper() + word[1:] for word in rest)
    for nested in message.nested_type:
        camel(nested)


def collect(file, into, seen):
    """Adds a file's descriptor, after those that it depends on."""
    if file.name in seen:
        return
    seen.add(file.name)
    for dependency in file.dependencies:
        collect(dependency, into, seen)
    descriptor = into.file.add()
    file.CopyToProto(descriptor)
    for message in descriptor.message_type:
        camel(message)


def folder_of(package):
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


root = folder_of("zetasql")
# Importing the package itself would need a WebAssembly engine for Python. Only its message types are needed.
package = types.ModuleType("zetasql")
package.__path__ = [str(root)]
sys.modules["zetasql"] = package

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2  # noqa: E402

descriptors = descriptor_pb2.FileDescriptorSet()
collect(local_service_pb2.DESCRIPTOR, descriptors, set())
unpacked = {
    "wasm": str(root / "wasi" / "zetasql.wasm"),
    "zoneinfo": str(folder_of("tzdata") / "zoneinfo"),
    "descriptors": base64.b64encode(descriptors.SerializeToString()).decode(),
}
pathlib.Path(sys.argv[1], "googlesql.json").write_text(json.dumps(unpacked))
