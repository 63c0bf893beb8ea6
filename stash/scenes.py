"""What is asked of Stash about a scene, and how the answer becomes a `Scene` (GraphQL schema of Stash v0.30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from validation.fields import TABLE
from validation.scene import Named, Scene, StashId

_ALWAYS = ("id", "updated_at", "files { path }", "stash_ids { endpoint stash_id }")
SCENE_SELECTION = " ".join(dict.fromkeys([*_ALWAYS, *(field.query for field in TABLE if field.query)]))
"""The fields of a Scene in a query, whatever the settings are."""


def scene_selection(also: Iterable[str] = ()) -> str:
    """The fields of a Scene in a query, with those that settings need besides (`validation.in_force.queries_of`)."""
    return " ".join(dict.fromkeys([SCENE_SELECTION, *also]))


def parse_scene(answer: Mapping[str, Any]) -> Scene:
    """The scene behind one object of `scene_selection`. Raises KeyError, TypeError or ValueError for anything else."""
    return Scene(
        id=int(answer["id"]),
        title=answer["title"] or "",
        details=answer["details"] or "",
        date=answer["date"] or "",
        rating100=answer["rating100"],
        updated_at=answer["updated_at"],
        files=tuple(_path(file) for file in answer["files"]),
        screenshot=(answer["paths"] or {}).get("screenshot") or "",
        studio=_named(answer["studio"]) if answer["studio"] else None,
        performers=_all_named(answer["performers"]),
        tags=_all_named(answer["tags"]),
        stash_ids=tuple(StashId(each["endpoint"], each["stash_id"]) for each in answer["stash_ids"]),
        organized=bool(answer.get("organized")),
        code=answer.get("code") or "",
        director=answer.get("director") or "",
    )


def _path(file: Mapping[str, Any]) -> str:
    path = file["path"]
    if not isinstance(path, str):
        raise TypeError(f"a path of {path!r}")
    return path


def _all_named(answers: Iterable[Mapping[str, Any]]) -> tuple[Named, ...]:
    return tuple(map(_named, answers))


def _named(answer: Mapping[str, Any]) -> Named:
    return Named(int(answer["id"]), answer["name"] or "")
