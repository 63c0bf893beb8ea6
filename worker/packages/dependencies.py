"""Make packages importable, installing them privately where they are missing: those of requirements.txt, always needed,
and those of requirements-pictures.txt, which one setting needs (worker.packages.pictures).

What this Python has in a fitting version is used as it is. Where one is missing, all of the lock is fetched, so that
what we bring is the set that was tested.

Standard library only. Never on a hook's path: an installation takes as long as a network does.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shlex
import shutil
import subprocess
import sys
import time

from storage.json_file import JsonFile, stored_number
from storage.lock import ProcessLock
from storage.permissions import make_private, others_may_write
from worker.packages.damage_mark import DamageMark
from worker.packages.pip_install import UNFINISHED, InstallError, install, pip_command
from worker.packages.requirements import (
    missing_packages,
    packages_folder,
    packages_name,
    read_pins,
    unsafe_folders,
)
from worker.packages.soundness import fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.data_folder import DataFolder

RETRY_AFTER = 600.0
"""Seconds between two attempts that nobody asked for."""
RETRY_VARIABLE = "PLEXSYNC_INSTALL_RETRY_SECONDS"
"""Environment variable by which tests shorten RETRY_AFTER."""
LONGEST_WAIT = 3600.0
"""Seconds that a drainer waits for packages. The context it was given ends then, and the next one may be started with
another Python, or by another version of the plugin."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether somebody else has installed them."""
LOOKS_OF_A_DRAINER = 3
"""After so many times LOOK_EVERY a drainer that waited for packages has seen that they are there."""


PICTURES = "requirements-pictures"
LISTS = ("requirements", PICTURES)
"""Files of pins without their ending: `.txt` has what we import, `.lock` all that is fetched."""


class DependencyError(Exception):
    """The packages are missing and could not be installed; the text says why and what to do."""


class Dependencies:
    """The packages of one of LISTS that the plugin in `plugin_folder` needs.

    `log` takes a level of stash.protocol.LEVELS and a message; `clock` gives seconds since the epoch. `on_wait` is
    called with False before the packages are fetched, and with True all the time that `wait_for` waits to try again.
    `check` is called about once a second meanwhile, from any thread: what it raises ends that.
    """

    meanwhile = "Edits wait in the queue. Every task tries again at once, the drainer every {minutes} minutes."
    """What somebody is told who has to do without them."""

    def __init__(
        self,
        folder: DataFolder,
        plugin_folder: str,
        log: Callable[[str, str], None],
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] = time.sleep,
        on_wait: Callable[[bool], object] = bool,
        check: Callable[[], object] = bool,
        name: str = LISTS[0],
    ) -> None:
        self._folder = folder
        self._plugin_folder = plugin_folder
        self._requirements = os.path.join(plugin_folder, f"{name}.txt")
        self._lock = os.path.join(plugin_folder, f"{name}.lock")
        self._log = log
        self._clock = clock
        self._wait = wait
        self._on_wait = on_wait
        self._check = check
        self._failure = JsonFile(folder.install_failure, clock)
        self._damage = DamageMark(JsonFile(folder.damaged_packages, clock), packages_name(self._lock))
        self._retry_after = float(os.environ.get(RETRY_VARIABLE) or RETRY_AFTER)

    def ensure(self, *, insist: bool = False) -> None:
        """Return once every package can be imported.

        What failed less than RETRY_AFTER ago is not tried again, unless a person asks for it (`insist`).

        Raises DependencyError, OSError, sqlite3.Error.
        """
        if self._are_there():
            self._forget_failure(insist)
            return
        started_at = self._clock()
        self._raise_known_failure(since=started_at if insist else started_at - self._retry_after)
        self._on_wait(False)
        lock = self._take_install_lock()
        try:
            if not self._are_there():
                # Whoever held the lock may have failed just now.
                self._raise_known_failure(since=started_at)
                self._install()
            self._forget_failure(insist)
        finally:
            lock.release()

    def wait_for(self) -> None:
        """`ensure`, tried again every RETRY_AFTER: for the drainer, whose jobs wait meanwhile.

        Raises DependencyError where waiting is of no use: after LONGEST_WAIT, or where another Python has the packages
        and this one does not. OSError and sqlite3.Error as `ensure`.
        """
        give_up_at = self._clock() + LONGEST_WAIT
        while True:
            try:
                self.ensure()
                return
            except DependencyError as error:
                if self._clock() >= give_up_at:
                    raise
                self._log("error", str(error))
            self._wait_for_change()

    def note_damage(self, since: float) -> str:
        """Look whether the packages are whole, after something failed; what is wrong, "" where they are.

        The next `ensure` fetches them anew: in another process, as what is loaded already cannot be unloaded. Where
        that was done within RETRY_AFTER and did not help, it is a failed installation like any other. What somebody
        else has fetched anew since `since` (seconds since the epoch) may not be what this process has loaded.

        Raises DependencyError, OSError.
        """
        lock = self._take_install_lock()
        try:
            fetched_at = self._damage.fetched_at()
            cause = fault(self._requirements, self._lock, self._target)
            if not cause:
                return "The Python packages that PlexSync needs were fetched anew." if fetched_at > since else ""
            said = f"The Python packages that PlexSync needs are damaged ({cause}). They are fetched anew."
            if 0.0 <= self._clock() - fetched_at < RETRY_AFTER:
                said = f"The packages were fetched anew and are damaged again ({cause}). {self._advice(self._target)}"
                self._remember_failure(said)
            self._damage.note()
            return said
        finally:
            lock.release()

    def forget_damage(self) -> None:
        """They have served: whatever is damaged from now on is so for the first time. Raises OSError."""
        self._damage.forget()

    def remove_others(self) -> None:
        """Delete packages for other pins, for another Python, and what killed installations left.

        For the holder of the drain lock: an older drainer may still load from them.
        """
        parent = self._folder.dependencies
        lock = ProcessLock(self._folder.install_lock)
        if not os.path.isdir(parent) or not lock.acquire():
            return
        locks = (os.path.join(self._plugin_folder, f"{name}.lock") for name in LISTS)
        current = {packages_name(path) for path in locks if os.path.exists(path)}
        try:
            for other in os.listdir(parent):
                if other not in current:
                    _remove(os.path.join(parent, other))
        finally:
            lock.release()

    def _are_there(self) -> bool:
        ours = self._target
        if os.path.isdir(ours) and ours not in sys.path:
            self._make_parents_private()
            # Behind the plugin's own folder, before the system's: what we installed is what we were tested with.
            if not others_may_write(ours):
                sys.path.insert(1, ours)
        importlib.invalidate_caches()
        return not self._damage.is_noted() and not missing_packages(self._requirements)

    @property
    def _target(self) -> str:
        """Our folder of packages. Raises OSError."""
        return packages_folder(self._folder.dependencies, self._lock)

    def _wanted(self) -> str:
        """The names of those that are missing, or of all where what is there is damaged."""
        names = missing_packages(self._requirements) or [pin.name for pin in read_pins(self._requirements)]
        return ", ".join(names)

    def _make_parents_private(self) -> None:
        """Raises DependencyError where others could replace whatever is fetched."""
        for folder in (self._folder.root, self._folder.dependencies):
            if not make_private(folder):
                raise DependencyError(_not_private(folder))

    def _pause(self, seconds: float) -> None:
        self._wait(seconds)
        self._check()

    def _take_install_lock(self) -> ProcessLock:
        lock = ProcessLock(self._folder.install_lock)
        if not lock.acquire():
            self._log("info", "Another process of PlexSync is fetching the packages. Waiting for it")
            if not lock.acquire_within(LONGEST_WAIT, self._pause, LOOK_EVERY):
                raise DependencyError("Another process has been fetching the packages for an hour. Restart Stash.")
        return lock

    def _install(self) -> None:
        missing, target = self._wanted(), self._target
        for folder in unsafe_folders(self._requirements, target):
            self._log("warning", f"Others may write to {folder}. The packages that PlexSync needs are fetched anew.")
        self._log("info", f"Installing {missing} into {target}. This happens once and takes a minute or two")
        try:
            self._make_parents_private()
            install(target, self._requirements, self._lock, self._log, self._check)
            self._damage.note_fetched(self._clock())
        except (InstallError, OSError) as error:
            problem = f"{missing} could not be installed ({error}). {self._advice(target)}"
            self._remember_failure(problem)
            raise DependencyError(problem) from error
        if not self._are_there():
            raise DependencyError(f"{missing} were installed into {target} and are still not found. Delete that folder")
        self._log("info", "The packages are installed")

    def _advice(self, target: str) -> str:
        command = pip_command(sys.executable, target, self._lock)
        shown = subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)
        meanwhile = self.meanwhile.format(minutes=f"{self._retry_after / 60:.0f}")
        return f"{meanwhile} By hand, where Stash runs (in its container, if there is one): {shown}"

    def _raise_known_failure(self, since: float) -> None:
        """Raise DependencyError where an attempt for these packages failed after `since`, seconds since the epoch."""
        stored = self._failure.load()
        # A time to come was written before the clock was set back.
        is_known = since < stored_number(stored.get("at")) <= self._clock()
        if is_known and stored.get("packages") == packages_name(self._lock):
            raise DependencyError(str(stored.get("problem")))

    def _remember_failure(self, problem: str) -> None:
        # On a full disk the problem itself is what must be heard of.
        with contextlib.suppress(OSError):
            self._failure.save({"packages": packages_name(self._lock), "at": self._clock(), "problem": problem})

    def _forget_failure(self, insist: bool) -> None:
        try:
            os.unlink(self._failure.path)
        except FileNotFoundError:  # there was none, or somebody else was faster
            return
        if insist:
            self._see_the_waiting_drainer_off()

    def _see_the_waiting_drainer_off(self) -> None:
        """A drainer that waits for packages ends where only another Python has them: nobody should rely on its lock."""
        lock = ProcessLock(self._folder.drain_lock)
        for _ in range(LOOKS_OF_A_DRAINER):
            if not lock.is_held_elsewhere():
                return
            self._pause(LOOK_EVERY)

    def _wait_for_change(self) -> None:
        """Return when it is time to try again. Raises DependencyError where only another Python has the packages."""
        failed_at = stored_number(self._failure.load().get("at")) or self._clock()
        retry_at = min(failed_at, self._clock()) + self._retry_after
        while self._clock() < retry_at:
            self._on_wait(True)
            self._pause(LOOK_EVERY)
            if os.path.exists(self._failure.path):
                continue
            # A task has the packages. One more look, since it may have fetched them just now.
            if not self._are_there():
                raise DependencyError(f"A Python other than {sys.executable} has the packages and takes over the jobs")
            return


def _remove(path: str) -> None:
    doomed = path if path.endswith(UNFINISHED) else f"{path}.old{UNFINISHED}"
    try:
        # What can only be deleted in part (Windows: a library that is loaded) must not keep its name.
        if doomed != path:
            os.replace(path, doomed)
    except OSError:
        return
    shutil.rmtree(doomed, ignore_errors=True)


def _not_private(folder: str) -> str:
    return (
        f"Others may write to {folder}, and PlexSync loads no packages from below such a folder. Give it to Stash's "
        "user alone (chown, chmod 700). On a disk without permissions, set the environment variable "
        "STASH_PLUGIN_DATA on Stash to a folder elsewhere."
    )
