"""Sends an item's edits: together where Plex takes them so, else field by field, and a list as far as it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial

from plex.client import PlexClient
from plex.editing.edits import FieldEdit, names
from plex.editing.room import address_bytes, as_far_as, left_out
from plex.editing.writer import MAX_URL_BYTES, Parameters, edit_requests, plain_edit_requests
from plex.exceptions import PlexAuthError, PlexError, PlexPermanentError, PlexServerDown, PlexTemporaryError
from plex.items import PlexItem
from sync_queue.models import Job
from validation.fields import LIST_FIELDS, PLEX_NAMES, FieldValue
from worker.backoff import PartlySynced
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


class Tries(Enum):
    """What is known of an edit from earlier tries: nothing, that it failed, or that all other fields passed."""

    FIRST = "first"
    FAILED = "failed"
    OTHERS_PASSED = "others passed"


def tries_of(job: Job) -> Tries:
    """What earlier tries of a job say about its edits."""
    if job.last_error_type == PartlySynced.__name__:
        return Tries.OTHERS_PASSED
    return Tries.FAILED if job.retry_count else Tries.FIRST


@dataclass
class Sent:
    """What was sent: the edits as they went out, by field why one did not pass, and whether the photos went along."""

    edits: tuple[FieldEdit, ...]
    refused: dict[str, PlexError] = field(default_factory=dict)
    photos: bool = False


def send_edits(
    plex: PlexClient,
    item: PlexItem,
    edits: Sequence[FieldEdit],
    locks: Sequence[str],
    server: KnownServer,
    tries: Tries,
    photos: Sequence[Parameters] = (),
) -> Sent:
    """Write the edits, and lock what `locks` names besides. Raises PlexError where nothing passes.

    A rating is no part of it. `photos` go along with edits, and are left out where Plex does not take them.
    """
    if edits and photos and _pass_with_photos(plex, item, edits, locks, photos):
        return Sent(tuple(edits), photos=True)
    try:
        for parameters in edit_requests(edits, _room_for_several(server), locks):
            plex.edit(item, parameters)
    except _REFUSALS as error:
        if not _may_be_one_fields(error, edits, tries) and not _may_be_its_silence(plex, item, error, edits, tries):
            raise
        is_answered = not _is_silence(error) or len(edits) > 1 or _may_be_too_long(error, edits[0])
        each = partial(_send_one, plex, item, server)
        sent = _send_each(edits, each) if is_answered else Sent(tuple(edits), {edits[0].field: error})
        if len(sent.refused) == len(edits) and not _others_pass(plex, item, sent, tries):
            raise
        if locks:
            plex.edit(item, [(f"{name}.locked", "1") for name in locks])
        return sent
    return Sent(tuple(edits))


def send_again(plex: PlexClient, item: PlexItem, edits: Sequence[FieldEdit], *, others_passed: bool) -> Sent:
    """Write what Plex refused before, each field once and by itself. Raises PlexError where it takes nothing at all.

    `others_passed`: whether Plex has taken another edit of the item just now.
    """
    sent = _send_each(edits, partial(_send, plex, item))
    nothing_passed = bool(edits) and len(sent.refused) == len(edits) and not others_passed
    if nothing_passed and _is_servers(sent.refused.values()) and not takes_edits(plex, item):
        raise sent.refused[edits[-1].field]
    return sent


def _room_for_several(server: KnownServer) -> int:
    """Bytes up to which one address carries several fields."""
    return min(MAX_URL_BYTES, server.ways.address_bytes or MAX_URL_BYTES)


def _pass_with_photos(
    plex: PlexClient,
    item: PlexItem,
    edits: Sequence[FieldEdit],
    locks: Sequence[str],
    photos: Sequence[Parameters],
) -> bool:
    try:
        for parameters in edit_requests(edits, extra_locks=locks, photos=photos):
            plex.edit(item, parameters)
    except _REFUSALS as error:
        if error.status is None:
            raise
        return False
    return True


def _may_be_one_fields(error: PlexError, edits: Sequence[FieldEdit], tries: Tries) -> bool:
    """Whether it may be one field, or the length of a list, that Plex does not take."""
    if error.status is None or (tries is Tries.FIRST and _is_servers([error])):
        return False
    return tries is Tries.OTHERS_PASSED or len(edits) > 1 or any(_may_be_too_long(error, edit) for edit in edits)


def _may_be_its_silence(
    plex: PlexClient, item: PlexItem, error: PlexError, edits: Sequence[FieldEdit], tries: Tries
) -> bool:
    """Whether Plex, or a proxy, may have said nothing for one field alone: its address is long, or it takes others."""
    if not _is_silence(error):
        return False
    if any(address_bytes(edit) > MAX_URL_BYTES for edit in edits):
        return True
    if tries is Tries.FAILED:
        return len(edits) > 1 and takes_edits(plex, item)
    return tries is Tries.OTHERS_PASSED


def _is_silence(error: PlexError) -> bool:
    return error.status is None and isinstance(error, PlexTemporaryError)


def _others_pass(plex: PlexClient, item: PlexItem, sent: Sent, tries: Tries) -> bool:
    """Whether Plex takes other edits of an item, while it took none of these."""
    return tries is Tries.OTHERS_PASSED and (not _is_servers(sent.refused.values()) or takes_edits(plex, item))


def _may_be_too_long(error: PlexError, edit: FieldEdit) -> bool:
    if _is_silence(error):
        return address_bytes(edit) > MAX_URL_BYTES
    is_client_error = error.status is not None and error.status < 500
    if edit.field in LIST_FIELDS:
        return len(names(edit.new)) > (1 if is_client_error else LONG_LIST)
    if not isinstance(edit.new, str) or edit.is_lock_only:
        return False
    return is_client_error and address_bytes(edit) > (SHORTEST_ADDRESS if error.status in TOO_LONG else MAX_URL_BYTES)


def _send_each(edits: Sequence[FieldEdit], send: Callable[[FieldEdit], FieldEdit]) -> Sent:
    """`send` each field by itself; what it returns went out."""
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
        if len(sent.refused) == len(sent.edits) == ENOUGH_FIELDS and _is_servers(sent.refused.values()):
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
        if edit.roles and edit.added and error.status is not None and error.status < 500:
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
        tries: Tries,
        photos: Sequence[Parameters] = (),
    ) -> None:
        """Write the edits in as few requests as it takes, `locks` and `photos` along with them. Raises PlexError."""
        ratings = tuple(edit for edit in self.edits if edit.field not in PLEX_NAMES)
        others = [edit for edit in self.edits if edit not in ratings]
        again = list(filter(self.was_refused, others))
        fresh = [edit for edit in others if edit not in again]
        sent = send_edits(plex, self.item, fresh, locks, server, tries, photos)
        self.photos_sent = sent.photos
        self._takes_edits = bool(locks) or len(sent.refused) < len(fresh)
        sent_again = send_again(plex, self.item, again, others_passed=self._takes_edits)
        self.edits = sent.edits + sent_again.edits + ratings
        self.failures = {**sent.refused, **sent_again.refused}
        self._takes_edits |= len(sent_again.refused) < len(again)
        self._rate(plex, ratings, server)

    def write_plainly(self, plex: PlexClient, edits: Sequence[FieldEdit], server: KnownServer) -> None:
        """Write these edits, each in a request of its own. Raises PlexError."""
        for parameters in plain_edit_requests(edits):
            plex.edit(self.item, parameters)
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
        self._takes_edits = self._takes_edits or takes_edits(plex, self.item)
        return self._takes_edits

    def _rate(self, plex: PlexClient, edits: Sequence[FieldEdit], server: KnownServer) -> None:
        for edit in edits:
            if edit.field == "rating":
                rating = edit.new if isinstance(edit.new, int | float) else None
                rate = partial(plex.rate, self.rating_key, rating)
                error = self.send_beside(Route.RATING, rate, plex, server, was_refused=self.was_refused(edit))
                self.failures |= {edit.field: error} if error is not None else {}
