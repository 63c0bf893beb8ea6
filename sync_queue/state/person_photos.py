"""Which photo each person was given on a Plex server, where one person is one for all that it has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from storage.database import IN_LIST, Database, as_list


class PersonPhoto(NamedTuple):
    """`person` is what all spellings of a name share (`validation.names.name_key`).

    `performer_id` is Stash's, `address` what Plex was given, `sha1` that of the picture. `version`: Stash's time of the
    performer when the picture was looked at, as its address has it.
    """

    person: str
    performer_id: int
    address: str
    version: str
    sha1: str


class PersonPhotos:
    """The photos on the Plex server `server_id` (its machineIdentifier)."""

    def __init__(self, database: Database, server_id: str) -> None:
        self._database = database
        self._server_id = server_id

    def of(self, people: Iterable[str]) -> dict[str, PersonPhoto]:
        """What those of these people were given who were given anything."""
        rows = self._database.all(
            "SELECT person, performer_id, address, version, sha1 FROM person_photos"
            f" WHERE server_id = ? AND person {IN_LIST}",
            (self._server_id, as_list(list(people))),
        )
        return {row[0]: PersonPhoto(*row) for row in rows}

    def save(self, photos: Iterable[PersonPhoto]) -> None:
        """Remember photos."""
        with self._database.transaction():
            self._database.execute_many(
                "INSERT OR REPLACE INTO person_photos (server_id, person, performer_id, address, version, sha1)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(self._server_id, *photo) for photo in photos],
            )
