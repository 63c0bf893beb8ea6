"""How edits are asked of Plex: the parameters of its edit request, a PUT on /library/sections/{key}/all.

Shapes as python-plexapi 4.18 sends them (mixins/edit.py, utils.joinArgs):

    title.value=…&title.locked=1                          text
    genre[0].tag.tag=A&genre[1].tag.tag=B&genre.locked=1  the names of a list
    actor[0].tag.tag=A&actor[0].tagging.text=Nurse        what one of them plays
    genre[].tag.tag-=C,D&genre.locked=1                   names to take away

Sources disagree whether the indexed form replaces the list (python-plexapi) or adds to it (the Plex API description).
The whole list *and* the names that must go are right under both, and both fit in one request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from plex.editing.edits import FieldEdit, is_locked, keys, names
from plex.items import PlexItem
from validation.fields import LIST_FIELDS, PLEX_NAMES

Parameters = list[tuple[str, str]]

MAX_URL_BYTES = 8000  # what common servers and proxies accept is 8,192 bytes for the whole request line

LONGEST_ID = "9" * 20
"""A section's or item's number that no shorter address is reckoned with."""


def edit_path(section_key: int | str, rating_key: int | str, parameters: Iterable[tuple[str, str]]) -> str:
    """Path and query of the PUT that edits one movie (type 1), percent-encoded as they go over the wire."""
    pairs = [("type", "1"), ("id", str(rating_key)), *parameters]
    return f"/library/sections/{section_key}/all?" + "&".join(_encoded(pair) for pair in pairs)


def edit_requests(
    edits: Sequence[FieldEdit],
    max_url_bytes: int = MAX_URL_BYTES,
    extra_locks: Sequence[str] = (),
    photos: Sequence[Parameters] = (),
) -> list[Parameters]:
    """The parameters of as few edit requests as the length of a URL allows, usually one; [] where nothing is to do.

    `max_url_bytes` counts path and query as encoded; what cannot be divided (a long summary, a list's whole names) goes
    alone if it exceeds that by itself. `extra_locks` are Plex's names of fields to lock besides ("thumb", "art"),
    `photos` those of `photo_requests` that go along. A rating is no part of it: Plex takes it by a request of its own.

    Old spellings go in requests of their own: behind the others, but before a list that sets the wanted one again.
    """
    pieces = [piece for edit in edits for piece in _pieces(edit, max_url_bytes)]
    pieces += [[_lock(name, True)] for name in extra_locks] + [list(each) for each in photos]
    before = [each for edit in edits if _sets_again(edit) for each in _respellings(edit)]
    after = [each for edit in edits if not _sets_again(edit) for each in _respellings(edit)]
    return before + _packed(pieces, max_url_bytes) + after


def photo_requests(
    people: Sequence[str],
    photos: Mapping[str, str],
    *,
    roles: Mapping[str, str],
    locked: bool,
    max_url_bytes: int = MAX_URL_BYTES,
) -> list[Parameters]:
    """The parameters that tell Plex where it finds photos (address by name) of some of an item's `people`.

    Each request names all of them, with their `roles`: where the indexed form replaces the list, it would lose the
    others. `locked`: how the list's lock is to be.
    """
    kind = PLEX_NAMES["performers"]
    lock, longest = _lock(kind, locked), max(photos.values(), key=len, default="")
    tags = _tags(kind, people, roles, [lock, (f"{kind}[{len(people)}].tag.thumb", longest)], max_url_bytes)
    requests: list[Parameters] = []
    for index, name in enumerate(people):
        if name not in photos:
            continue
        photo = (f"{kind}[{index}].tag.thumb", photos[name])
        if requests and _fits([*requests[-1], photo], max_url_bytes):
            requests[-1].append(photo)
        else:
            requests.append([*tags, lock, photo])
    return requests


def plain_edit_requests(edits: Iterable[FieldEdit]) -> list[Parameters]:
    """The same in the plainest form: one field per request, one removal per request.

    A Plex that takes a single name of the `-=` form and drops the rest silently understands this as well.
    """
    requests: list[Parameters] = []
    for edit in edits:
        if edit.is_lock_only:
            requests += list(_pieces(edit, MAX_URL_BYTES))
        elif edit.field in LIST_FIELDS:
            requests += [_removal(edit, [name]) for name in (*edit.removed, *edit.respelled)]
            requests += [_whole_list(edit, MAX_URL_BYTES)] if edit.added else []
        elif edit.field in PLEX_NAMES:
            requests.append(_text(edit))
    return requests


def unchanged_lock(item: PlexItem, field: str = "title") -> Parameters:
    """An edit that leaves a field of an item, one of PLEX_NAMES, locked, or not locked, as it is.

    Its value is no part of it: some servers make a new sort title of each title that comes.
    """
    return [_lock(PLEX_NAMES[field], is_locked(field, item.locked))]


def _pieces(edit: FieldEdit, max_url_bytes: int) -> Iterator[Parameters]:
    """What of an edit must stand in one request together."""
    if edit.field not in PLEX_NAMES:
        return
    if edit.is_lock_only:
        yield [_lock(PLEX_NAMES[edit.field], edit.locked)]
    elif edit.field not in LIST_FIELDS:
        yield _text(edit)
    else:
        if names(edit.new) and (edit.added or edit.removed):
            yield _whole_list(edit, max_url_bytes)
        yield from _removals(edit, max_url_bytes)


def _sets_again(edit: FieldEdit) -> bool:
    """Whether a name is set whose other spelling goes."""
    return bool(keys(edit.added) & keys(edit.respelled))


def _respellings(edit: FieldEdit) -> list[Parameters]:
    return [_removal(edit, [name]) for name in edit.respelled]


def _text(edit: FieldEdit) -> Parameters:
    name = PLEX_NAMES[edit.field]
    text = [(f"{name}.value", str(edit.new)), _lock(name, edit.locked)]
    if edit.sort_title:  # that none stands there, the server knows by itself; if not, it shows in what is read back
        text += [(f"{PLEX_NAMES['sort_title']}.value", edit.sort_title), _lock(PLEX_NAMES["sort_title"], False)]
    return text


def _whole_list(edit: FieldEdit, max_url_bytes: int) -> Parameters:
    """All names, in one piece: where the indexed form replaces the list, a second request would undo the first."""
    name = PLEX_NAMES[edit.field]
    lock = _lock(name, edit.locked)
    return [*_tags(name, names(edit.new), edit.roles, [lock], max_url_bytes), lock]


def _tags(
    kind: str, people: Sequence[str], roles: Mapping[str, str], besides: Parameters, max_url_bytes: int
) -> Parameters:
    """The names of a list, and what they play where there is room for that beside what else goes along."""
    tags = [(f"{kind}[{index}].tag.tag", name) for index, name in enumerate(people)]
    cast = [(f"{kind}[{index}].tagging.text", roles[name]) for index, name in enumerate(people) if name in roles]
    return [*tags, *cast] if _fits([*tags, *cast, *besides], max_url_bytes) else tags


def _removal(edit: FieldEdit, removed: Iterable[str]) -> Parameters:
    """The `-=` form. Plex decodes the URL, then splits at commas: a comma within a name survives only encoded twice."""
    name = PLEX_NAMES[edit.field]
    return [(f"{name}[].tag.tag-", ",".join(quote(each, safe="") for each in removed)), _lock(name, edit.locked)]


def _removals(edit: FieldEdit, max_url_bytes: int) -> Iterator[Parameters]:
    """The names that must go, in as few pieces as fit; a name that is too long by itself has its own."""
    together: list[str] = []
    for name in edit.removed:
        if together and not _fits(_removal(edit, [*together, name]), max_url_bytes):
            yield _removal(edit, together)
            together = []
        together.append(name)
    if together:
        yield _removal(edit, together)


def _lock(name: str, locked: bool) -> tuple[str, str]:
    """A field that is not locked is overwritten at Plex's next metadata refresh."""
    return f"{name}.locked", "1" if locked else "0"


def _packed(pieces: Iterable[Parameters], max_url_bytes: int) -> list[Parameters]:
    requests: list[Parameters] = []
    for piece in pieces:
        if requests and _fits(joined := _join(requests[-1], piece), max_url_bytes):
            requests[-1] = joined
        else:
            requests.append(piece)
    return requests


def _join(one: Parameters, other: Parameters) -> Parameters:
    return list(dict.fromkeys([*one, *other]))  # the lock of a list stands in each of its pieces


def _fits(parameters: Parameters, max_url_bytes: int) -> bool:
    return len(edit_path(LONGEST_ID, LONGEST_ID, parameters)) <= max_url_bytes


def _encoded(pair: tuple[str, str]) -> str:
    return "=".join(quote(part, safe="") for part in pair)
