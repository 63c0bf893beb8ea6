"""What somebody has who installs the plugin for the first time: a Python without packages, and the zip."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path

from tests.world import PROJECT
from tools.dist import build_zip


def bare_python(folder: Path, *, with_pip: bool = True) -> str:
    """A virtual environment of this Python's version with nothing in it, but for pip; returns its interpreter."""
    options = [] if with_pip else ["--without-pip"]
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", *options, str(folder)], check=True, capture_output=True)
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def unzip_plugin(plugins: Path) -> Path:
    """Unpack the plugin's zip into `plugins`/PlexSync; returns that folder."""
    folder = plugins / "PlexSync"
    with zipfile.ZipFile(io.BytesIO(build_zip(PROJECT, datetime.now(timezone.utc)))) as package:
        package.extractall(folder)
    return folder
