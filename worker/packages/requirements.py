"""What requirements.txt asks for, and what this Python has of it. Standard library only."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.metadata
import os
import platform
import re
import sys
from typing import NamedTuple

_MODULES = {"persist-queue": "persistqueue", "plexapi": "plexapi", "stashapp-tools": "stashapi"}
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
        matches = [re.match(r"([A-Za-z0-9_.-]+)==([0-9.]+)", line) for line in file]
    return tuple(Pin(match[1], match[2]) for match in matches if match)


def missing_packages(requirements: str) -> list[str]:
    """The names in the file that are not installed, or not in a version that will do.

    The pin's major version will do from the pin's minor version on. Raises OSError.
    """
    return [pin.name for pin in read_pins(requirements) if not _will_do(_installed_version(pin.name), pin)]


def installed_packages(requirements: str) -> list[str]:
    """Name and version of what is installed of the file's pins, as `requests 2.34.2`. Raises OSError."""
    versions = {pin.name: _version(pin.name) for pin in read_pins(requirements)}
    return [f"{name} {version}" for name, version in versions.items() if version]


def packages_name(requirements: str) -> str:
    """A name for a folder of packages: another one for other pins, and for a Python that loads other binaries.

    The first suffix of an extension module names version, ABI and libc, but on macOS not the processor. Raises OSError.
    """
    facts = [f"{name}=={version}" for name, version in read_pins(requirements)]
    facts += [importlib.machinery.EXTENSION_SUFFIXES[0], platform.machine()]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return f"{sys.implementation.cache_tag}-{digest[:8]}"


def packages_folder(parent: str, requirements: str) -> str:
    """The folder below `parent` in which the packages belong. Raises OSError."""
    return os.path.join(parent, packages_name(requirements))


def _will_do(installed: tuple[int, ...], pin: Pin) -> bool:
    wanted = _numbers(pin.version)
    return installed[:1] == wanted[:1] and installed >= wanted[:2]


def _installed_version(name: str) -> tuple[int, ...]:
    return _numbers(_version(name))


def _version(name: str) -> str:
    """The installed version, "" where there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
