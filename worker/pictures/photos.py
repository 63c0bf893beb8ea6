"""Photos of performers: Plex is told where it finds them, once for each picture, along with other edits.

One person is one for the whole Plex server, so whichever scene comes first brings the photo.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from plex.editing.edits import FieldEdit, is_locked, names
from plex.editing.writer import Parameters, photo_requests
from plex.exceptions import PlexError, PlexPermanentError
from plex.items import PlexItem
from stash.exceptions import StashUnavailable
from storage.database import Database
from sync_queue.state.activity import Change
from sync_queue.state.person_photos import PersonPhoto, PersonPhotos
from validation.fields import FIELDS
from validation.names import name_key
from validation.sanitizers import clean_names
from validation.scene import Performer, Scene
from worker.clients.context import SyncContext
from worker.items.item import ItemSync
from worker.pictures.picture import Patience

PHOTOS = "performer_photos"
"""What logs and reports call them, where they name a field otherwise."""
_VERSION = re.compile(r"[?&]t=(\d+)")
_PLACEHOLDER = re.compile(r"[?&]default=true\b")
"""How Stash v0.30 says in an `image_path` when the performer changed, and that it has no picture of them."""


@dataclass(frozen=True)
class DuePhotos:
    """What people are to be given, by the name that Plex shows, and the parameters of the edits that do it."""

    photos: Mapping[str, PersonPhoto] = field(default_factory=dict)
    requests: tuple[Parameters, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """A performer of the scene whose picture may have to be sent, as Plex shows the name, with what was sent before."""

    performer: Performer
    name: str
    version: str
    known: PersonPhoto | None


@dataclass
class PhotoSync:
    """Over one context, for one batch."""

    context: SyncContext
    database: Database
    patience: Patience = field(default_factory=Patience)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _taken: set[str] = field(default_factory=set, init=False)

    def unsent(self, item: PlexItem, scene: Scene, shown: Sequence[str]) -> tuple[str, ...]:
        """The people among those `shown` who were not given a photo from the present address. Asks nobody."""
        return tuple(each.name for each in self._candidates(item, scene, shown) if not self._is_from_here(each.known))

    def due(self, item: ItemSync, scene: Scene) -> DuePhotos:
        """What has to be sent with this item. Fetches pictures from Stash where they may be others by now."""
        edit = _edit_of_people(item.edits)
        shown = people_after(item.edits, item.item)
        locked = edit.locked if edit else is_locked("performers", item.item.locked)
        roles = edit.roles if edit else item.item.roles
        taken: set[str] = set()
        try:
            photos = dict(self._changed(self._candidates(item.item, scene, shown), taken))
        except StashUnavailable as error:
            with self._lock:
                self._taken -= taken
            item.images.note([PHOTOS], error)
            return DuePhotos()
        addresses = {name: photo.address for name, photo in photos.items()}
        return DuePhotos(photos, tuple(photo_requests(shown, addresses, roles=roles, locked=locked)))

    def finish(self, item: ItemSync, due: DuePhotos) -> None:
        """Send what did not go along with the item's other edits, and remember it.

        What is their own failure goes to `item.images`. Raises PlexError where Plex takes no edit of the item either.
        """
        if not due.photos:
            return
        try:
            for parameters in () if item.photos_sent else due.requests:
                self.context.plex.edit(item.item, parameters)
        except PlexError as error:
            with self._lock:
                self._taken -= {photo.person for photo in due.photos.values()}
            if not item.is_fields_own(error, self.context.plex):
                raise
            if not isinstance(error, PlexPermanentError):
                item.images.failures[PHOTOS] = f"{PHOTOS}: {error}"
                return
            item.images.warnings.append(f"{PHOTOS}: Plex does not take them ({error})")
        else:
            item.also.append(Change(item.rating_key, PHOTOS, None, list(due.photos)))
        # What Plex refused is remembered, too: it would refuse the same again.
        self._records.save(due.photos.values())

    @property
    def _records(self) -> PersonPhotos:
        return PersonPhotos(self.database, self.context.plex.machine_identifier)

    def _candidates(self, item: PlexItem, scene: Scene, shown: Sequence[str]) -> list[_Candidate]:
        config = self.context.config
        if not config.performer_photos_url or "performers" in self.context.rules.skip_fields:
            return []
        names_shown = {name_key(name): name for name in shown}
        known = self._records.of(names_shown)
        found = []
        for performer in scene.performers:
            name = next(iter(clean_names([performer.name], FIELDS["performers"].limit)), "")
            name = names_shown.get(name_key(name), "")
            if not name or not performer.image or _PLACEHOLDER.search(performer.image):
                continue
            version = _VERSION.search(performer.image)
            candidate = _Candidate(performer, name, version[1] if version else "", known.get(name_key(name)))
            if self._may_be_given(candidate, item):
                found.append(candidate)
        return found

    def _may_be_given(self, each: _Candidate, item: PlexItem) -> bool:
        """Whether the person's photo is this performer's to give, and may be another than Plex has."""
        if each.known is None:
            return not (self.context.config.preserve_plex_edits and item.photos.get(each.name))
        if each.known.performer_id != each.performer.id:  # of two with one name, the first one stays
            return False
        return not (each.version and each.known.version == each.version and self._is_from_here(each.known))

    def _is_from_here(self, known: PersonPhoto | None) -> bool:
        return known is not None and known.address.startswith(f"{self.context.config.performer_photos_url}/")

    def _changed(self, candidates: Iterable[_Candidate], taken: set[str]) -> Iterator[tuple[str, PersonPhoto]]:
        """The name that Plex shows, and the photo, of those whose picture is another one than was sent.

        `taken` gets whoever is looked at here, and by no other scene of the batch.
        """
        for each in candidates:
            person = name_key(each.name)
            with self._lock:
                is_taken = person in self._taken
                self._taken.add(person)
            if is_taken:
                continue
            taken.add(person)
            image = self.patience.fetch(partial(self.context.stash.performer_image, each.performer))
            if image is None:
                continue
            sha1 = hashlib.sha1(image, usedforsecurity=False).hexdigest()
            photo = PersonPhoto(person, each.performer.id, self._address(each), each.version, sha1)
            if each.known is not None and each.known.sha1 == sha1 and self._is_from_here(each.known):
                self._records.save([photo._replace(address=each.known.address)])
            else:
                yield each.name, photo

    def _address(self, each: _Candidate) -> str:
        """Where Plex finds the picture. Made of numbers only: Stash's own address of it might hold an API key."""
        address = f"{self.context.config.performer_photos_url}/performer/{each.performer.id}/image"
        return f"{address}?t={each.version}" if each.version else address


def people_after(edits: Iterable[FieldEdit], item: PlexItem) -> tuple[str, ...]:
    """Whom an item shows once these edits are made."""
    edit = _edit_of_people(edits)
    return names(edit.new if edit else item.value("performers"))


def _edit_of_people(edits: Iterable[FieldEdit]) -> FieldEdit | None:
    return next((edit for edit in edits if edit.field == "performers"), None)
