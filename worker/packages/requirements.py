"""What requirements.txt asks for, and what this Python has of it. Standard library only.

requirements.txt holds what we import ourselves. requirements.lock pins that, and all that it needs in turn, by version
and hash; packages that we fetch come from there.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.metadata
import os
import platform
import re
import sys
from typing import NamedTuple

from storage.permissions import others_may_write

_MODULES = {"persist-queue": "persistqueue", "plexapi": "plexapi", "stashapp-tools": "stashapi", "pillow": "PIL"}
"""What a package is imported as, where that is not its own name."""


class Pin(NamedTuple):
    """One line `name==version`."""

    name: str
    version: str

    @property
    def module(self) -> str:
        """What the package is imported as."""
        return _MODULES.get(self.name.lower(), self.name.lower().replace("-", "_"))


def read_pins(requirements: str) -> tuple[Pin, ...]:
    """The pins of the file at `requirements`. Raises OSError."""
    with open(requirements, encoding="utf-8") as file:
        matches = [re.match(r"([A-Za-z0-9_.-]+)==([^\s;\\]+)", line) for line in file]
    return tuple(Pin(match[1], match[2]) for match in matches if match)


def missing_packages(requirements: str) -> list[str]:
    """The names in the file that are not installed, not in a version that will do, or where others may write.

    The pin's major version will do from the pin's minor version on. Raises OSError.
    """
    return [pin.name for pin in read_pins(requirements) if not _will_do(pin)]


def unsafe_folders(requirements: str, ours: str) -> list[str]:
    """Folders that others may write to, of those that hold packages of the file, and `ours`. Raises OSError."""
    folders = {_folder(found) for pin in read_pins(requirements) if (found := find_package(pin.name))} | {ours}
    return sorted(folder for folder in folders if os.path.exists(folder) and others_may_write(folder))


def installed_packages(requirements: str) -> list[str]:
    """Name and version of what is installed of the file's pins, as `requests 2.34.2`. Raises OSError."""
    found = {pin.name: find_package(pin.name) for pin in read_pins(requirements)}
    return [f"{name} {package.version}" for name, package in found.items() if package]


def packages_name(lock: str) -> str:
    """A name for a folder of packages: another one for other pins, and for a Python that loads other binaries.

    The first suffix of an extension module names version, ABI and libc, but on macOS not the processor. Raises OSError.
    """
    facts = [f"{name}=={version}" for name, version in read_pins(lock)]
    facts += [importlib.machinery.EXTENSION_SUFFIXES[0], platform.machine()]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return f"{sys.implementation.cache_tag}-{digest[:8]}"


def packages_folder(parent: str, lock: str) -> str:
    """The folder below `parent` in which the packages belong. Raises OSError."""
    return os.path.join(parent, packages_name(lock))


def _will_do(pin: Pin) -> bool:
    found = find_package(pin.name)
    if found is None or others_may_write(_folder(found)):
        return False
    installed, wanted = _numbers(found.version), _numbers(pin.version)
    return installed[:1] == wanted[:1] and installed >= wanted[:2]


def find_package(name: str) -> importlib.metadata.Distribution | None:
    """The installed package of that name, None where there is none."""
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _folder(package: importlib.metadata.Distribution) -> str:
    """The folder on the path that the package is in."""
    return str(package.locate_file(""))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
