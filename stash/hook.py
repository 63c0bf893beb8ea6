"""Does an edit in Stash matter to Plex? Decided from the names of the fields sent, never from their values.

On the hook's path: standard library only, and little of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCENE_UPDATE = "Scene.Update.Post"
SCENE_DESTROY = "Scene.Destroy.Post"
TAG_MERGE = "Tag.Merge.Post"
CHANGES = {
    "Performer.Update.Post": ("performer", ("name", "image", "tag_ids")),
    "Studio.Update.Post": ("studio", ("name", "parent_id")),
    "Tag.Update.Post": ("tag", ("name", "child_ids", "parent_ids")),
    "Group.Update.Post": ("group", ("name",)),
}
"""Hooks after which scenes may show something else: of what, and which of its inputs (Stash v0.30) can do that, the
name first. Movie.Update.Post fires beside Group.Update.Post, so that one of the two is enough."""
REMOVALS = {
    "Performer.Destroy.Post": "performer",
    "Studio.Destroy.Post": "studio",
    "Tag.Destroy.Post": "tag",
    "Group.Destroy.Post": "group",
}
"""Hooks after which no scene carries a name any more, and whose it was: the id is all that they say."""
TRIGGERS = (SCENE_UPDATE, SCENE_DESTROY, TAG_MERGE, *CHANGES, *REMOVALS)
"""Every hook that PlexSync asks for."""

RELEVANT_FIELDS = frozenset(
    {"code", "cover_image", "date", "details", "director", "group_ids", "groups", "movies", "organized"}
    | {"performer_ids", "primary_file_id", "rating", "rating100", "stash_ids", "studio_id", "tag_ids", "title"}
)
"""Names of Stash v0.30's SceneUpdateInput and BulkSceneUpdateInput that change what Plex should show, or where, be it
under some setting only. A test holds them to validation.fields, which a hook has no time to load."""

_MANY = "ids"  # of BulkSceneUpdateInput, where one scene's input has "id"
_LARGEST_ID = 2**63 - 1  # SQLite's largest integer, in which Stash keeps ids


class SceneEdit:
    """An edit of one scene that Plex should show; `fields` are names of RELEVANT_FIELDS, sorted, none for a scene that
    is gone: another one may lead to its items.

    `is_bulk`: whether it is one of many scenes that are edited at once.
    """

    def __init__(self, scene_id: int, fields: list[str], is_bulk: bool = False) -> None:
        self.scene_id = scene_id
        self.fields = fields
        self.is_bulk = is_bulk


class Rename:
    """A performer, studio, tag or group of which something is another now that its scenes may show.

    `kind` is one of those of CHANGES. `fields`: "name" alone where that is among what changed, for it says enough.
    """

    def __init__(self, kind: str, entity_id: int, fields: list[str]) -> None:
        self.kind = kind
        self.entity_id = entity_id
        self.fields = fields


class Removal:
    """A performer, studio, tag or group that is gone, together with its name in every scene. `kind` as in REMOVALS."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def relevant_change(hook_context: dict[str, Any]) -> SceneEdit | Rename | Removal | None:
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
        return SceneEdit(row_id, relevant, _MANY in sent) if relevant else None
    if trigger == SCENE_DESTROY:
        return SceneEdit(row_id, [])
    if trigger == TAG_MERGE:  # it sends no fields, and its id is the tag that stays
        return Rename("tag", row_id, ["name"])
    if trigger in REMOVALS:
        return Removal(REMOVALS[trigger])
    return _rename(trigger, row_id, sent)


def _rename(trigger: str, row_id: int, sent: set[str]) -> Rename | None:
    kind, inputs = CHANGES.get(trigger, ("", ()))
    changed = ["name"] if "name" in inputs and "name" in sent else sorted(sent.intersection(inputs))
    return Rename(kind, row_id, changed) if changed else None


def _row_id(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST_ID)):
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= _LARGEST_ID else None
