"""A task that comes before the first drainer of the next version."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import sync_queue.database
import sync_queue.migration
import worker.handover.up_to_date
from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from tests.support.manifest import make_plugin, write_manifest
from tests.support.queue_examples import add
from worker.data_folder import DataFolder
from worker.drain.parts import Workplace
from worker.errors import TaskError
from worker.handover.plugin_files import BeingReplaced
from worker.handover.up_to_date import LOOK_EVERY, PATIENCE, open_up_to_date


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """The data of the version before, in a plugin of this one."""
    made = DataFolder(str(make_plugin(tmp_path) / "data"))
    with closing(open_queue_database(made.queue)) as database:
        add(database, 1)
    for module in (sync_queue.database, sync_queue.migration, worker.handover.up_to_date):
        monkeypatch.setattr(module, "FORMAT", 2)
    monkeypatch.setattr(sync_queue.migration, "STEPS", (("CREATE TABLE invented (word TEXT)",),))
    return made


def open_it(folder: DataFolder, started: list[str], sleeps: list[float]) -> int:
    """The format afterwards."""
    plugin = str(Path(folder.root).parent)
    with closing(open_up_to_date(folder, plugin, lambda: started.append("a drainer"), sleeps.append)) as database:
        return database.schema_version()


def test_it_migrates_and_sees_to_what_came_meanwhile(folder: DataFolder) -> None:
    started, sleeps = list[str](), list[float]()
    assert open_it(folder, started, sleeps) == 2
    assert open_it(folder, started, sleeps) == 2
    assert (started, sleeps) == (["a drainer"], [])
    assert not ProcessLock(folder.drain_lock).is_held_elsewhere()


def test_the_drainer_of_the_version_before_is_waited_for(folder: DataFolder) -> None:
    sleeps: list[float] = []
    with pytest.raises(TaskError, match="the version before still finishes its work"):
        holder = ProcessLock(folder.drain_lock)
        assert holder.acquire()
        open_it(folder, [], sleeps)
    holder.release()
    assert sum(sleeps) == pytest.approx(PATIENCE)
    assert set(sleeps) == {LOOK_EVERY}
    with closing(open_queue_database(folder.queue)) as database:
        assert database.schema_version() == 1


def test_nothing_is_migrated_by_half_replaced_files(folder: DataFolder) -> None:
    write_manifest(Path(folder.root).parent, "99.0.0")
    with pytest.raises(BeingReplaced):
        open_it(folder, [], [])
    with closing(open_queue_database(folder.queue)) as database:
        assert database.schema_version() == 1


def test_whoever_takes_the_lock_with_half_replaced_files_supersedes_nobody(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path)
    workplace = Workplace(DataFolder(str(plugin / "data")), {}, plugin_folder=str(plugin))
    with closing(workplace):
        generation = workplace.supersede()
        write_manifest(plugin, "99.0.0")
        with pytest.raises(BeingReplaced):
            workplace.new_parts(foreground=True)
        generation.check()
