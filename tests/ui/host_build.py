"""Building the host page: npm fetches the libraries that Stash ships, esbuild and sass make a script and a style."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from storage.lock import ProcessLock

HERE = Path(__file__).resolve().parent
BUILT = HERE / "host/built"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BUILD_SECONDS = 300
"""Longest time that npm and the build may take."""
# React's development build: what it complains about on the console is a failure of the tests.
ESBUILD = (
    "esbuild", "host/host.js", "--bundle", "--outfile=host/built/host.js", "--log-level=warning",
    '--define:process.env.NODE_ENV="development"',
)  # fmt: skip
SASS = ("sass", "--quiet", "--no-source-map", "host/host.scss", "host/built/host.css")


class Missing(Exception):
    """What the page's tests need and this machine does not have; the text names it and the next step."""


def find_chromium() -> str:
    """The path of a Chromium. Raises Missing."""
    found = (shutil.which(name) for name in (os.environ.get("PLEXSYNC_CHROMIUM", ""), *CHROMIUM_NAMES) if name)
    path = next(filter(None, found), None)
    if path is None:
        raise Missing("no Chromium is installed. Install it (apt-get install chromium) or set PLEXSYNC_CHROMIUM.")
    return path


def build_host() -> None:
    """Build the page unless it is built already from the same files. Raises Missing."""
    if not shutil.which("npm"):
        raise Missing("npm is not installed. Install Node.js with npm (apt-get install nodejs npm).")
    stamp = BUILT / "stamp"
    wanted = _fingerprint()
    BUILT.mkdir(exist_ok=True)
    lock = ProcessLock(str(BUILT / "lock"))
    deadline = time.monotonic() + BUILD_SECONDS
    while not lock.acquire():
        if time.monotonic() > deadline:
            raise Missing(f"another test run holds {BUILT / 'lock'}. Wait for it to end.")
        time.sleep(0.1)
    try:
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            _run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
            _run("npx", "--no-install", *ESBUILD)
            _run("npx", "--no-install", *SASS)
            stamp.write_text(wanted, encoding="utf-8")
    finally:
        lock.release()


def _run(program: str, *arguments: str) -> None:
    command = [shutil.which(program) or program, *arguments]
    result = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if result.returncode:
        raise Missing(f"{program} {arguments[0]} failed: {(result.stderr or result.stdout).strip()[-800:]}")


def _fingerprint() -> str:
    digest = hashlib.sha256(repr((ESBUILD, SASS)).encode())
    sources = sorted(path for path in (HERE / "host").iterdir() if path.suffix in (".js", ".scss"))
    for path in (HERE / "package-lock.json", *sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()
