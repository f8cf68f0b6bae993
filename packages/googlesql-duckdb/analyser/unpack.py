"""Switches off two assertions of the analyser, and writes googlesql.json into a folder: where the analyser is, and the descriptors of its messages.

The Python package has its message types as generated Python code only, and Node reads them as descriptors.
"""

import base64
import hashlib
import importlib.util
import json
import os
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


# The analyser of this SHA-256 was compiled with the assertions that are for its own developers. Two of them take most of an analysis: whenever
# a name is looked up, one locks a mutex to see whether the name's memory was freed, and the other hashes up to 16 more names to test
# the hash function. Both are functions that return nothing. This is where their code begins, and how many bytes it has.
ASSERTING = "00135b44fe391fa8d56f6804dca013bc681e45d607561a638b81c98a08744bcb"
ASSERTIONS = {
    "googlesql::IdString::CheckAlive": (1082061, 338),
    "absl::raw_hash_set<googlesql::IdString>::AssertHashEqConsistent": (5967572, 491),
}


def without_assertions(wasm):
    """Replaces the code of the assertions by instructions that do nothing. Leaves any other version of the analyser as it is."""
    code = bytearray(wasm.read_bytes())
    if hashlib.sha256(code).hexdigest() != ASSERTING:
        return
    no_locals, nop, end = b"\x00", b"\x01", b"\x0b"
    for start, size in ASSERTIONS.values():
        code[start : start + size] = no_locals + nop * (size - 2) + end
    # Not in place: the file may be a link into an installer's cache.
    aside = wasm.with_suffix(".new")
    aside.write_bytes(code)
    os.replace(aside, wasm)


def folder_of(package):
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


root = folder_of("zetasql")
# Importing the package itself would need a WebAssembly engine for Python. Only its message types are needed.
package = types.ModuleType("zetasql")
package.__path__ = [str(root)]
sys.modules["zetasql"] = package

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2  # noqa: E402

wasm = root / "wasi" / "zetasql.wasm"
without_assertions(wasm)
descriptors = descriptor_pb2.FileDescriptorSet()
collect(local_service_pb2.DESCRIPTOR, descriptors, set())
unpacked = {
    "wasm": str(wasm),
    "zoneinfo": str(folder_of("tzdata") / "zoneinfo"),
    "descriptors": base64.b64encode(descriptors.SerializeToString()).decode(),
}
pathlib.Path(sys.argv[1], "googlesql.json").write_text(json.dumps(unpacked))
