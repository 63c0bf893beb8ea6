"""What the simulated Plex server holds: libraries, items, images, and how edits change them.

Nothing here knows of HTTP. What an item and a section hold: `plex_items`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.simulators.plex_agent import Agent
from tests.simulators.plex_changes import apply_edit, follow, year_of
from tests.simulators.plex_dialect import Dialect
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS, Edit, EditMode
from tests.simulators.plex_images import Image, ImageRules
from tests.simulators.plex_items import (
    IMAGE_FIELDS,
    LOCK_NAMES,
    TYPE_NUMBERS,
    ImageKind,
    Item,
    RequestError,
    Section,
    SectionType,
)
from tests.simulators.plex_tags import TagRows, without_repeats
from tests.simulators.plex_writes import WriteFaults

Mangle = Callable[[str, str], str]
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class PlexLibrary:
    """The state of a Plex server and everything that may happen to it but HTTP.

    Args:
        edit_mode: that of the dialect, where only this matters.
        mangle: called with Plex's field name and each text or tag that an edit brings; what it returns is stored.
        content_changed_moves_with_edits: whether an edit moves its section's contentChangedAt.
        clock: seconds since the epoch.
        dialect: how edits, names, ratings and known images are understood; goes before `edit_mode`.
        writes: which writes are ignored or refused.
        images: the size and the listing of pictures.
        agent: what a metadata refresh brings; None for nothing.
    """

    def __init__(
        self,
        edit_mode: EditMode = "replace",
        mangle: Mangle | None = None,
        content_changed_moves_with_edits: bool = False,
        clock: Callable[[], float] = time.time,
        *,
        dialect: Dialect | None = None,
        writes: WriteFaults | None = None,
        images: ImageRules | None = None,
        agent: Agent | None = None,
    ) -> None:
        self.dialect = dialect or Dialect(edit_mode)
        self.writes = writes or WriteFaults()
        self.images = images or ImageRules()
        self.agent = agent
        self.tags = TagRows()
        self.refresh_requests: list[int] = []
        self.mangle = mangle
        self.content_changed_moves_with_edits = content_changed_moves_with_edits
        self.clock = clock
        self.lock = threading.RLock()
        self.sections: dict[int, Section] = {}
        self.items: dict[int, Item] = {}
        self.scans: list[tuple[int, str]] = []
        self._keys_by_file: dict[str, list[int]] = {}
        self._staged: list[tuple[int, str, dict[str, Any]]] = []
        self._last_rating_key = 0
        self._last_image_time = 0

    @property
    def edit_mode(self) -> EditMode:
        """How the indexed form of tags is understood: that of the dialect."""
        return self.dialect.edit_mode

    @edit_mode.setter
    def edit_mode(self, mode: EditMode) -> None:
        self.change_dialect(edit_mode=mode)

    def change_dialect(self, **changes: Any) -> None:
        """Understand what is sent in another way from now on; `changes` are attributes of `Dialect`."""
        self.dialect = replace(self.dialect, **changes)

    # --- what a test arranges

    def add_section(
        self, title: str, type: SectionType = "movie", locations: Sequence[str] = ("/media",), key: int | None = None
    ) -> int:
        """Add a library and return its key; keys count from 1 unless given."""
        with self.lock:
            key = key if key is not None else max(self.sections, default=0) + 1
            now = int(self.clock())
            uuid = f"00000000-0000-4000-8000-{key:012d}"
            self.sections[key] = Section(key, title, type, tuple(locations), uuid, 1_000 * key, now, now)
            return key

    def remove_section(self, key: int) -> None:
        """Remove a library with all its items."""
        with self.lock:
            for rating_key in tuple(self.sections[key].items):
                self.remove_item(rating_key)
            del self.sections[key]

    def add_item(self, section: int, files: str | Sequence[str], **fields: Any) -> int:
        """Add an item and return its rating key.

        Args:
            section: key of its library.
            files: path of its file, or of several, as Plex sees them.
            fields: attributes of `Item`; `thumb` and `art` are the bytes of an image that an agent brought.
                The title is the file's name unless given, the type that of the section.
        """
        with self.lock:
            self._last_rating_key += 1
            paths = (files,) if isinstance(files, str) else tuple(files)
            now = int(self.clock())
            owner = self.sections[section]
            item = Item(
                self._last_rating_key, section, fields.pop("type", owner.type), paths, fields.pop("added_at", now), now
            )
            year = year_of(fields.get("originally_available_at", ""))
            self._set(item, {"title": _stem(paths[0]) if paths else "", "year": year} | fields)
            self.items[item.rating_key] = owner.items[item.rating_key] = item
            for path in paths:
                self._keys_by_file.setdefault(path, []).append(item.rating_key)
            self._content_changed(owner)
            return item.rating_key

    def item(self, rating_key: int) -> Item:
        """Return an item; KeyError if there is none."""
        return self.items[rating_key]

    def items_by_file(self, file: str) -> tuple[Item, ...]:
        """Return the items that have this file, in whatever library."""
        with self.lock:
            return tuple(self.items[key] for key in self._keys_by_file.get(file, ()))

    def remove_item(self, rating_key: int) -> None:
        """Remove an item, as Plex does when its files have gone."""
        with self.lock:
            item = self.items.pop(rating_key)
            section = self.sections[item.section_key]
            del section.items[rating_key]
            for path in item.files:
                self._keys_by_file[path].remove(rating_key)
            self._content_changed(section)

    def move_file(self, old: str, new: str) -> None:
        """Give a file another path; the items that have it keep their rating keys."""
        with self.lock:
            keys = self._keys_by_file.pop(old)
            for item in (self.items[key] for key in keys):
                item.files = tuple(new if path == old else path for path in item.files)
                self._content_changed(self.sections[item.section_key])
            self._keys_by_file.setdefault(new, []).extend(keys)

    def stage_file(self, section: int, file: str, **fields: Any) -> None:
        """Put a file on the disk that Plex has not seen yet: the next scan of its folder makes it an item."""
        self._staged.append((section, file, fields))

    def edit_as_user(self, rating_key: int, lock: bool = True, **fields: Any) -> None:
        """Change attributes of an item as a person does in Plex's own interface, which locks them."""
        with self.lock:
            item = self.items[rating_key]
            self._set(item, fields)
            if lock:
                item.locked |= {LOCK_NAMES[name] for name in fields if name in LOCK_NAMES}
            self._item_changed(item)

    def refresh_metadata(self, rating_key: int, **agent_values: Any) -> None:
        """Let Plex's agent bring values: they overwrite every attribute that is not locked."""
        with self.lock:
            item = self.items[rating_key]
            free = {name: value for name, value in agent_values.items() if LOCK_NAMES[name] not in item.locked}
            self._set(item, free)
            self._item_changed(item)

    def match(self, rating_key: int, guid: str) -> None:
        """Let an agent match an item, as its "Fix Match" does: from now on it has the agent's guid."""
        with self.lock:
            self.items[rating_key].guid = guid
            self._item_changed(self.items[rating_key])

    def refresh(self, rating_key: int) -> None:
        """Ask the agent for an item, as its "Refresh Metadata" does, and note it. Raises RequestError (404)."""
        with self.lock:
            item = self._find(rating_key)
            item.refresh_count += 1
            self.refresh_requests.append(rating_key)
            if self.agent is not None:
                self.refresh_metadata(rating_key, **self.agent(item))

    def refresh_everything(self) -> None:
        """Ask the agent for every item, as Plex's "Refresh All Metadata" does."""
        with self.lock:
            for rating_key in tuple(self.items):
                self.refresh(rating_key)

    def snapshot(self) -> dict[int, dict[str, Any]]:
        """Return everything that a person sees in Plex, by rating key, to compare two moments or two servers."""
        with self.lock:
            return {key: item.snapshot() for key, item in self.items.items()}

    def edit_counts(self) -> dict[int, int]:
        """Return the number of PUTs that edited an item, for the items that were edited at all."""
        with self.lock:
            return {key: item.edit_count for key, item in self.items.items() if item.edit_count}

    def upload_counts(self) -> dict[int, int]:
        """Return the number of images uploaded to an item, for the items that got any."""
        with self.lock:
            return {key: item.upload_count for key, item in self.items.items() if item.upload_count}

    def selection_counts(self) -> dict[int, int]:
        """Return the number of images chosen by a PUT, for the items for which any was."""
        with self.lock:
            return {key: item.selection_count for key, item in self.items.items() if item.selection_count}

    def shown_as(self, attribute: str, value: Any) -> Any:
        """Return what this server shows once an attribute of an item is set to a value: its own form of it.

        Lists come as sets; for what has no form of its own the value itself comes back.
        """
        name = LOCK_NAMES.get(attribute, "")
        with self.lock:
            if name in TAG_FIELDS:
                cleaned = (self._cleaned(name, each) for each in value)
                return {self.tags.spelling(name, each, self.dialect) for each in cleaned} - {""}
            if name in TEXT_FIELDS:
                return self._cleaned(name, value)
            return self.dialect.rounded(value) if attribute == "user_rating" and value is not None else value

    # --- what a request does

    def apply(self, edit: Edit, section_key: int | None) -> None:
        """Apply one PUT to all the items that it names.

        Raises:
            RequestError: 404 for an item that is not there (or not in that section), 400 for a date
                that is none or a type that is not the item's, and what `writes` refuses.
        """
        with self.lock:
            items = [self._find(key, section_key) for key in edit.rating_keys]
            if edit.type_number is not None and any(TYPE_NUMBERS[item.type] != edit.type_number for item in items):
                raise RequestError(400, "the items are not of this type")
            date = edit.text.get("originallyAvailableAt", "")
            if date and not DATE.fullmatch(date):
                raise RequestError(400, f"originallyAvailableAt is {date}, which is no YYYY-MM-DD")
            self.writes.check_fields(edit.rating_keys, edit.fields)
            self.writes.check_lists(edit)
            heeded = self.writes.heeded(edit)
            for item in items:
                item.edit_count += 1
                if heeded.fields or not edit.fields:
                    self._apply_to(item, heeded)

    def rate(self, rating_key: int, rating: float) -> None:
        """Set the user rating, 0..10; -1 takes it away. Raises RequestError (404, 400)."""
        with self.lock:
            item = self._find(rating_key)
            if not (0 <= rating <= 10 or rating == -1):
                raise RequestError(400, f"rating is {rating}: 0 to 10 is allowed")
            self.writes.check_fields([rating_key], ["userRating"])
            item.rating_count += 1
            if not self.writes.take_ignored(["userRating"]):
                item.user_rating = None if rating == -1 else self.dialect.rounded(rating)
                self._item_changed(item)

    def upload(self, rating_key: int, kind: ImageKind, data: bytes) -> None:
        """Keep an image beside the earlier ones, known ones once, and show it. It does not lock the field.

        Raises:
            RequestError: 404 for an item that is not there, 500 for an image that is too large, and what
                `writes` refuses.
        """
        with self.lock:
            item = self._find(rating_key)
            if self.images.max_bytes is not None and len(data) > self.images.max_bytes:
                raise RequestError(500, f"{len(data)} bytes are too many")
            self.writes.check_fields([rating_key], [kind])
            item.upload_count += 1
            item.pictures[kind].uploads.append(data)
            if not self.writes.take_ignored([kind]):
                self._add_image(item, kind, data, uploaded=True)
                self._item_changed(item)

    def select_image(self, rating_key: int, kind: ImageKind, name: str | None) -> None:
        """Show another of an item's images, or none. Raises RequestError (404, and what `writes` refuses)."""
        with self.lock:
            item = self._find(rating_key)
            image = None if name is None else item.pictures[kind].named(name)
            if name is not None and image is None:
                raise RequestError(404, f"no image {name}")
            self.writes.check_fields([rating_key], [kind])
            item.selection_count += name is not None
            if not self.writes.take_ignored([kind]):
                self._show(item, kind, image)
                self._item_changed(item)

    def scan(self, section_key: int, folder: str) -> None:
        """Scan a folder, or the whole section where it is empty: staged files below it become items."""
        with self.lock:
            section = self.sections[section_key]
            section.scanned_at = int(self.clock())
            self.scans.append((section_key, folder))
            found = [each for each in self._staged if each[0] == section_key and _is_below(each[1], folder)]
            for staged in found:
                self._staged.remove(staged)
                self.add_item(staged[0], staged[1], **staged[2])

    def tag_id(self, kind: str, name: str) -> int:
        """Return the number by which Plex knows a genre, actor, collection or label."""
        return self.tags.number(kind, name)

    # --- inside

    def _find(self, rating_key: int, section_key: int | None = None) -> Item:
        item = self.items.get(rating_key)
        if item is None or section_key not in (None, item.section_key):
            raise RequestError(404, f"no item {rating_key}")
        return item

    def _apply_to(self, item: Item, edit: Edit) -> None:
        apply_edit(item, edit, self.dialect, self._stored)
        self.tags.photos.update({self._stored("actor", name): photo for name, photo in edit.photos.items()})
        self._item_changed(item)

    def _stored(self, name: str, value: str) -> str:
        """Return what is kept of a text or a tag; `name` is Plex's name of its field."""
        value = self._cleaned(name, value)
        return self.tags.keep(name, value, self.dialect) if name in TAG_FIELDS else value

    def _cleaned(self, name: str, value: str) -> str:
        value = self.mangle(name, value) if self.mangle else value
        return value.strip() if self.dialect.trims_text else value

    def _set(self, item: Item, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            if name in IMAGE_FIELDS:
                self._add_image(item, "thumb" if name == "thumb" else "art", value, uploaded=False)
            elif name in TAG_FIELDS.values():
                spelled = (self.tags.keep(LOCK_NAMES[name], each, self.dialect) for each in value)
                setattr(item, name, without_repeats(spelled))
            elif name in LOCK_NAMES or name in ("user_rating", "characters"):
                setattr(item, name, value)
            elif name == "locked":
                item.locked = frozenset(value)
            else:
                raise TypeError(f"an item has no settable attribute {name}")
        follow(item, fields.keys(), self.dialect)

    def _add_image(self, item: Item, kind: ImageKind, data: bytes, *, uploaded: bool) -> None:
        image, is_new = item.pictures[kind].keep(kind, data, uploaded=uploaded)
        if is_new or not uploaded or self.dialect.reselects_known_images:
            self._show(item, kind, image)

    def _show(self, item: Item, kind: ImageKind, image: Image | None) -> None:
        pictures = item.pictures[kind]
        pictures.selected = image
        pictures.note_change(self.clock(), self.images)
        if image is None:
            setattr(item, kind, "")
            return
        # Each image has an address of its own, also where two arrive within a second.
        self._last_image_time = max(int(self.clock()), self._last_image_time + 1)
        setattr(item, kind, f"/library/metadata/{item.rating_key}/{kind}/{self._last_image_time}")

    def _item_changed(self, item: Item) -> None:
        item.updated_at = int(self.clock())
        section = self.sections[item.section_key]
        section.version += 1
        if self.content_changed_moves_with_edits:
            section.content_changed_at += 1

    def _content_changed(self, section: Section) -> None:
        section.version += 1
        section.content_changed_at += 1
        section.updated_at = int(self.clock())


def _stem(path: str) -> str:
    name = re.split(r"[/\\]", path)[-1]
    return name.rpartition(".")[0] or name


def _is_below(path: str, folder: str) -> bool:
    root = folder.rstrip("/\\")
    return path.startswith((root + "/", root + "\\")) if root else True
