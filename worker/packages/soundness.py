"""Whether packages that are there by name are there as a whole. Reads every file of theirs: for where something failed.

Standard library only.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import posixpath

from worker.packages.pip_install import load_error
from worker.packages.requirements import find_package, read_pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGEST = "sha256="


def fault(requirements: str, lock: str, folder: str) -> str:
    """What is wrong with the packages that `lock` pins, "" where they are whole and what `requirements` names loads.

    `folder` is ours, which may not be there; whoever asks has it on the path. Raises OSError.
    """
    for pin in read_pins(lock):
        package = find_package(pin.name)
        for path in _spoiled(package) if package else ():
            return f"{path} is not as {pin.name} {pin.version} brings it"
    return load_error(folder, [pin.module for pin in read_pins(requirements)])


def _spoiled(package: importlib.metadata.Distribution) -> Iterator[str]:
    """The files that are gone or changed, as the package's RECORD says (PyPA, "Recording installed projects").

    Compiled files have no digest there; what lies outside of the folder of packages is a script, which nobody needs.
    """
    for path, digest, _size in csv.reader((package.read_text("RECORD") or "").splitlines()):
        if path.endswith(".pyc") or posixpath.normpath(path).startswith("..") or posixpath.isabs(path):
            continue
        try:
            with open(str(package.locate_file(path)), "rb") as file:
                content = file.read()
        except OSError:
            yield path
            continue
        if digest.startswith(_DIGEST) and digest != _digest_of(content):
            yield path


def _digest_of(content: bytes) -> str:
    return _DIGEST + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
