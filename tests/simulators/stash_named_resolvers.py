"""The fields of performers, studios, tags and groups in the simulated schema: how each gets its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from tests.simulators.plugin_runner import Caller
from tests.simulators.stash_edits import Save
from tests.simulators.stash_graphql import Resolver, ResolverError
from tests.simulators.stash_library import Library, Named, NameTable, unix_seconds
from tests.simulators.stash_named import NamedEditor
from tests.simulators.stash_queries import find_named

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Context:
    """What a resolver may need of its request. `base_url` is how the client addressed the server."""

    base_url: str
    caller: Caller


@dataclass(frozen=True)
class NamedResolvers:
    """Reads and changes what scenes carry on behalf of GraphQL."""

    library: Library
    editor: NamedEditor

    def queries(self) -> dict[str, Resolver]:
        """Return the root fields that find one or many."""
        found: dict[str, Resolver] = {}
        for kind in ("performer", "studio", "tag", "group"):
            found[f"find{kind.capitalize()}"] = self._find_one(self.library.table(kind))
            found[f"find{kind.capitalize()}s"] = self._find_many(self.library.table(kind))
        return found

    def mutations(self) -> dict[str, Resolver]:
        """Return the root fields that change them."""
        editor, library = self.editor, self.library
        found: dict[str, Resolver] = {
            "tagsMerge": lambda context, _source, arguments: _saved_row(
                library.tags, editor.merge_tags(context.caller, arguments["input"])
            ),
            "performerMerge": lambda _context, _source, arguments: _saved_row(
                library.performers, editor.merge_performers(arguments["input"])
            ),
        }
        for kind in ("performer", "studio", "tag", "group"):
            found[f"{kind}Update"] = self._update(library.table(kind))
            found[f"{kind}Destroy"] = self._destroy_one(library.table(kind))
            found[f"{kind}sDestroy"] = self._destroy_many(library.table(kind))
        return found

    def fields(self) -> dict[str, dict[str, Resolver]]:
        """Return the fields of the types that are not attributes of what is stored."""
        library = self.library
        tags = _related(library.tags, lambda row: row.tag_ids)
        return {
            "Performer": {"tags": tags, "image_path": _image_path("performer", "image")},
            "Studio": {
                "parent_studio": lambda _context, row, _arguments: next(
                    iter(rows(library.studios, row.parent_ids)), None
                ),
                "tags": tags,
                "image_path": _image_path("studio", "image"),
            },
            "Tag": {
                "parents": _related(library.tags, lambda row: row.parent_ids),
                "children": _related(library.tags, lambda row: sorted(library.tags.family(row.id, 1) - {row.id})),
                "image_path": _image_path("tag", "image"),
            },
            "Group": {"front_image_path": _image_path("group", "frontimage")},
        }

    def _find_one(self, table: NameTable) -> Resolver:
        return lambda _context, _source, arguments: table.rows.get(int(arguments["id"]))

    def _find_many(self, table: NameTable) -> Resolver:
        return lambda _context, _source, arguments: _find_table(table, arguments)

    def _update(self, table: NameTable) -> Resolver:
        return lambda context, _source, arguments: _saved_row(
            table, self.editor.update(context.caller, table, arguments["input"])
        )

    def _destroy_one(self, table: NameTable) -> Resolver:
        return lambda context, _source, arguments: bool(
            self.editor.destroy(context.caller, table, id_list([arguments["input"]["id"]]), dict(arguments["input"]))
        )

    def _destroy_many(self, table: NameTable) -> Resolver:
        return lambda context, _source, arguments: bool(
            self.editor.destroy(context.caller, table, id_list(arguments["ids"]), list(arguments["ids"]))
        )


def id_list(ids: Iterable[Any]) -> list[int]:
    """Return ids as numbers; raises ResolverError for one that is none or stands there twice."""
    seen: list[int] = []
    for row_id in ids:
        try:
            number = int(row_id)
        except ValueError as error:
            raise ResolverError(f'converting ids: strconv.Atoi: parsing "{row_id}": invalid syntax') from error
        seen.append(number)
    if len(set(seen)) < len(seen):
        repeated = next(number for number in seen if seen.count(number) > 1)
        raise ResolverError(f"validating ids: duplicate id found: {repeated}")
    return seen


def rows(table: NameTable, ids: Iterable[int]) -> list[Named]:
    """Return the entries of these ids that still exist."""
    return [table.rows[row_id] for row_id in ids if row_id in table.rows]


def _related(table: NameTable, ids_of: Callable[[Named], Iterable[int]]) -> Resolver:
    return lambda _context, row, _arguments: rows(table, ids_of(row))


def _image_path(kind: str, name: str) -> Resolver:
    def path(context: Context, row: Named, _arguments: Arguments) -> str:
        default = "" if row.image else "&default=true"
        return f"{context.base_url}/{kind}/{row.id}/{name}?t={unix_seconds(row.updated_at)}{default}"

    return path


def _find_table(table: NameTable, arguments: Arguments) -> SimpleNamespace:
    ids = id_list(arguments.get("ids") or ())
    if ids:
        found = [table.require(row_id) for row_id in ids]
        count = len(found)
    else:
        count, found = find_named(table.rows, arguments.get("filter"))
    return SimpleNamespace(**{"count": count, f"{table.kind}s": found})


def _saved_row(table: NameTable, save: Save) -> Named:
    if not save.completed:
        raise ResolverError("context canceled")
    return table.require(save.ids[0])
