"""Jobs and dead letters as docs/operations.md shows them. Light."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plex.files.index_reader import IndexedItem, items_at, libraries
from storage.database import Database
from sync_queue.state.activity import known_titles
from sync_queue.views.counts import WAITING_FOR_PLEX
from sync_queue.views.job_list import FailedJob, WaitingJob, files_of, owners_of
from worker.base.known_settings import read_known_settings
from worker.base.paths import file_title, shown_path
from worker.data_folder import DataFolder
from worker.status.standing import stored_drainer, stored_gate


class JobShapes:
    """Shapes jobs at `now` (seconds since the epoch)."""

    def __init__(self, folder: DataFolder, database: Database, now: float) -> None:
        self._folder = folder
        self._database = database
        self._now = now
        self._known = read_known_settings(folder.known_settings)
        gate = stored_gate(folder, now)
        drainer, _ = stored_drainer(folder, is_plex_well=gate.is_closed(), has_jobs=True)
        self._is_held = not gate.is_closed() or self._known.paused or bool(drainer.blocked)

    def shapes(self, jobs: Sequence[WaitingJob | FailedJob]) -> list[dict[str, Any]]:
        """Each as an object of `jobs`."""
        paths = [path for job in jobs if isinstance(job, FailedJob) for path in job.candidates]
        items = items_at(self._folder.file_index, paths)
        owners = owners_of(self._database, [item.rating_key for item in items.values()])
        missing = [_scene_id(job) for job in jobs if _error_type(job) in WAITING_FOR_PLEX]
        files = files_of(self._database, [scene_id for scene_id in missing if scene_id])
        names = libraries(self._folder.file_index) if missing else []
        shaped = [self._shape(job, items, owners, files, names) for job in jobs]
        untitled = [each["scene_id"] for each in shaped if each["scene_id"] and not each["title"]]
        titles = known_titles(self._database, untitled) if untitled else {}
        return [each if each["title"] else {**each, "title": self._stand_in(each, titles)} for each in shaped]

    def _stand_in(self, shape: Mapping[str, Any], titles: Mapping[int, str]) -> str:
        """What stands for a title that the job does not have: the one synced last, else the name of the file."""
        path = "" if self._known.obfuscate_paths else shape["path"]
        return titles.get(shape["scene_id"], "") or (file_title(path) if path else "")

    def _shape(
        self,
        job: WaitingJob | FailedJob,
        items: Mapping[str, IndexedItem],
        owners: Mapping[int, int],
        files: Mapping[int, Sequence[str]],
        names: Sequence[str],
    ) -> dict[str, Any]:
        common = self._failed(job, items, owners) if isinstance(job, FailedJob) else self._waiting(job)
        looked_for = None
        if common["error_type"] in WAITING_FOR_PLEX:
            own = [job.path] if isinstance(job, FailedJob) and job.path else []
            paths = files.get(common["scene_id"], own)
            looked_for = {"paths": self._paths(paths), "libraries": list(names)}
        return {
            **common,
            "fields": job.data["data"]["fields"],
            "enqueued_at": job.data["enqueued_at"],
            "tries": [_try(*each) for each in job.data.get("tries", ())],
            "looked_for": looked_for,
        }

    def _waiting(self, job: WaitingJob) -> dict[str, Any]:
        scene_id = _scene_id(job)
        state = self._state(job)
        tries = job.data.get("tries") or [(0.0, job.data["last_error_type"] or "", "")]
        path = job.data.get("path", "")
        return {
            "id": job.id,
            "kind": "scene" if scene_id else "rename",
            "scene_id": scene_id,
            "title": job.data.get("title", "") if scene_id else str(job.data.get("fan_out", "")).replace(":", " "),
            "path": shown_path(path, self._known.obfuscate_paths) if path else "",
            "state": state,
            "next_retry_at": job.due if state in ("retry", "scan") else None,
            "attempts": job.data["retry_count"] + job.data.get("previous_attempts", 0),
            "error_type": job.data["last_error_type"] or "",
            "error_text": job.data.get("put_off_for") or tries[-1][2],
            "candidates": [],
            "buried_at": None,
        }

    def _state(self, job: WaitingJob) -> str:
        if job.is_claimed:
            return "in_progress"
        if job.due > self._now:
            return "scan" if job.data["last_error_type"] in WAITING_FOR_PLEX else "retry"
        return "held" if self._is_held else "due"

    def _failed(self, job: FailedJob, items: Mapping[str, IndexedItem], owners: Mapping[int, int]) -> dict[str, Any]:
        return {
            "id": job.id,
            "kind": "scene",
            "scene_id": job.scene_id,
            "title": job.title,
            "path": shown_path(job.path, self._known.obfuscate_paths) if job.path else "",
            "state": "failed",
            "next_retry_at": None,
            "attempts": job.attempts,
            "error_type": job.error_type,
            "error_text": job.error_text,
            "candidates": [self._candidate(path, items.get(path), owners) for path in job.candidates],
            "buried_at": job.buried_at,
        }

    def _candidate(self, path: str, item: IndexedItem | None, owners: Mapping[int, int]) -> dict[str, Any]:
        return {
            "rating_key": item.rating_key if item else None,
            "title": "" if self._known.obfuscate_paths else file_title(path),
            "path": shown_path(path, self._known.obfuscate_paths),
            "library": item.library if item else "",
            "scene_id": owners.get(item.rating_key) if item else None,
        }

    def _paths(self, paths: Iterable[str]) -> list[str]:
        return [shown_path(path, self._known.obfuscate_paths) for path in paths]


def _scene_id(job: WaitingJob | FailedJob) -> int | None:
    return job.scene_id if isinstance(job, FailedJob) else job.data["scene_id"]


def _error_type(job: WaitingJob | FailedJob) -> str | None:
    return job.error_type if isinstance(job, FailedJob) else job.data["last_error_type"]


def _try(at: float, error_type: str, error_text: str) -> dict[str, Any]:
    return {"at": at, "error_type": error_type, "error_text": error_text}
