"""Poster and background: sent only when the bytes changed, for Plex keeps every upload, and seen to be shown."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from plex.exceptions import PlexError, PlexNotFound, PlexPermanentError, PlexTemporaryError
from plex.items import PlexItem
from plex.shown import uploaded_name
from stash.client import SCREENSHOT_BYTES
from stash.exceptions import StashUnavailable
from storage.crash_points import reach
from sync_queue.state.sync_state import SyncState
from validation.fields import IMAGE_FIELDS, PLEX_NAMES
from worker.clients.context import SyncContext
from worker.items.item import ItemSync
from worker.items.server import KnownServer, Route
from worker.packages.pictures import Pictures
from worker.pictures.picture import Picture
from worker.pictures.poster_fit import SMALLER, CannotMake, fit_in, make, recipe_for

UPLOAD_BYTES = 10_480_000
"""Largest picture that Plex takes, in bytes: where Kometa stops, since Plex answers 500 to more."""
LARGE = 5_000_000
"""Bytes over which a picture that Plex answers with 500 is taken for too large. Chosen: half of that."""
TOO_LARGE = 413
"""HTTP status: more bytes than the server, or a proxy before it, takes (RFC 9110); nginx takes 1 MB by default."""
BUSY = 500
LOOKS = 3
"""Looks at the list of pictures, which may lag by a second."""
PAUSE = 1.0
"""Seconds between two looks."""


class ImageSync:
    """Brings the images of items in step with the scene's screenshot. `wait` sleeps for seconds."""

    def __init__(
        self,
        context: SyncContext,
        state: SyncState,
        server: KnownServer,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._context = context
        self._state = state
        self._server = server
        self._wait = wait

    def locks(self, item: ItemSync, picture: Picture, changed_in_stash: bool) -> list[str]:
        """Plex's names of the images that are to be locked and are not, to go along with another edit.

        Where there is no picture to send, or Plex refused it before, what Plex shows is its own, and stays free.
        """
        if not item.edits:
            return []
        hopeful = [name for name in IMAGE_FIELDS if name not in item.state.refused]
        wanted = [PLEX_NAMES[name] for name in hopeful if self._may_need(name, item, changed_in_stash)]
        unlocked = [lock for lock in wanted if lock not in item.item.locked]
        most = SCREENSHOT_BYTES if self._context.config.poster_fit else UPLOAD_BYTES
        if unlocked and picture.can_be_sent(most):
            item.images.locks_along = unlocked
            # Stored first: where the picture then does not arrive, be it after a crash, the lock is taken back.
            ahead = {name: "" for name in hopeful if PLEX_NAMES[name] in unlocked}
            item.state = replace(item.state, writing={**item.state.writing, **ahead})
            self._state.save_items([item.state])
        return item.images.locks_along

    def sync(self, item: ItemSync, picture: Picture, changed_in_stash: bool) -> None:
        """Upload what changed. A failure that is an image's own goes to `item.images`.

        Raises PlexError where Plex takes no edit of the item either.
        """
        fields = [name for name in IMAGE_FIELDS if self._may_need(name, item, changed_in_stash)]
        if fields:
            self._bring_all(fields, item, picture)
        self._unlock_unsent(item)

    def _bring_all(self, fields: Sequence[str], item: ItemSync, picture: Picture) -> None:
        try:
            image = picture.read()
        except StashUnavailable as error:
            item.images.note(fields, error)
            return
        if image is None:
            return  # Stash shows a placeholder of its own: a scan has not made a picture yet
        for name in fields:
            self._bring(name, item, image)

    def check(self, item: ItemSync, shown: PlexItem) -> None:
        """See to it that what was uploaded is what Plex shows. Failures go to `item.images`; raises as `sync`."""
        for name, digest in list(item.images.check.items()):
            if not self._attempt(name, item, digest, partial(self._see_to, name, item, digest, shown)):
                # The next try looks for it before it sends another copy.
                item.state = replace(item.state, uploading={**item.state.uploading, name: digest})
        unlocked = [name for name in item.images.check if self._lock_is_missing(name, shown)]
        if unlocked and not item.verdict.has_ignored_all:  # else it says nothing about locks, and the next try asks
            self._lock_again(unlocked, item)

    def _lock_is_missing(self, name: str, shown: PlexItem) -> bool:
        return PLEX_NAMES[name] not in shown.locked and name not in self._server.ways.loose_locks

    def _lock_again(self, fields: Sequence[str], item: ItemSync) -> None:
        """Ask once more for locks that are not there, and notice where the server does not keep them."""
        locked = self._set_locks(fields, item, locked=True)
        shown = self._context.plex.items([item.rating_key]).get(item.rating_key) if locked else None
        for name in locked:
            if shown and self._lock_is_missing(name, shown) and self._server.learn_loose_lock(name):
                item.images.warnings.append(f"{name}: this Plex does not keep its lock")

    def _may_need(self, name: str, item: ItemSync, changed_in_stash: bool) -> bool:
        if name in self._context.rules.skip_fields:
            return False
        is_ours = name in item.state.images or name in item.state.uploading
        if self._context.config.preserve_plex_edits and item.item.value(name) and not is_ours:
            return False
        if name in item.state.refused and not self._tries_again(name, item) and not changed_in_stash:
            return False
        if changed_in_stash or not is_ours or name in item.state.uploading or self._is_unlocked(name, item):
            return True
        return is_fit_another(self._context, name, item.state.made)

    @staticmethod
    def _tries_again(name: str, item: ItemSync) -> bool:
        """Whether a refused picture is sent once more: who asks was there after the refusal."""
        return bool(item.state.refused[name]["since"] < item.asked_at)

    def _is_unlocked(self, name: str, item: ItemSync) -> bool:
        """Whether somebody took away the lock of a picture that we sent."""
        return is_unlocked(name, item.item, item.state.images, self._server.ways.loose_locks)

    def _bring(self, name: str, item: ItemSync, cover: bytes) -> None:
        fit = self._fit(name, cover)
        if self._is_known(name, item, cover, fit) and not self._is_unlocked(name, item):
            return
        if fit and (state := self._context.pictures.state()) is not Pictures.READY:
            if state is Pictures.ARRIVING:
                item.images.awaited.append(f"{name}: what poster_fit needs is being fetched")
                return
            fit = ""
        image = self._made(name, item, cover, fit)
        digest = _sha1(image)
        refusal = item.state.refused.get(name)
        is_refused = refusal is not None and refusal["asked"] == digest
        if len(image) > UPLOAD_BYTES:
            self._refuse_for_size(name, item, image, digest, is_told=is_refused)
        elif not is_refused or self._tries_again(name, item):
            upload = partial(self._upload_if_new, name, item, image, digest, recipe_for(fit, cover))
            self._attempt(name, item, digest, upload, len(image))

    def _fit(self, name: str, cover: bytes) -> str:
        """What is to be made of a cover for this field, "" for nothing. What was read in part stays as it is."""
        fit = self._context.config.poster_fit
        if not fit or len(cover) > SCREENSHOT_BYTES:
            return ""
        return fit if name == "poster" else SMALLER if len(cover) > UPLOAD_BYTES else ""

    def _is_known(self, name: str, item: ItemSync, cover: bytes, fit: str) -> bool:
        """Whether what was sent last is this cover, made in this way; one made smaller, or made before what makes it
        went missing, stays."""
        if name in item.state.uploading or name not in item.state.images:
            return False
        made = item.state.made.get(name, "")
        if not made:
            is_without = fit and self._context.pictures.state() is Pictures.MISSING
            return (not fit or bool(is_without)) and item.state.images[name] == _sha1(cover)
        is_kept = fit_in(made) == SMALLER or not is_fit_another(self._context, name, item.state.made)
        return is_kept and made == recipe_for(fit_in(made), cover)

    def _made(self, name: str, item: ItemSync, cover: bytes, fit: str) -> bytes:
        """What is sent: the cover, or what is made of it."""
        if not fit:
            return cover
        try:
            return make(fit, cover, UPLOAD_BYTES)
        except CannotMake as error:
            item.images.warnings.append(f"{name}: the cover is sent as it is, for poster_fit cannot be done ({error})")
            return cover

    def _upload_if_new(self, name: str, item: ItemSync, image: bytes, digest: str, recipe: str) -> None:
        if not (self._may_be_there(name, item) and self._select(name, item, digest)):
            self._upload(name, item, image, digest)
        self._lock(name, item)
        uploading = {other: value for other, value in item.state.uploading.items() if other != name}
        made = {other: value for other, value in item.state.made.items() if other != name}
        item.state = replace(
            item.state,
            images={**item.state.images, name: digest},
            uploading=uploading,
            made={**made, name: recipe} if recipe else made,
        )
        item.images.done.append(name)

    def _upload(self, name: str, item: ItemSync, image: bytes, digest: str) -> None:
        # Stored first: after a crash in mid-upload we look whether the picture arrived, instead of adding a copy.
        item.state = replace(item.state, uploading={**item.state.uploading, name: digest})
        self._state.save_items([item.state])
        reach("image:intended")
        upload = self._context.plex.upload_poster if name == "poster" else self._context.plex.upload_background
        upload(item.rating_key, image)
        reach("image:sent")
        item.images.changed.append(name)
        item.images.check[name] = digest

    def _lock(self, name: str, item: ItemSync) -> None:
        held = {*item.item.locked, *item.images.locks_along} - {*item.images.locks_taken_back}
        if PLEX_NAMES[name] not in held:
            item.images.locked += self._set_locks([name], item, locked=True)

    def _set_locks(self, fields: Sequence[str], item: ItemSync, *, locked: bool) -> list[str]:
        """Lock pictures, or free them; returns those with which it worked.

        What Plex does not take keeps nothing else out: it is a failure that may be gone at the next try, or a lock that
        does not hold. Raises PlexError where Plex takes no edit of the item either.
        """
        try:
            self._context.plex.edit(item.item, [(f"{PLEX_NAMES[name]}.locked", str(int(locked))) for name in fields])
        except PlexError as error:
            if isinstance(error, PlexNotFound) or not item.is_fields_own(error, self._context.plex):
                raise
            if len(fields) > 1 and error.status is not None:
                return [done for name in fields for done in self._set_locks([name], item, locked=locked)]
            for name in fields:
                self._note_lock_failure(name, item, error, locked=locked)
            return []
        return list(fields)

    def _note_lock_failure(self, name: str, item: ItemSync, error: PlexError, *, locked: bool) -> None:
        if not (locked and isinstance(error, PlexPermanentError)):
            item.images.failures.setdefault(name, f"{name}: {error}")
        elif self._server.learn_loose_lock(name):
            item.images.warnings.append(f"{name}: Plex does not take its lock ({error})")

    def _unlock_unsent(self, item: ItemSync) -> None:
        """Take back the locks that went ahead, in this run or before a crash, of first pictures that did not arrive."""
        unsent = [name for name in IMAGE_FIELDS if name in item.state.writing.keys() - item.state.images]
        held = {*item.item.locked, *item.images.locks_along} - {*item.images.locks_taken_back}
        if to_free := [name for name in unsent if PLEX_NAMES[name] in held]:
            freed = self._set_locks(to_free, item, locked=False)
            item.images.locks_taken_back += [PLEX_NAMES[name] for name in freed]

    def _may_be_there(self, name: str, item: ItemSync) -> bool:
        """Whether Plex may have it: an upload, be it of another picture, did not end, or records or lock are lost."""
        is_locked_without_record = name not in item.state.images and PLEX_NAMES[name] in item.item.locked
        return name in item.state.uploading or is_locked_without_record or self._is_unlocked(name, item)

    def _select(self, name: str, item: ItemSync, digest: str, *, trusts_list: bool = True) -> bool:
        """Whether Plex has the picture and shows it, from now on at the latest.

        `trusts_list`: whether the list, which may lag, can be believed that it is shown already.
        """
        wanted = uploaded_name(name, digest)
        pictures = {each.name: each for each in self._context.plex.pictures(item.rating_key, name)}
        if wanted not in pictures:
            return False
        if not (trusts_list and pictures[wanted].is_selected):
            self._context.plex.select_picture(item.rating_key, name, wanted)
            item.images.changed.append(name)
        return True

    def _see_to(self, name: str, item: ItemSync, digest: str, shown: PlexItem) -> None:
        """Select our picture where its upload alone did not: Plex knew its bytes already."""
        if shown.value(name) != item.item.value(name):
            return
        item.images.changed = [each for each in item.images.changed if each != name]
        for look in range(LOOKS):
            if look:
                self._wait(PAUSE)
            if self._select(name, item, digest, trusts_list=False):
                return
        raise PlexTemporaryError("Plex took the picture, but does not list it")

    def _refuse_for_size(self, name: str, item: ItemSync, image: bytes, digest: str, *, is_told: bool) -> None:
        """Leave a picture alone that is too large, and say so once."""
        item.images.refused[name] = digest
        if not is_told:
            size = (
                f"over {SCREENSHOT_BYTES / 1e6:.0f} MB"
                if len(image) > SCREENSHOT_BYTES
                else f"{len(image) / 1e6:.1f} MB"
            )
            item.images.warnings.append(
                f"{name}: the cover has {size}, and Plex takes {UPLOAD_BYTES / 1e6:.1f} MB at most."
                " Choose a smaller one in Stash"
            )

    def _attempt(self, name: str, item: ItemSync, digest: str, act: Callable[[], object], size: int = 0) -> bool:
        """Do `act`, and say whether it is done; what is the image's own failure is kept.

        `size`: bytes that are sent. Raises PlexError where it is not the image's own.
        """
        refusal = item.state.refused.get(name)
        was_refused = refusal is not None and refusal["asked"] == digest
        error = item.send_beside(Route.PICTURES, act, self._context.plex, self._server, was_refused=was_refused)
        if error is None:
            return True
        if not _is_about_size(error, size):
            item.images.failures[name] = f"{name}: {error}"
            return False
        item.images.refused[name] = digest
        if not was_refused:
            item.images.warnings.append(f"{name}: {_too_large_in_words(error, size)}")
        return False


def _sha1(image: bytes) -> str:
    return hashlib.sha1(image, usedforsecurity=False).hexdigest()


def is_unlocked(name: str, item: PlexItem, sent: Collection[str], loose_locks: Collection[str]) -> bool:
    """Whether the lock of a picture that was `sent` is gone, on a server that keeps it."""
    return name in sent and PLEX_NAMES[name] not in item.locked and name not in loose_locks


def is_fit_another(context: SyncContext, field: str, made: Mapping[str, str]) -> bool:
    """Whether a picture that was sent was made in another way than the settings want now, which can be done.

    `made`: as the item's state has it.
    """
    wanted = context.config.poster_fit
    if field != "poster" or fit_in(made.get(field, "")) == wanted:
        return False
    return not wanted or context.pictures.state() is not Pictures.MISSING


def _is_about_size(error: PlexError, size: int) -> bool:
    """Whether it is the size, in bytes, of a picture that was refused; 0 where none was sent."""
    return size > 0 and (error.status == TOO_LARGE or (error.status == BUSY and size > LARGE))


def _too_large_in_words(error: PlexError, size: int) -> str:
    has = f"the cover has {size / 1e6:.1f} MB" if size >= 1e6 else f"the cover has {size / 1e3:.1f} kB"
    if error.status != TOO_LARGE:
        return f"{has}, which Plex does not take ({error})"
    return (
        f"{has}, which is too much for Plex or a proxy before it (413). Raise the limit there (client_max_body_size in"
        " nginx) and run Sync All, or choose a smaller cover in Stash"
    )
