"""`make dist`: the plugin as Stash's package manager takes it, dist/PlexSync.zip and the index that names it.

The same commit gives the same bytes on every machine: fixed order, times, permissions and line ends, and no
compression, since zlib and its successors compress the same input differently. Standard library only.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PLUGIN = "PlexSync"
"""The plugin's id: the name of its yml, of its folder and of its zip."""
ENTRY = f"{PLUGIN}.py"
MANIFEST = f"{PLUGIN}.yml"
VERSION_FILE = "worker/version.py"
LISTS = ("requirements.txt", "requirements.lock", "requirements-pictures.txt", "requirements-pictures.lock")
FILES = (ENTRY, MANIFEST, *LISTS, "README.md", "CHANGELOG.md")
ROOMS = ("network", "plex", "stash", "storage", "sync_queue", "validation", "worker")
"""The folders whose modules belong to the plugin."""
PAGE = "ui"
"""The folder of the page in Stash: its scripts, its style, and what they read."""
PAGE_SUFFIXES = (".js", ".css", ".json")
DOCS = "docs"
"""What README.md links to: the zip is for people without the repository, too."""
PICTURE_SUFFIX = ".png"
DOCS_SUFFIXES = (".md", ".svg", PICTURE_SUFFIX)

_UNIX = 3
_REGULAR_FILE = 0o100644
"""Mode of every file in the zip: Stash creates files with the mode that it finds there (Stash v0.30, package store)."""


class DistError(Exception):
    """The zip cannot be built; the text says why and what to do."""


def plugin_files(project: Path) -> Iterator[str]:
    """The paths in the zip, with `/`, in the order in which Stash writes them: see worker/handover/plugin_files.py."""
    modules = [path.relative_to(project).as_posix() for room in ROOMS for path in (project / room).rglob("*.py")]
    page = [f"{PAGE}/{path.name}" for path in (project / PAGE).iterdir() if path.suffix in PAGE_SUFFIXES]
    found = (path for path in (project / DOCS).rglob("*") if path.suffix in DOCS_SUFFIXES)
    docs = [path.relative_to(project).as_posix() for path in found]
    middle = {*FILES, *modules, *page, *docs} - {MANIFEST, ENTRY, VERSION_FILE}
    yield from (MANIFEST, ENTRY, *sorted(middle), VERSION_FILE)


def build_zip(project: Path, moment: datetime) -> bytes:
    """The zip. `moment` becomes the time of every file: Python must not take a new version's module for the old one's
    because size and time are the same. Raises OSError."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in plugin_files(project):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_FILE << 16
            content = (project / name).read_bytes()
            archive.writestr(entry, content if name.endswith(PICTURE_SUFFIX) else content.replace(b"\r\n", b"\n"))
    return buffer.getvalue()


def index_entry(project: Path, moment: datetime, package: bytes) -> str:
    """The package index (Stash v0.30, pkg/pkg: a list with one entry; times are UTC without a zone).

    Its scalars are written as JSON, which is YAML too. Raises OSError, DistError.
    """
    manifest = (project / MANIFEST).read_text(encoding="utf-8")
    version = _find(r'^VERSION = "(.+)"$', (project / VERSION_FILE).read_text(encoding="utf-8"))
    fields = {
        "id": PLUGIN,
        "name": _find(r"^name: (.+)$", manifest),
        "metadata": {"description": _find(r"^description: (.+)$", manifest)},
        "version": version,
        "date": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "requires": [],
        "path": f"{PLUGIN}.zip",
        "sha256": hashlib.sha256(package).hexdigest(),
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "- " + "\n  ".join(lines) + "\n"


def moment_of(project: Path) -> datetime:
    """When this version was made, in UTC: SOURCE_DATE_EPOCH (reproducible-builds.org), else the last commit.

    Raises DistError.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _last_commit(project)
    try:
        return datetime.fromtimestamp(int(seconds), timezone.utc)
    except ValueError:
        raise DistError(f"SOURCE_DATE_EPOCH is {seconds!r}: seconds since 1970 are needed") from None


def main(target: Path = PROJECT / "dist") -> int:
    """Build both files; returns the exit code."""
    try:
        moment = moment_of(PROJECT)
        package = build_zip(PROJECT, moment)
        index = index_entry(PROJECT, moment, package)
        target.mkdir(exist_ok=True)
        (target / f"{PLUGIN}.zip").write_bytes(package)
        (target / "index.yml").write_bytes(index.encode())
    except (DistError, OSError) as error:
        sys.stderr.write(f"no zip was built: {error}\n")
        return 1
    sys.stdout.write(f"{target / PLUGIN}.zip, {len(package):,} bytes\n{index}")
    return 0


def _last_commit(project: Path) -> str:
    command = ["git", "-C", str(project), "log", "-1", "--format=%ct"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise DistError(f"git cannot tell when the last commit was made ({error}): set SOURCE_DATE_EPOCH") from error
    return result.stdout.strip()


def _find(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise DistError(f"nothing matches {pattern} where the version, the name or the description should stand")
    return match[1].strip()


if __name__ == "__main__":
    sys.exit(main())
