"""Run pip so that a folder of packages is whole or absent. Standard library only."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from storage.local_files import take_name
from worker.launcher import isolated, without_window
from worker.packages.requirements import read_pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

INSTALL_TIMEOUT = 900.0
"""Seconds for pip: a NAS on a slow line fetches some 4 MB and unpacks some 20."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether pip is still wanted."""
UNFINISHED = ".new"
"""Ending of folders that are being filled; one that nobody fills any more may be deleted."""

_PIP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "private_pip.py")
_CRASH = "ERROR: Exception"
"""What pip says before the traceback of an error that it has no words for (pip, base_command.py)."""
_NO_PIP = (
    "{python} has no pip, and a temporary one cannot be made ({cause}). Install pip "
    "(apk add py3-pip on Alpine, apt install python3-pip on Debian and Ubuntu)"
)


_NO_CODE = (
    "{folder} is on a disk that is mounted noexec, so compiled packages do not load from it. Mount it without noexec, "
    "or set the environment variable STASH_PLUGIN_DATA on Stash to a folder on another disk"
)


class InstallError(Exception):
    """The packages could not be installed; the text says why."""


def pip_command(python: str, target: str, lock: str, *options: str) -> list[str]:
    """The command that installs what `lock` pins into a folder of our own: PEP 668 does not object to that.

    `options` are for the interpreter. Wheels only: building pydantic's core takes a Rust compiler and fails late and
    obscurely without one. `--no-user`, `--prefix` and `--root`, because pip's configuration may have some that
    contradict `--target`; for what no option takes back see worker.packages.private_pip. The root is that of the
    temporary folder, where pip installs first: on Windows `target` may be on another drive.
    """
    root = os.path.splitdrive(os.path.abspath(tempfile.gettempdir()))[0] + os.sep
    return [
        *isolated(python, *options, _PIP, "install", "--disable-pip-version-check", "--no-input", "--no-user"),
        *("--prefix", "", "--root", root),
        *("--only-binary=:all:", "--require-hashes", "--target", target, "-r", lock),
    ]


def install(
    target: str, requirements: str, lock: str, log: Callable[[str, str], None], check: Callable[[], object] = bool
) -> None:
    """Install what `lock` pins into `target`, which has its name only once it is whole and `requirements` load.

    Its parent must exist and be private. `log` takes a level of stash.protocol.LEVELS and a message.
    `check` is called every LOOK_EVERY from another thread. Raises InstallError, and what `check` raises.
    """
    arriving = f"{target}.{os.getpid()}{UNFINISHED}"
    pip_home = f"{target}.{os.getpid()}.pip{UNFINISHED}"
    try:
        # In a container, a process that was killed here and this one may well have the same number.
        _discard(arriving, pip_home)
        python = sys.executable if importlib.util.find_spec("pip") else _python_with_pip(pip_home, log)
        # pip would leave it to the umask whether others may write to it.
        os.mkdir(arriving, mode=0o700)
        _run_pip(pip_command(python, arriving, lock, "-X", "utf8"), os.path.dirname(target), log, check)
        if cause := load_error(arriving, [pin.module for pin in read_pins(requirements)]):
            told = _NO_CODE.format(folder=os.path.dirname(target)) if _runs_no_code(arriving) else ""
            raise InstallError(told or f"pip has fetched them, but they do not load: {cause}")
        _give_name(arriving, target)
    except OSError as error:
        raise InstallError(str(error)) from error
    finally:
        _discard(arriving, pip_home)


def last_line(text: str) -> str:
    """The last line that says something: of a traceback, the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def load_error(folder: str, modules: Iterable[str]) -> str:
    """Why a new process cannot load the modules, with a folder before its own, "" where it can. Raises OSError.

    A compiled one may be there and be meant for another system.
    """
    script = f"import sys; sys.path.insert(0, sys.argv[1]); import {', '.join(modules)}"
    result = _run(isolated(sys.executable, "-c", script, folder), os.path.dirname(sys.executable))
    return last_line(result.stderr) if result.returncode else ""


def _runs_no_code(folder: str) -> bool:
    """Whether its disk is mounted noexec, which keeps compiled modules from loading. Only Linux says so."""
    return sys.platform == "linux" and bool(os.statvfs(folder).f_flag & os.ST_NOEXEC)


def _discard(*folders: str) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _python_with_pip(folder: str, log: Callable[[str, str], None]) -> str:
    """Make a virtual environment, for the pip that Python brings along for these; returns its interpreter."""
    log("info", f"{sys.executable} has no pip, so a temporary one is made")
    python = os.path.join(folder, "Scripts" if sys.platform == "win32" else "bin", "python")
    # Two steps, since venv would not start ensurepip isolated.
    for command in (
        isolated(sys.executable, "-m", "venv", "--without-pip", folder),
        isolated(python, "-m", "ensurepip", "--default-pip"),
    ):
        result = _run(command, os.path.dirname(folder))
        if result.returncode:
            cause = last_line(result.stderr or result.stdout)
            raise InstallError(_NO_PIP.format(python=sys.executable, cause=cause))
    return python


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        cwd=folder,
        check=False,
        **without_window(),
    )


def _run_pip(command: list[str], folder: str, log: Callable[[str, str], None], check: Callable[[], object]) -> None:
    lines: list[str] = []
    ended = threading.Event()
    stopped_by: list[Exception] = []

    def watch() -> None:
        give_up_at = time.monotonic() + INSTALL_TIMEOUT
        try:
            while not ended.wait(LOOK_EVERY):
                check()
                if time.monotonic() >= give_up_at:
                    raise InstallError(f"pip did not end within {INSTALL_TIMEOUT:.0f} seconds")
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits for pip
            stopped_by.append(error)
            process.kill()

    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        cwd=folder,
        **without_window(),
    )
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        with process:
            for line in process.stdout or ():
                lines.append(line.strip())
                if lines[-1].startswith("Collecting "):
                    log("info", f"Fetching {lines[-1].split()[1]}")
    finally:
        ended.set()
        watcher.join()
    if stopped_by:
        raise stopped_by[0]
    if process.returncode:
        raise InstallError(_cause(lines))


def _cause(lines: Iterable[str]) -> str:
    lines = list(lines)
    errors = [line for line in lines if line.startswith("ERROR: ")]
    if any(error.startswith(_CRASH) for error in errors):
        errors = []  # what is wrong stands at the end of the traceback
    cause = last_line("\n".join(errors or lines)).removeprefix("ERROR: ")
    # What pip says last is that no version of the package exists, also where it could not ask anybody.
    if any("connection broken by" in line for line in lines):
        return f"the package index cannot be reached (pip says {cause})"
    return cause


def _give_name(arriving: str, target: str) -> None:
    if sys.platform != "win32":
        # A power cut must not leave the name without the contents.
        os.sync()
    if os.path.isdir(target):
        # Somebody took something out of it. Moved, since a folder that is being deleted would look whole for a while.
        take_name(target, f"{target}.{os.getpid()}.old{UNFINISHED}")
    take_name(arriving, target)
