"""What earlier syncs learned about a Plex server as such: how it spells a name, and in which ways it is its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from storage.database import IN_LIST, Database, as_list


@dataclass(frozen=True)
class NameForm:
    """One name of a list field: `asked` is the spelling that was sent, `shown` the one in which the server shows it."""

    field: str
    asked: str
    shown: str


class ServerKnowledge:
    """What is known of the Plex server `server_id` (its machineIdentifier)."""

    def __init__(self, database: Database, server_id: str) -> None:
        self._database = database
        self._server_id = server_id

    def forms(self, names: Iterable[str]) -> list[NameForm]:
        """How the server spells those of the names that it spells in its own way, in every field."""
        rows = self._database.all(
            f"SELECT field, asked, shown FROM plex_forms WHERE server_id = ? AND asked {IN_LIST}",
            (self._server_id, as_list(list(names))),
        )
        return [NameForm(*row) for row in rows]

    def save_forms(self, forms: Iterable[NameForm]) -> None:
        """Remember spellings (may be part of the caller's transaction)."""
        self._database.execute_many(
            "INSERT OR REPLACE INTO plex_forms (server_id, field, asked, shown) VALUES (?, ?, ?, ?)",
            [(self._server_id, each.field, each.asked, each.shown) for each in forms],
        )

    def traits(self) -> dict[str, Any]:
        """The server's ways by name, each a JSON value; absent where nothing was noticed."""
        rows = self._database.all("SELECT name, value FROM server_traits WHERE server_id = ?", (self._server_id,))
        return {name: json.loads(value) for name, value in rows}

    def save_traits(self, traits: Mapping[str, Any]) -> None:
        """Remember ways of the server (may be part of the caller's transaction)."""
        self._database.execute_many(
            "INSERT OR REPLACE INTO server_traits (server_id, name, value) VALUES (?, ?, ?)",
            [(self._server_id, name, json.dumps(value)) for name, value in traits.items()],
        )
