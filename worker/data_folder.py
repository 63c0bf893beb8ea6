"""Where everything is kept. On the hook's path: imports nothing but os."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_VARIABLE = "STASH_PLUGIN_DATA"
TEMPORARY_PREFIX = "plexsync-"
"""What the names of all our folders in the system's temporary folder begin with."""


class DataFolder:
    """The data folder (mode 0700) and the names of all that is in it."""

    fault = ""
    """Why the folder that this one stands in for cannot be used; "" where it stands for itself."""
    stands_for: DataFolder | None = None
    """That folder, None where it stands for itself."""

    def __init__(self, root: str, live: str = "") -> None:
        """`live`: where the live files go, for Stash to serve: in the plugin's own folder, wherever `root` is."""
        self.root = root
        self.live = live or os.path.join(os.path.dirname(os.path.abspath(root)), "live")
        self.live_status = os.path.join(self.live, "status.json")
        self.live_scenes = os.path.join(self.live, "scenes.json")
        self.queue = os.path.join(root, "queue")
        self.drain_lock = os.path.join(self.queue, "drain.lock")
        self.session_pipe = os.path.join(self.queue, "session.pipe")
        self.standby_lock = os.path.join(self.queue, "standby.lock")
        self.install_lock = os.path.join(root, "install.lock")
        self.install_failure = os.path.join(root, "install_failure.json")
        self.damaged_packages = os.path.join(root, "damaged_packages.json")
        self.pictures_failure = os.path.join(root, "pictures_failure.json")
        self.dependencies = os.path.join(root, "deps")
        self.breaker = os.path.join(root, "circuit_breaker_state.json")
        self.probe_schedule = os.path.join(root, "probe_schedule.json")
        self.outages = os.path.join(root, "outage_history.json")
        self.stashes = os.path.join(root, "stashes.json")
        self.catch_up = os.path.join(root, "catch_up.json")
        self.backups = os.path.join(root, "backups")
        self.reports = os.path.join(root, "reports")
        self.reconcile = os.path.join(root, "reconcile.json")
        self.status = os.path.join(root, "drainer_status.json")
        self.known_settings = os.path.join(root, "known_settings.json")
        self.file_index = os.path.join(root, "plex_index.db")
        self.write_test = os.path.join(root, "write_test.json")
        self.tidying = os.path.join(root, "tidying.json")
        self.log = os.path.join(root, "plexsync.log")

    @property
    def is_served(self) -> bool:
        """Whether Stash serves its reports: it does where the folder is `data/` in the plugin's (PlexSync.yml)."""
        return os.path.abspath(self.root) == os.path.join(os.path.dirname(self.live), "data")

    def create(self) -> None:
        """Create the folder and the queue's folder where missing.

        Where that fails, opening the queue fails for the same reason: a hook then says what becomes of its edit, and
        the doctor goes on without.
        """
        try:
            os.makedirs(self.root, mode=0o700, exist_ok=True)
            os.makedirs(self.queue, mode=0o700, exist_ok=True)
        except OSError:
            return


class StandIn(DataFolder):
    """A folder in place of one that cannot be used; `fault` is a sentence about that one."""

    def __init__(self, root: str, fault: str, stands_for: DataFolder) -> None:
        super().__init__(root, os.path.join(root, "live"))
        self.fault = fault
        self.stands_for = stands_for


def named_folder(environ: Mapping[str, str] = os.environ) -> str:
    """What STASH_PLUGIN_DATA names, with `~` as the home of Stash's user; "" for nothing, which blanks are.

    Quotes around it, and variables in it, are what a shell would have made of them: where none was asked, as by the
    list form of a compose file's `environment`, they arrive as they were typed.
    """
    named = environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if len(named) > 1 and named[0] == named[-1] and named[0] in "\"'":
        named = named[1:-1].strip()
    return os.path.expanduser(os.path.expandvars(named))


def data_folder(plugin_folder: str) -> DataFolder:
    """`data/` in the plugin's folder; the environment variable STASH_PLUGIN_DATA overrides it.

    A relative one begins in the plugin's folder, too: the processes of a plugin do not all stand where Stash does.
    """
    root = os.path.join(plugin_folder, named_folder() or "data")
    return DataFolder(root, os.path.join(plugin_folder, "live"))
