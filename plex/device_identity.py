"""Who we are to Plex: one identifier, kept for ever.

Plex tells its owner of a new device whenever an unknown X-Plex-Client-Identifier comes in. python-plexapi 4.18 takes
the machine's MAC address, which changes with every container.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import plexapi
from plexapi.config import reset_base_headers

from storage.local_files import set_aside, write_whole
from storage.lock import ProcessLock

FILE_NAME = "device_id.json"
LOCK_NAME = "device_id.lock"
LONGEST_WAIT = 30.0
"""Seconds to wait while somebody else makes the identity, which takes milliseconds."""
PRODUCT = "PlexSync"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class DeviceIdentity:
    """How Plex lists us among its devices; with a `version` of "", as the version of python-plexapi."""

    identifier: str
    name: str = PRODUCT
    version: str = ""

    def headers(self) -> dict[str, str]:
        """The headers by which Plex recognises a device."""
        version = {"X-Plex-Version": self.version} if self.version else {}
        return {
            "X-Plex-Client-Identifier": self.identifier,
            "X-Plex-Product": PRODUCT,
            "X-Plex-Device-Name": self.name,
            **version,
        }


def configure_plex_device_identity(
    data_dir: str, clock: Callable[[], float] = time.time, wait: Callable[[float], object] = time.sleep
) -> DeviceIdentity:
    """Load the identity from `data_dir`, or make one there, and have plexapi use it from now on.

    `data_dir` must exist. An unreadable file is set aside and replaced. `clock`: seconds since the epoch; `wait` sleeps
    for seconds. Raises OSError where nothing can be written, or where another process keeps the lock for LONGEST_WAIT.
    """
    identity = _load(os.path.join(data_dir, FILE_NAME), clock, wait)
    plexapi.X_PLEX_IDENTIFIER = identity.identifier
    plexapi.X_PLEX_PRODUCT = PRODUCT
    plexapi.X_PLEX_DEVICE_NAME = identity.name
    plexapi.BASE_HEADERS.update(reset_base_headers())  # the dictionary that plexapi's modules share
    return identity


def _load(path: str, clock: Callable[[], float], wait: Callable[[float], object]) -> DeviceIdentity:
    try:
        return _read(path)
    except _UNREADABLE:
        pass
    lock = ProcessLock(os.path.join(os.path.dirname(path), LOCK_NAME))
    if not lock.acquire_within(LONGEST_WAIT, wait):
        raise TimeoutError(f"{path} is being written by another process of PlexSync that does not end. Restart Stash.")
    try:
        return _read_or_make(path, clock)
    finally:
        lock.release()


def _read_or_make(path: str, clock: Callable[[], float]) -> DeviceIdentity:
    """For one process at a time: of two identities, Plex would list both."""
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except _UNREADABLE as error:
        set_aside(path, f"{type(error).__name__}: {error}", clock())
    identity = DeviceIdentity(str(uuid.uuid4()))
    write_whole(path, json.dumps({"identifier": identity.identifier, "name": identity.name}))
    return identity


def _read(path: str) -> DeviceIdentity:
    with open(path, encoding="utf-8") as file:
        stored = json.load(file)
    identifier, name = stored["identifier"], stored["name"]
    if not (isinstance(identifier, str) and isinstance(name, str) and identifier and name):
        raise ValueError("identifier and name must be text")
    return DeviceIdentity(identifier, name)
