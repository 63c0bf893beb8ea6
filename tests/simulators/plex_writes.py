"""What a Plex does to writes when it is not well: ignores them, refuses some, or answers 500 to all.

`PlexSimulator.writes` holds these, and each may be set while it runs:

    plex.writes.ignored = EVERY_FIELD          # 200, and nothing arrives
    plex.writes.ignored_requests = 3           # ... for the next three writes
    plex.writes.ignored_locks = frozenset({"summary"})
    plex.writes.refused = frozenset({"collection"})
    plex.writes.failing_status = 500           # every PUT, POST and DELETE; None again once it is well

Fields have Plex's names: those of `TEXT_FIELDS` and `TAG_FIELDS`, `userRating`, `thumb` and `art`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.simulators.http_server import Request
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS, Edit
from tests.simulators.plex_items import RequestError

EVERY_FIELD = frozenset(TEXT_FIELDS) | frozenset(TAG_FIELDS) | {"userRating", "thumb", "art"}
NO_FIELD: frozenset[str] = frozenset()


@dataclass
class WriteFaults:
    """See the module's docstring; by default every write is taken.

    Attributes:
        ignored: fields of which nothing arrives, neither value nor lock, though the answer is 200.
        ignored_requests: how many more requests that hold such a field are met by `ignored`; None for all.
        ignored_values: fields whose value does not arrive; their lock does.
        ignored_locks: fields whose lock does not hold; their value arrives.
        refused: fields for which the whole request is refused, be it for a value, a name or a lock.
        refused_items: rating keys to which `refused` applies; empty for all.
        refused_status: the answer then: 400 (a bad field) or 500 (bad data).
        max_names: how many names of one kind a request may set.
        max_names_status: the answer to more, 400 or 500.
        max_request_line: how many bytes a request's first line may have ("PUT /library/... HTTP/1.1"); more
            are answered 414, as by a proxy. None for no limit.
        failing_status: the answer to every PUT, POST and DELETE, without effect, while reads work; None for none.
    """

    ignored: frozenset[str] = NO_FIELD
    ignored_requests: int | None = None
    ignored_values: frozenset[str] = NO_FIELD
    ignored_locks: frozenset[str] = NO_FIELD
    refused: frozenset[str] = NO_FIELD
    refused_items: frozenset[int] = frozenset()
    refused_status: int = 400
    max_names: int | None = None
    max_names_status: int = 500
    max_request_line: int | None = None
    failing_status: int | None = None

    def check_line(self, request: Request) -> None:
        """Raise RequestError (414) for an address that is too long."""
        length = len(f"{request.method} {request.target} HTTP/1.1".encode())
        if self.max_request_line is not None and length > self.max_request_line:
            raise RequestError(414, "URI Too Long")

    def check_method(self, request: Request) -> None:
        """Raise RequestError for a write while writes fail."""
        if self.failing_status is not None and request.method not in ("GET", "HEAD"):
            raise RequestError(self.failing_status, "the database is busy")

    def check_fields(self, rating_keys: Iterable[int], fields: Iterable[str]) -> None:
        """Raise RequestError where a field of the request is refused for one of its items."""
        found = self.refused.intersection(fields)
        if found and (not self.refused_items or self.refused_items.intersection(rating_keys)):
            raise RequestError(self.refused_status, f"{', '.join(sorted(found))} is refused")

    def check_lists(self, edit: Edit) -> None:
        """Raise RequestError where a list is too long."""
        if self.max_names is not None and any(len(names) > self.max_names for names in edit.tags.values()):
            raise RequestError(self.max_names_status, f"more than {self.max_names} names")

    def take_ignored(self, fields: Iterable[str]) -> frozenset[str]:
        """Return those of a request's fields of which nothing shall arrive; counts the request if there are any."""
        found = self.ignored.intersection(fields)
        if not found or self.ignored_requests == 0:
            return NO_FIELD
        if self.ignored_requests is not None:
            self.ignored_requests -= 1
        return found

    def heeded(self, edit: Edit) -> Edit:
        """Return what arrives of an edit."""
        gone = self.take_ignored(edit.fields)
        values_gone = gone | self.ignored_values
        return replace(
            edit,
            text={name: value for name, value in edit.text.items() if name not in values_gone},
            tags={kind: names for kind, names in edit.tags.items() if kind not in values_gone},
            removals=[removal for removal in edit.removals if removal[0] not in values_gone],
            characters={} if "actor" in values_gone else edit.characters,
            photos={} if "actor" in values_gone else edit.photos,
            locks=edit.locks - gone - self.ignored_locks,
            unlocks=edit.unlocks - gone,
        )
