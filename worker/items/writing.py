"""Sends an item's edits: together where Plex takes them so, else field by field, and a list as far as it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from plex.client import PlexClient
from plex.editing.edits import FieldEdit, names
from plex.editing.room import address_bytes, as_far_as, left_out
from plex.editing.writer import MAX_URL_BYTES, Parameters, edit_requests, plain_edit_requests
from plex.exceptions import PlexAuthError, PlexError, PlexPermanentError, PlexServerDown, PlexTemporaryError
from plex.items import PlexItem
from validation.fields import LIST_FIELDS, PLEX_NAMES, FieldValue
from worker.clients.harmless_edit import takes_edits
from worker.items.server import KnownServer, Route
from worker.items.verdict import ItemVerdict

TOO_LONG = (413, 414, 431)
"""HTTP statuses: the address is longer than the server, or a proxy before it, takes. 414 is meant for that (RFC 9110,
431 RFC 6585); some say one of the others."""
LONG_LIST = 100
"""Names of a list up to which a 500 is not taken for its length. Chosen: a busy database answers 500 to any edit."""
ENOUGH_FIELDS = 3
"""Fields that fail one after the other by a 500 before it is taken for the server's."""
SHORTEST_ADDRESS = 500
"""Bytes below which an address cannot be what is too long, and how exactly it is found out what fits."""

_REFUSALS = (PlexPermanentError, PlexTemporaryError, PlexAuthError, PlexServerDown)
"""Those of which one field can be the reason, if there was an answer at all."""


@dataclass
class Sent:
    """What was sent: the edits as they went out, by field why one did not pass, and whether locks and photos did."""

    edits: tuple[FieldEdit, ...]
    refused: dict[str, PlexError] = field(default_factory=dict)
    locks: bool = False
    photos: bool = False


def send_edits(
    plex: PlexClient,
    item: PlexItem,
    edits: Sequence[FieldEdit],
    locks: Sequence[str],
    server: KnownServer,
    photos: Sequence[Parameters] = (),
    *,
    is_first_try: bool,
) -> Sent:
    """Write the edits, and lock what `locks` names besides. Raises PlexError where Plex takes no edit of the item.

    A rating is no part of it. `locks` and `photos` go along with edits, and are left out where Plex does not take them.
    """
    if edits and photos and _pass_together(plex, item, edit_requests(edits, extra_locks=locks, photos=photos)):
        return Sent(tuple(edits), locks=True, photos=True)
    try:
        for parameters in edit_requests(edits, _room_for_several(server), locks):
            plex.edit(item, parameters)
    except _REFUSALS as error:
        if not _may_be_one_fields(plex, item, error, edits, is_first_try=is_first_try):
            raise
        sent = _send_apart(plex, item, edits, locks, server, error)
        is_taken = sent.locks or len(sent.refused) < len(edits)
        if not is_taken and not takes_edits(plex, item, sent.refused):
            raise
        return sent
    return Sent(tuple(edits), locks=True)


def _send_apart(
    plex: PlexClient,
    item: PlexItem,
    edits: Sequence[FieldEdit],
    locks: Sequence[str],
    server: KnownServer,
    error: PlexError,
) -> Sent:
    """Send field by field, and then the locks, what did not go through together."""
    was_alone = len(edits) == 1 and (_is_silence(error) or not locks)
    if was_alone and not _may_be_too_long(error, edits[0]):
        sent = Sent(tuple(edits), {edits[0].field: error})
    else:
        sent = _send_each(plex, item, edits, partial(_send_one, plex, item, server))
    if locks and not _is_silence(error):
        sent.locks = _pass_together(plex, item, edit_requests((), extra_locks=locks))
    return sent


def send_again(plex: PlexClient, item: PlexItem, edits: Sequence[FieldEdit], *, others_passed: bool) -> Sent:
    """Write what Plex refused before, each field once and by itself. Raises PlexError where it takes nothing at all.

    `others_passed`: whether Plex has taken another edit of the item just now.
    """
    sent = _send_each(plex, item, edits, partial(_send, plex, item), others_passed=others_passed)
    nothing_passed = bool(edits) and len(sent.refused) == len(edits) and not others_passed
    if nothing_passed and _is_servers(sent.refused.values()) and not takes_edits(plex, item, sent.refused):
        raise sent.refused[edits[-1].field]
    return sent


def _room_for_several(server: KnownServer) -> int:
    """Bytes up to which one address carries several fields."""
    return min(MAX_URL_BYTES, server.ways.address_bytes or MAX_URL_BYTES)


def _pass_together(plex: PlexClient, item: PlexItem, requests: Iterable[Parameters]) -> bool:
    try:
        for parameters in requests:
            plex.edit(item, parameters)
    except _REFUSALS as error:
        if error.status is None:
            raise
        return False
    return True


def _may_be_one_fields(
    plex: PlexClient, item: PlexItem, error: PlexError, edits: Sequence[FieldEdit], *, is_first_try: bool
) -> bool:
    """Whether it may be one field, or its length, that Plex does not take, or a proxy says nothing to."""
    if _is_silence(error) and any(address_bytes(edit) > MAX_URL_BYTES for edit in edits):
        return True
    if is_first_try and _is_servers([error]):
        return False
    # Each silence takes its time, so it is found out first whether Plex is well.
    return error.status is not None or (_is_silence(error) and takes_edits(plex, item, _fields(edits)))


def _is_silence(error: PlexError) -> bool:
    return error.status is None and isinstance(error, PlexTemporaryError)


def _may_be_too_long(error: PlexError, edit: FieldEdit) -> bool:
    if _is_silence(error):
        return address_bytes(edit) > MAX_URL_BYTES
    is_client_error = error.status is not None and error.status < 500
    if edit.field in LIST_FIELDS:
        return len(names(edit.new)) > (1 if is_client_error else LONG_LIST)
    if not isinstance(edit.new, str) or edit.is_lock_only:
        return False
    return is_client_error and address_bytes(edit) > (SHORTEST_ADDRESS if error.status in TOO_LONG else MAX_URL_BYTES)


def _fields(edits: Iterable[FieldEdit]) -> set[str]:
    return {edit.field for edit in edits}


def _send_each(
    plex: PlexClient,
    item: PlexItem,
    edits: Sequence[FieldEdit],
    send: Callable[[FieldEdit], FieldEdit],
    *,
    others_passed: bool = False,
) -> Sent:
    """`send` each field by itself; what it returns went out.

    Where others passed just now, Plex takes edits, and the locks that `item` shows are no longer those in Plex.
    """
    sent = Sent(())
    for edit in edits:
        try:
            done = send(edit)
        except _REFUSALS as error:
            if error.status is None and (not _is_silence(error) or any(map(_is_silence, sent.refused.values()))):
                raise
            sent.refused[edit.field] = error
            done = edit
        sent.edits += (done,)
        has_failed_enough = len(sent.refused) == len(sent.edits) == ENOUGH_FIELDS
        is_in_doubt = has_failed_enough and not others_passed and _is_servers(sent.refused.values())
        if is_in_doubt and not takes_edits(plex, item, sent.refused):
            raise sent.refused[edit.field]
    return sent


def _is_servers(errors: Iterable[PlexError]) -> bool:
    """Whether it is the server that cannot, rather than the fields that it does not take."""
    return all(isinstance(each, PlexAuthError) or each.status is None or each.status >= 500 for each in errors)


def _send_one(plex: PlexClient, item: PlexItem, server: KnownServer, edit: FieldEdit) -> FieldEdit:
    """Send one field, as far as it fits; returns what went out. Raises PlexError."""
    try:
        _send(plex, item, edit)
    except (PlexPermanentError, PlexTemporaryError) as error:
        is_list = edit.field in LIST_FIELDS
        if edit.roles and error.status is not None and error.status < 500:
            return _send_one(plex, item, server, replace(edit, roles={}))  # the names matter more than what they play
        if not _may_be_too_long(error, edit) or (is_list and not edit.added):
            raise
        if is_list and error.status not in (None, *TOO_LONG):
            shorter = _fit_names(plex, item, edit, server)
        else:
            shorter = _fit_bytes(plex, item, edit, server, once=_is_silence(error))
        if shorter is None:
            raise
        return shorter
    return edit


def _fit_bytes(
    plex: PlexClient, item: PlexItem, edit: FieldEdit, server: KnownServer, *, once: bool
) -> FieldEdit | None:
    """Send as much of a list or text as the longest address holds that passes, found by halving.

    `once`: with one try, as each that Plex says nothing to takes its time.
    """
    known, failing = server.ways.address_bytes or 0, address_bytes(edit)
    if 0 < known < failing:  # another field of the same edit has just shown it
        shorter = _cut(edit, as_far_as(edit.field, edit.new, known))
        if shorter.new and _passes(plex, item, shorter):
            return shorter
        failing = known
    best, fitting = None, 0
    size = min(MAX_URL_BYTES, failing - SHORTEST_ADDRESS)
    while failing - fitting > SHORTEST_ADDRESS:
        shorter = _cut(edit, as_far_as(edit.field, edit.new, size))
        if shorter.new and _passes(plex, item, shorter):
            fitting, best = size, shorter
        else:
            failing = size
        if once:
            break
        size = (fitting + failing) // 2
    if best is not None:
        server.learn_address_bytes(fitting)
    return best


def _fit_names(plex: PlexClient, item: PlexItem, edit: FieldEdit, server: KnownServer) -> FieldEdit | None:
    """Send as many names as pass, found by halving."""
    fitting, failing = 0, len(names(edit.new))
    while failing - fitting > 1:
        middle = (fitting + failing) // 2
        if _passes(plex, item, _cut(edit, names(edit.new)[:middle])):
            fitting = middle
        else:
            failing = middle
    if not fitting:
        return None
    server.learn_longest_list(edit.field, fitting)
    return _cut(edit, names(edit.new)[:fitting])


def _cut(edit: FieldEdit, fits: FieldValue) -> FieldEdit:
    added = tuple(each for each in edit.added if each in names(fits))
    return replace(edit, new=fits, added=added, left_out=(*left_out(edit.new, fits), *edit.left_out))


def _passes(plex: PlexClient, item: PlexItem, edit: FieldEdit) -> bool:
    try:
        _send(plex, item, edit)
    except (PlexPermanentError, PlexTemporaryError) as error:
        if error.status is None:
            raise
        return False
    return True


def _send(plex: PlexClient, item: PlexItem, edit: FieldEdit) -> FieldEdit:
    for parameters in edit_requests([edit]):
        plex.edit(item, parameters)
    return edit


class ItemWriting:
    """One item and the edits that are written to it; `shown` is the item as it was last read."""

    def __init__(self, item: PlexItem, edits: Sequence[FieldEdit]) -> None:
        self.item = item
        self.shown = item
        self.edits = tuple(edits)
        self.failures: dict[str, PlexError] = {}
        self.locks_sent = False
        self.photos_sent = False
        self.verdict = ItemVerdict()
        self._takes_edits = False

    @property
    def rating_key(self) -> int:
        """Plex's number of the item."""
        return self.item.rating_key

    def was_refused(self, edit: FieldEdit) -> bool:
        """Whether Plex refused just this before, and shows the same still."""
        return False

    def send(
        self,
        plex: PlexClient,
        locks: Sequence[str],
        server: KnownServer,
        photos: Sequence[Parameters] = (),
        *,
        is_first_try: bool,
    ) -> None:
        """Write the edits in as few requests as it takes, `locks` and `photos` along with them. Raises PlexError."""
        ratings = tuple(edit for edit in self.edits if edit.field not in PLEX_NAMES)
        others = [edit for edit in self.edits if edit not in ratings]
        again = list(filter(self.was_refused, others))
        fresh = [edit for edit in others if edit not in again]
        sent = send_edits(plex, self.item, fresh, locks, server, photos, is_first_try=is_first_try)
        self.locks_sent, self.photos_sent = sent.locks, sent.photos
        self._takes_edits = bool(locks or fresh)
        sent_again = send_again(plex, self.item, again, others_passed=self._takes_edits)
        self.edits = sent.edits + sent_again.edits + ratings
        self.failures = {**sent.refused, **sent_again.refused}
        self._takes_edits |= len(sent_again.refused) < len(again)
        self._rate(plex, ratings, server)

    def write_plainly(self, plex: PlexClient, edits: Sequence[FieldEdit], server: KnownServer) -> None:
        """Write these edits, each in a request of its own. Raises PlexError where Plex takes no edit of the item."""
        for edit in edits:
            try:
                for parameters in plain_edit_requests([edit]):
                    plex.edit(self.item, parameters)
            except _REFUSALS as error:
                if error.status is None or not self.is_fields_own(error, plex):
                    raise
                self.failures[edit.field] = error
            else:
                self._takes_edits = True
        self._rate(plex, edits, server)

    def send_beside(
        self, route: Route, act: Callable[[], object], plex: PlexClient, server: KnownServer, *, was_refused: bool
    ) -> PlexError | None:
        """Do what goes by requests of its own; returns how it failed, where that is the field's own failure.

        What met silence in this batch is not done again. `was_refused`: whether Plex did not take just this before.
        Raises PlexError.
        """
        if (silence := server.silence(route)) is not None:
            return silence
        try:
            act()
        except PlexError as error:
            is_refused_again = was_refused and not _is_servers([error])
            if not is_refused_again and not self.is_fields_own(error, plex):
                raise
            if error.status is None and error.suspect_outage:
                server.note_silence(route, error)
            return error
        return None

    def is_fields_own(self, error: PlexError, plex: PlexClient) -> bool:
        """Whether a request that failed beside the edits is one field's failure: Plex takes edits of the item."""
        if isinstance(error, PlexServerDown) and error.status is None:
            return False
        self._takes_edits = self._takes_edits or takes_edits(plex, self.item, self.failures)
        return self._takes_edits

    def _rate(self, plex: PlexClient, edits: Sequence[FieldEdit], server: KnownServer) -> None:
        for edit in edits:
            if edit.field == "rating":
                rating = edit.new if isinstance(edit.new, int | float) else None
                rate = partial(plex.rate, self.rating_key, rating)
                error = self.send_beside(Route.RATING, rate, plex, server, was_refused=self.was_refused(edit))
                self.failures |= {edit.field: error} if error is not None else {}
