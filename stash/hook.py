"""Does an edit in Stash matter to Plex? Decided from the names of the fields sent, never from their values.

On the hook's path: standard library only, and little of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCENE_UPDATE = "Scene.Update.Post"

RELEVANT_FIELDS = frozenset(
    {
        "title",
        "details",
        "date",
        "rating",
        "rating100",
        "studio_id",
        "performer_ids",
        "tag_ids",
        "cover_image",
        "stash_ids",
        "primary_file_id",
    }
)
"""Names of Stash v0.30's SceneUpdateInput and BulkSceneUpdateInput that change what Plex should show, or where."""


class SceneEdit:
    """An edit of one scene that Plex should show; `fields` are names of RELEVANT_FIELDS, sorted."""

    def __init__(self, scene_id: int, fields: list[str]) -> None:
        self.scene_id = scene_id
        self.fields = fields


def relevant_edit(hook_context: dict[str, Any]) -> SceneEdit | None:
    """The edit behind a hook call, or None where it does not concern Plex.

    `inputFields` alone says what was sent: `input` holds null for everything that was not, and has another shape
    for every way to edit. A scan sends null for both and does not matter: it changes no metadata.
    """
    if hook_context.get("type") != SCENE_UPDATE:
        return None
    fields = hook_context.get("inputFields")
    if not isinstance(fields, list):
        return None
    relevant = sorted({field for field in fields if isinstance(field, str)} & RELEVANT_FIELDS)
    scene_id = _scene_id(hook_context.get("id"))
    if scene_id is None or not relevant:
        return None
    return SceneEdit(scene_id, relevant)


def _scene_id(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None
