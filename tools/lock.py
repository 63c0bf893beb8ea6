"""`make lock`: pin every package that the plugin needs, to the last transitive one, by version and by hash.

There are two sets: what it needs always, and what a single setting needs. uv does the resolving. Two things are written
for each: a lock, from which pip installs (its hash-checking mode), and the names of the wheels that the hashes belong
to, by which a test sees that each promised system is served. Neither holds the address of an index. Needs the package
index, and uv from requirements-dev.txt.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent


class PackageSet(NamedTuple):
    """The file with what we import ourselves, its lock, and a file with a line a wheel, as sha256sum would write it."""

    direct: str
    lock: str
    wheels: str


NEEDED = PackageSet("requirements.txt", "requirements.lock", "tests/unit/tools/wheels.txt")
PICTURES = PackageSet("requirements-pictures.txt", "requirements-pictures.lock", "tests/unit/tools/wheels-pictures.txt")

_OPTIONS = ("--universal", "--python-version", "3.10", "--only-binary", ":all:", "--no-header", "--quiet")
_HEADER = "# Made by `make lock` from {direct}, do not edit: every package with the hashes of its wheels.\n"
_WHEEL = re.compile(r'/(?P<name>[^/"]+\.whl)".*?sha256 = "(?P<digest>[0-9a-f]{64})"')
"""A wheel in pylock.toml (PEP 751): its address, and further on in the same inline table its hash."""
_HASH = re.compile(r" \\\n    --hash=sha256:([0-9a-f]{64})")


def compile_lock(project: Path, packages: PackageSet) -> None:
    """Write the lock and the wheels' names anew. Raises OSError, subprocess.CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder, packages.lock)
        _run_uv(project / packages.direct, "--generate-hashes", "--no-annotate", "--output-file", str(compiled))
        wheels = wheels_of(compiled)
        text = without_other_hashes(compiled.read_text(encoding="utf-8"), set(wheels))
    header = _HEADER.format(direct=packages.direct)
    (project / packages.lock).write_text(header + text, encoding="utf-8", newline="\n")
    lines = sorted(f"{digest}  {name}\n" for digest, name in wheels.items())
    (project / packages.wheels).write_text("".join(lines), encoding="utf-8", newline="\n")


def wheels_of(lock: Path) -> dict[str, str]:
    """The wheels that the index has of what is pinned in `lock`, as sha256 → name.

    Raises OSError, subprocess.CalledProcessError.
    """
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder, "pylock.toml")
        _run_uv(lock, "--format", "pylock.toml", "--output-file", str(listing))
        return {match["digest"]: match["name"] for match in _WHEEL.finditer(listing.read_text(encoding="utf-8"))}


def without_other_hashes(lock: str, digests: set[str]) -> str:
    """The text of a lock without hashes of anything else: source archives, and wheels for a Python that is too old."""
    return _HASH.sub(lambda match: match[0] if match[1] in digests else "", lock)


def _run_uv(source: Path, *options: str) -> None:
    # In the file's own folder: uv takes settings from the working directory's pyproject.toml.
    command = [sys.executable, "-m", "uv", "pip", "compile", *_OPTIONS, *options, source.name]
    subprocess.run(command, cwd=source.parent, check=True)


def main() -> int:
    """Write the files of both sets; returns the exit code."""
    try:
        for packages in (NEEDED, PICTURES):
            compile_lock(PROJECT, packages)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"nothing was locked: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
