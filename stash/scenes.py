"""What is asked of Stash about a scene, and how the answer becomes a `Scene` (GraphQL schema of Stash v0.30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from validation.fields import TABLE
from validation.scene import Named, Performer, Scene, StashId, Studio, Tag

_ALWAYS = ("id", "updated_at", "files { path }", "stash_ids { endpoint stash_id }")
SCENE_SELECTION = " ".join(dict.fromkeys([*_ALWAYS, *(field.query for field in TABLE if field.query)]))
"""The fields of a Scene in a query, whatever the settings are."""


FILES_SELECTION = "id files { path }"
"""Of a Scene what tells where it is, for whoever asks for very many."""


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
        studio=_studio(answer["studio"]) if answer["studio"] else None,
        performers=tuple(map(_performer, answer["performers"])),
        tags=tuple(map(_tag, answer["tags"])),
        groups=tuple(Named(*_named(each["group"])) for each in answer.get("groups") or ()),
        stash_ids=tuple(StashId(each["endpoint"], each["stash_id"]) for each in answer["stash_ids"]),
        organized=bool(answer.get("organized")),
        code=answer.get("code") or "",
        director=answer.get("director") or "",
    )


def parse_files(answer: Mapping[str, Any]) -> Scene:
    """The scene behind one object of FILES_SELECTION, with nothing but its id and files. Raises as parse_scene."""
    return Scene(id=int(answer["id"]), files=tuple(map(_path, answer["files"])))


def _path(file: Mapping[str, Any]) -> str:
    path = file["path"]
    if not isinstance(path, str):
        raise TypeError(f"a path of {path!r}")
    return path


def _studio(answer: Mapping[str, Any]) -> Studio:
    above = answer.get("parent_studio")
    return Studio(*_named(answer), _named(above)[1] if above else "")


def _performer(answer: Mapping[str, Any]) -> Performer:
    return Performer(*_named(answer), tuple(map(_tag, answer.get("tags") or ())), answer.get("image_path") or "")


def _tag(answer: Mapping[str, Any]) -> Tag:
    return Tag(*_named(answer), tuple(_named(each)[1] for each in answer.get("parents") or ()))


def _named(answer: Mapping[str, Any]) -> tuple[int, str]:
    """Id and name."""
    return int(answer["id"]), answer["name"] or ""
