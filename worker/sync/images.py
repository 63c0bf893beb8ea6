"""Poster and background: uploaded only when the bytes changed, for Plex keeps every upload for ever."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import replace

from plex.exceptions import PlexNotFound, PlexPermanentError, PlexTemporaryError
from stash.exceptions import StashUnavailable
from sync_queue.sync_state import SyncState
from validation.fields import IMAGE_FIELDS, PLEX_NAMES
from worker.sync.context import SyncContext
from worker.sync.item import ItemSync


class Picture:
    """A scene's picture in Stash, fetched when it is first needed and once for all items of the scene."""

    def __init__(self, fetch: Callable[[], bytes | None]) -> None:
        self._fetch = fetch

    def read(self) -> bytes | None:
        """The bytes, None where Stash has no picture. Raises StashUnavailable, then each time."""
        image, error = self._fetched
        if error is not None:
            raise error
        return image

    def is_there(self) -> bool:
        """Whether there is one to send."""
        image, _ = self._fetched
        return image is not None

    @functools.cached_property
    def _fetched(self) -> tuple[bytes | None, StashUnavailable | None]:
        try:
            return self._fetch(), None
        except StashUnavailable as error:
            return None, error


class ImageSync:
    """Brings the images of items in step with the scene's screenshot."""

    def __init__(self, context: SyncContext, state: SyncState) -> None:
        self._context = context
        self._state = state

    def locks(self, item: ItemSync, picture: Picture, changed_in_stash: bool) -> list[str]:
        """Plex's names of the images that are to be locked and are not, to go along with another edit.

        Where there is no picture to send, what Plex shows is its own, and stays free.
        """
        if not item.edits:
            return []
        wanted = [PLEX_NAMES[name] for name in IMAGE_FIELDS if self._may_need(name, item, changed_in_stash)]
        unlocked = [lock for lock in wanted if lock not in item.item.locked]
        return unlocked if unlocked and picture.is_there() else []

    def sync(self, item: ItemSync, picture: Picture, changed_in_stash: bool) -> None:
        """Upload what changed. A failure that is an image's own goes to `item.failed_images`; an outage is raised.

        Raises PlexServerDown, PlexAuthError, and PlexTemporaryError where it may be an outage.
        """
        fields = [name for name in IMAGE_FIELDS if self._may_need(name, item, changed_in_stash)]
        if not fields:
            return
        try:
            image = picture.read()
        except StashUnavailable as error:
            item.failed_images.append(f"{', '.join(fields)}: {error}")
            return
        if image is None:
            return  # Stash shows a placeholder of its own: a scan has not made a picture yet
        for name in fields:
            self._upload_if_new(name, item, image)

    def _may_need(self, name: str, item: ItemSync, changed_in_stash: bool) -> bool:
        if name in self._context.config.skip_fields:
            return False
        is_ours = name in item.state.images or name in item.state.uploading
        if self._context.config.preserve_plex_edits and _shown_path(name, item) and not is_ours:
            return False
        return changed_in_stash or name not in item.state.images or name in item.state.uploading

    def _upload_if_new(self, name: str, item: ItemSync, image: bytes) -> None:
        digest = hashlib.sha256(image).hexdigest()
        if item.state.images.get(name) == digest and name not in item.state.uploading:
            return
        try:
            if not (self._may_be_shown(name, item) and self._is_shown(name, item, digest)):
                self._upload(name, item, image, digest)
            self._lock(name, item)
        except (PlexPermanentError, PlexNotFound) as error:
            item.failed_images.append(f"{name}: {error}")
            return
        except PlexTemporaryError as error:
            if error.suspect_outage:
                raise
            item.failed_images.append(f"{name}: {error}")
            return
        uploading = {other: value for other, value in item.state.uploading.items() if other != name}
        item.state = replace(item.state, images={**item.state.images, name: digest}, uploading=uploading)

    def _upload(self, name: str, item: ItemSync, image: bytes, digest: str) -> None:
        # Stored first: after a crash in mid-upload we look whether the picture arrived, instead of adding a copy.
        item.state = replace(item.state, uploading={**item.state.uploading, name: digest})
        self._state.save_items([item.state])
        upload = self._context.plex.upload_poster if name == "poster" else self._context.plex.upload_background
        upload(item.rating_key, image)
        item.changed.append(name)

    def _lock(self, name: str, item: ItemSync) -> None:
        if PLEX_NAMES[name] not in item.item.locked and not item.edits:
            # With other edits the lock went along with them.
            self._context.plex.edit(item.item, [(f"{PLEX_NAMES[name]}.locked", "1")])

    def _may_be_shown(self, name: str, item: ItemSync) -> bool:
        """Whether Plex may have it: an upload, be it of another picture, did not end, or the records are lost."""
        is_locked_without_record = name not in item.state.images and PLEX_NAMES[name] in item.item.locked
        return name in item.state.uploading or is_locked_without_record

    def _is_shown(self, name: str, item: ItemSync, digest: str) -> bool:
        path = _shown_path(name, item)
        if not path:
            return False
        try:
            shown = self._context.plex.fetch_image(path)
        except PlexNotFound:
            return False
        return hashlib.sha256(shown).hexdigest() == digest


def _shown_path(name: str, item: ItemSync) -> str:
    return str(item.item.value(name))
