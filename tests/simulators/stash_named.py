"""Edits of performers, studios, tags and groups of a simulated Stash, and the hooks that they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulators.plugin_runner import Caller
from tests.simulators.stash_edits import Editor, Input, Save, decode_image, int_id
from tests.simulators.stash_library import NameTable

# A group was once a movie; hooks of both names run, those of the new name first
HOOK_NAMES: Mapping[str, tuple[str, ...]] = {
    "performer": ("Performer",),
    "studio": ("Studio",),
    "tag": ("Tag",),
    "group": ("Group", "Movie"),
}


@dataclass(frozen=True)
class NamedEditor:
    """Carries out the mutations of what scenes carry; none of them moves a scene's updated_at."""

    editor: Editor

    def update(self, caller: Caller, table: NameTable, update_input: Input) -> Save:
        """Save an entry. The hook of a tag gets what was sent, that of the others the whole input struct."""
        row_id = int_id(update_input["id"])
        table.update(row_id, **self._changes(table, row_id, update_input))
        type_name = f"{table.kind.capitalize()}UpdateInput"
        whole = dict(update_input) if table.kind == "tag" else self.editor.whole(type_name, update_input)
        with self.editor.saving(f"{table.kind}Update", row_id) as save:
            self._run_hooks(caller, table, row_id, "Update", whole, tuple(update_input))
        return save

    def destroy(self, caller: Caller, table: NameTable, ids: Sequence[int], hook_input: Any) -> Save:
        """Delete entries. Each runs hooks of its own, which tell the id and no field."""
        with self.editor.library.lock:
            for row_id in ids:
                table.require(row_id)
            for row_id in ids:
                self.editor.library.destroy(table, row_id)
        with self.editor.saving(f"{table.kind}Destroy", *ids) as save:
            for row_id in ids:
                self._run_hooks(caller, table, row_id, "Destroy", hook_input, ())
        return save

    def merge_tags(self, caller: Caller, merge_input: Input) -> Save:
        """Put one tag in the place of others."""
        library = self.editor.library
        destination = int_id(merge_input["destination"])
        library.merge(library.tags, [int_id(each) for each in merge_input["source"]], destination)
        with self.editor.saving("tagsMerge", destination) as save:
            self.editor.plugins.run_hooks(caller, destination, "Tag.Merge.Post", dict(merge_input), ())
        return save

    def merge_performers(self, merge_input: Input) -> Save:
        """Put one performer in the place of others, which leaves no trace: no hook runs."""
        library = self.editor.library
        destination = int_id(merge_input["destination"])
        library.merge(library.performers, [int_id(each) for each in merge_input["source"]], destination)
        with self.editor.saving("performerMerge", destination) as save:
            return save

    def _run_hooks(
        self, caller: Caller, table: NameTable, row_id: int, event: str, hook_input: Any, fields: tuple[str, ...]
    ) -> None:
        for name in HOOK_NAMES[table.kind]:
            self.editor.plugins.run_hooks(caller, row_id, f"{name}.{event}.Post", hook_input, fields)

    def _changes(self, table: NameTable, row_id: int, sent: Input) -> dict[str, Any]:
        """Translate the fields that were sent into those of a stored entry."""
        library = self.editor.library
        changes: dict[str, Any] = {}
        if sent.get("name") is not None:
            changes["name"] = sent["name"].strip()
        if "disambiguation" in sent:
            changes["disambiguation"] = (sent["disambiguation"] or "").strip()
        if "parent_id" in sent:
            changes["parent_ids"] = table.require_all([int_id(sent["parent_id"])] if sent["parent_id"] else [])
        if "parent_ids" in sent:
            changes["parent_ids"] = table.require_all(int_id(each) for each in sent["parent_ids"] or ())
        if "child_ids" in sent:
            self._set_children(table, row_id, table.require_all(int_id(each) for each in sent["child_ids"] or ()))
        if "tag_ids" in sent:
            changes["tag_ids"] = library.tags.require_all(int_id(each) for each in sent["tag_ids"] or ())
        for name in ("image", "front_image"):
            if name in sent:
                changes["image"] = decode_image(sent[name]) if sent[name] else None
        return changes

    def _set_children(self, table: NameTable, row_id: int, children: Sequence[int]) -> None:
        for row in tuple(table.rows.values()):
            others = tuple(each for each in row.parent_ids if each != row_id)
            parents = (*others, row_id) if row.id in children else others
            if parents != row.parent_ids:
                table.update(row.id, parent_ids=parents, updated_at=row.updated_at)
