"""Does an edit in Stash matter to Plex? Decided from the names of the fields sent, never from their values.

On the hook's path: standard library only, and little of it.
"""

from __future__ import annotations

from validation.fields import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCENE_UPDATE = "Scene.Update.Post"
TAG_MERGE = "Tag.Merge.Post"
RENAMES = {
    "Performer.Update.Post": "performer",
    "Studio.Update.Post": "studio",
    "Tag.Update.Post": "tag",
    TAG_MERGE: "tag",
}
"""Hooks after which scenes show another name, and whose name it is. A merge sends no fields; its id is the tag that
stays."""

RELEVANT_FIELDS = frozenset({"stash_ids", "primary_file_id"}.union(*(field.inputs for field in TABLE)))
"""Names of Stash v0.30's SceneUpdateInput and BulkSceneUpdateInput that change what Plex should show, or where."""

_LARGEST_ID = 2**63 - 1  # SQLite's largest integer, in which Stash keeps ids


class SceneEdit:
    """An edit of one scene that Plex should show; `fields` are names of RELEVANT_FIELDS, sorted."""

    def __init__(self, scene_id: int, fields: list[str]) -> None:
        self.scene_id = scene_id
        self.fields = fields


class Rename:
    """A performer, studio or tag whose name is another now: every scene that carries it shows it.

    `kind` is one of the values of RENAMES.
    """

    def __init__(self, kind: str, entity_id: int) -> None:
        self.kind = kind
        self.entity_id = entity_id


def relevant_change(hook_context: dict[str, Any]) -> SceneEdit | Rename | None:
    """What happened, or None where it does not concern Plex.

    `inputFields` alone says what was sent: `input` holds null for everything that was not, and has another shape
    for every way to edit. A scan sends null for both and does not matter: it changes no metadata.
    """
    trigger = hook_context.get("type")
    row_id = _row_id(hook_context.get("id"))
    fields = hook_context.get("inputFields")
    sent = {field for field in fields if isinstance(field, str)} if isinstance(fields, list) else set()
    if row_id is None or not isinstance(trigger, str):
        return None
    if trigger == SCENE_UPDATE:
        relevant = sorted(sent & RELEVANT_FIELDS)
        return SceneEdit(row_id, relevant) if relevant else None
    if trigger == TAG_MERGE or (trigger in RENAMES and "name" in sent):
        return Rename(RENAMES[trigger], row_id)
    return None


def _row_id(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST_ID)):
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= _LARGEST_ID else None
