"""What happens to the files and the rating keys of a simulated Plex: `plex.versions`.

both = plex.versions.merge(hd, uhd)          # one item with two Media
plex.versions.stack(both)                    # one Media with two Parts
hd, uhd = plex.versions.split(both)          # new items under new keys
key = plex.versions.rescan(key)              # the same file under another key
plex.versions.swap(a, b)                     # each key now belongs to the other's file
backup = plex.versions.backup()              # ... later: plex.versions.restore(backup)
plex.versions.trash(key)                     # listed still, with deletedAt; its files are missing
plex.versions.empty_trash(section)
plex.versions.missing.add("/media/a.mp4")    # what checkFiles=1 tells of each Part
plex.machine_identifier = "f" * 40           # another server behind the same address
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.simulators.plex_items import IMAGE_FIELDS, Item, Section
from tests.simulators.plex_library import PlexLibrary
from tests.simulators.plex_xml import Element


@dataclass(frozen=True)
class Backup:
    """What a Plex database held at one time."""

    sections: dict[int, Section]
    items: dict[int, Item]
    keys_by_file: dict[str, list[int]]
    last_rating_key: int


class Versions:
    """Changes files and rating keys of a library behind the back of everybody who remembers them.

    Attributes:
        missing: files that are gone from the disk: checkFiles=1 says exists=0 and accessible=0.
        unreadable: files that are there and cannot be read: exists=1 and accessible=0.
    """

    def __init__(self, library: PlexLibrary) -> None:
        self.missing: set[str] = set()
        self.unreadable: set[str] = set()
        self._library = library

    def merge(self, rating_key: int, *others: int) -> int:
        """Make the others' files further versions (Media) of an item, as Plex does with copies of one film.

        Returns:
            The key of the item, which keeps its values; those of the others are gone.
        """
        library = self._library
        with library.lock:
            item = library.items[rating_key]
            for other in (library.items[key] for key in others):
                item.part_counts = (*map(len, item.media()), *map(len, other.media()))
                library.remove_item(other.rating_key)
                item.files += other.files
                item.deleted_files |= other.deleted_files
                self._remember_files(rating_key, other.files)
            return rating_key

    def stack(self, rating_key: int) -> None:
        """Make all the files of an item Parts of a single Media: `a-part1.mp4`, `a-part2.mp4`."""
        with self._library.lock:
            item = self._library.items[rating_key]
            item.part_counts = (len(item.files),)
            self._library._content_changed(self._library.sections[item.section_key])

    def split(self, rating_key: int, *, with_values: bool = False, keeps_key: bool = False) -> tuple[int, ...]:
        """Make an item of each version; stacked Parts stay together.

        Args:
            with_values: whether the new items carry the old one's values, locks and pictures, or start bare.
            keeps_key: whether the item stays, with its first version.

        Returns:
            The keys, in the order of the versions; all of them are new unless the item stays.
        """
        with self._library.lock:
            item = self._library.items[rating_key]
            first, *others = item.media()
            if not keeps_key:
                self._library.remove_item(rating_key)
                return tuple(
                    self._add_under_new_key(item, files, (len(files),), with_values) for files in (first, *others)
                )
            for file in set(item.files) - set(first):
                self._library._keys_by_file[file].remove(rating_key)
            item.files, item.part_counts = first, (len(first),)
            self._library._content_changed(self._library.sections[item.section_key])
            return rating_key, *(self._add_under_new_key(item, files, (len(files),), with_values) for files in others)

    def rescan(self, rating_key: int, *, with_values: bool = False) -> int:
        """Give an item's files another rating key, as a rescan or a renamer does; returns the new key."""
        with self._library.lock:
            item = self._library.items[rating_key]
            self._library.remove_item(rating_key)
            return self._add_under_new_key(item, item.files, item.part_counts, with_values)

    def swap(self, first: int, second: int) -> None:
        """Give each of two items the other's rating key: a key now belongs to another file with its own values."""
        library = self._library
        with library.lock:
            items = library.items.pop(first), library.items.pop(second)
            for item, key in zip(items, (second, first), strict=True):
                for file in item.files:
                    library._keys_by_file[file].remove(item.rating_key)
                del library.sections[item.section_key].items[item.rating_key]
                _set_key(item, key)
            for item in items:
                self._register(item)

    def backup(self) -> Backup:
        """Keep what the database holds now, the next free rating key too."""
        library = self._library
        with library.lock:
            return copy.deepcopy(
                Backup(library.sections, library.items, library._keys_by_file, library._last_rating_key)
            )

    def restore(self, backup: Backup) -> None:
        """Go back to a backup: keys given out since then will be given to other files."""
        library = self._library
        with library.lock:
            kept = copy.deepcopy(backup)
            for key, section in kept.sections.items():
                present = library.sections.get(key)
                section.version = 1 + max(section.version, present.version if present else 0)
            library.sections, library.items = kept.sections, kept.items
            library._keys_by_file, library._last_rating_key = kept.keys_by_file, kept.last_rating_key

    # --- the trash

    def trash(self, rating_key: int, *files: str) -> None:
        """Let files of an item (all of them unless named) be gone from the disk.

        The item stays listed. `deletedAt` stands on it where all its files are gone, else on the Media concerned.
        """
        library = self._library
        with library.lock:
            item = library.items[rating_key]
            gone = files or item.files
            self.missing.update(gone)
            item.deleted_files |= dict.fromkeys(gone, int(library.clock()))
            library._content_changed(library.sections[item.section_key])

    def bring_back(self, rating_key: int) -> None:
        """Let an item's files be on the disk again, as a drive that is mounted again does."""
        library = self._library
        with library.lock:
            item = library.items[rating_key]
            self.missing.difference_update(item.files)
            item.deleted_files = {}
            library._content_changed(library.sections[item.section_key])

    def empty_trash(self, section_key: int) -> tuple[int, ...]:
        """Remove what is in the trash of a library; returns the keys of the items that are gone."""
        library = self._library
        with library.lock:
            items = [item for item in library.sections[section_key].items.values() if item.deleted_files]
            gone = tuple(item.rating_key for item in items if item.deleted_at)
            for item in items:
                if item.deleted_at:
                    library.remove_item(item.rating_key)
                else:
                    self._drop_deleted_versions(item)
            return gone

    def mark_files(self, reply: Element) -> None:
        """Say of each Part of a reply whether its file exists and is accessible (checkFiles=1)."""
        if reply.tag == "Part":
            file = str(reply.attributes["file"])
            reply.attributes["exists"] = file not in self.missing
            reply.attributes["accessible"] = file not in self.missing | self.unreadable
        for child in reply.children:
            self.mark_files(child)

    # --- inside

    def _drop_deleted_versions(self, item: Item) -> None:
        versions = [files for files in item.media() if not all(file in item.deleted_files for file in files)]
        kept = tuple(file for files in versions for file in files)
        for file in set(item.files) - set(kept):
            self._library._keys_by_file[file].remove(item.rating_key)
        item.files, item.part_counts = kept, tuple(map(len, versions))
        item.deleted_files = {file: at for file, at in item.deleted_files.items() if file in kept}
        self._library._content_changed(self._library.sections[item.section_key])

    def _add_under_new_key(
        self, old: Item, files: Sequence[str], part_counts: tuple[int, ...], with_values: bool
    ) -> int:
        library = self._library
        key = library.add_item(old.section_key, files, type=old.type)
        if with_values:
            bare = library.items[key]
            item = replace(
                copy.deepcopy(old),
                files=bare.files,
                added_at=bare.added_at,
                updated_at=bare.updated_at,
                deleted_files={},
            )
            _set_key(item, key)
            library.items[key] = library.sections[old.section_key].items[key] = item
        library.items[key].part_counts = part_counts
        return key

    def _register(self, item: Item) -> None:
        library = self._library
        section = library.sections[item.section_key]
        library.items[item.rating_key] = section.items[item.rating_key] = item
        self._remember_files(item.rating_key, item.files)
        library._content_changed(section)

    def _remember_files(self, rating_key: int, files: Sequence[str]) -> None:
        for file in files:
            self._library._keys_by_file.setdefault(file, []).append(rating_key)


def _set_key(item: Item, key: int) -> None:
    """Give an item a rating key; the addresses of its pictures carry it, too."""
    for kind in IMAGE_FIELDS:
        before, after = f"/library/metadata/{item.rating_key}/", f"/library/metadata/{key}/"
        setattr(item, kind, getattr(item, kind).replace(before, after))
    item.rating_key = key
