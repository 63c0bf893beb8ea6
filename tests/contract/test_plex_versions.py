"""Versions, stacked parts, changing rating keys and the trash of the Plex simulator, asked with python-plexapi."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from plexapi.exceptions import NotFound
from plexapi.server import PlexServer

from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator

HD, UHD = "/media/a.mp4", "/media/a-4k.mp4"
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    simulator = PlexSimulator()
    with simulator:
        simulator.add_section("Movies")
        yield simulator
    assert simulator.errors == []


@pytest.fixture
def server(plex: PlexSimulator) -> Any:
    return PlexServer(plex.url, DEFAULT_TOKEN)


def media(server: Any, key: int) -> list[list[str]]:
    return [[part.file for part in each.parts] for each in server.fetchItem(key).media]


def xml(plex: PlexSimulator, path: str) -> ElementTree.Element:
    reply = requests.get(plex.url + path, headers={"X-Plex-Token": DEFAULT_TOKEN}, timeout=10)
    return ElementTree.fromstring(reply.text)  # noqa: S314 - our own reply


def test_merged_versions_are_one_item_with_two_media(plex: PlexSimulator, server: Any) -> None:
    kept, gone = plex.add_item(1, HD, title="Kept"), plex.add_item(1, UHD, title="Gone")
    server.fetchItem(kept).merge([gone])
    assert media(server, kept) == [[HD], [UHD]]
    assert server.fetchItem(kept).title == "Kept"
    assert [item.rating_key for item in plex.items_by_file(UHD)] == [kept]
    with pytest.raises(NotFound):
        server.fetchItem(gone)


def test_stacked_parts_are_one_media_and_stay_together_in_a_split(plex: PlexSimulator, server: Any) -> None:
    stacked, other = plex.add_item(1, ["/media/a-part1.mp4", "/media/a-part2.mp4"]), plex.add_item(1, UHD)
    plex.versions.stack(stacked)
    plex.versions.merge(stacked, other)
    parts = [["/media/a-part1.mp4", "/media/a-part2.mp4"], [UHD]]
    assert media(server, stacked) == parts
    listed = server.library.section("Movies").all()
    assert [[part.file for part in each.parts] for each in listed[0].media] == parts
    new = plex.versions.split(stacked)
    assert min(new) > other
    assert [media(server, key) for key in new] == [parts[:1], parts[1:]]


def test_a_split_starts_bare_or_carries_values_on(plex: PlexSimulator, server: Any) -> None:
    key = plex.versions.merge(plex.add_item(1, HD, title="T", locked={"title"}, thumb=JPEG), plex.add_item(1, UHD))
    keys = plex.versions.split(key, with_values=True)
    assert [(plex.item(each).title, plex.item(each).locked) for each in keys] == [("T", frozenset({"title"}))] * 2
    assert plex.item(keys[0]).thumb.startswith(f"/library/metadata/{keys[0]}/thumb/")
    plex.versions.merge(*keys)
    server.fetchItem(keys[0]).split()
    assert [item.title for item in server.library.section("Movies").all()] == ["a", "a-4k"]


def test_a_rescan_gives_another_key(plex: PlexSimulator, server: Any) -> None:
    old = plex.add_item(1, HD, title="T")
    changed = plex.sections[1].content_changed_at
    new = plex.versions.rescan(old)
    assert new > old
    assert (media(server, new), plex.item(new).title) == ([[HD]], "a")
    assert plex.sections[1].content_changed_at > changed
    with pytest.raises(NotFound):
        server.fetchItem(old)


def test_a_swap_reuses_keys_for_other_files(plex: PlexSimulator, server: Any) -> None:
    first, second = plex.add_item(1, HD, title="A", thumb=JPEG), plex.add_item(1, UHD, title="B")
    plex.versions.swap(first, second)
    assert [(media(server, key), plex.item(key).title) for key in (first, second)] == [([[UHD]], "B"), ([[HD]], "A")]
    assert [item.rating_key for item in plex.items_by_file(HD)] == [second]
    assert requests.get(server.url(plex.item(second).thumb, includeToken=True), timeout=10).content == JPEG


def test_a_restored_backup_gives_old_keys_to_other_files(plex: PlexSimulator, server: Any) -> None:
    kept = plex.add_item(1, HD, title="Before")
    backup = plex.versions.backup()
    lost = plex.add_item(1, UHD)
    plex.edit_as_user(kept, title="After")
    server.library.section("Movies").all()
    plex.versions.restore(backup)
    assert [item.title for item in server.library.section("Movies").all()] == ["Before"]
    assert plex.items_by_file(UHD) == ()
    assert plex.add_item(1, "/media/other.mp4") == lost
    plex.versions.restore(backup)
    assert set(plex.items) == {kept}


def test_a_trashed_item_stays_listed_until_the_trash_is_emptied(plex: PlexSimulator, server: Any) -> None:
    gone, moved = plex.add_item(1, "/media/old/a.mp4"), plex.add_item(1, "/media/new/a.mp4")
    plex.versions.trash(gone)
    videos = {int(video.attrib["ratingKey"]): video for video in xml(plex, "/library/sections/1/all")}
    assert ("deletedAt" in videos[gone].attrib, "deletedAt" in videos[moved].attrib) == (True, False)
    files = xml(plex, f"/library/metadata/{gone},{moved}?checkFiles=1").iter("Part")
    assert [(part.get("exists"), part.get("accessible")) for part in files] == [("0", "0"), ("1", "1")]
    assert all("exists" not in part.attrib for part in xml(plex, f"/library/metadata/{gone}").iter("Part"))
    server.library.section("Movies").emptyTrash()
    assert set(plex.items) == {moved}


def test_one_version_in_the_trash(plex: PlexSimulator, server: Any) -> None:
    key = plex.versions.merge(plex.add_item(1, HD), plex.add_item(1, UHD))
    plex.versions.trash(key, HD)
    (video,) = xml(plex, f"/library/metadata/{key}")
    assert "deletedAt" not in video.attrib
    assert ["deletedAt" in each.attrib for each in video.iter("Media")] == [True, False]
    assert plex.versions.empty_trash(1) == ()
    assert media(server, key) == [[UHD]]
    assert plex.items_by_file(HD) == ()


def test_a_drive_that_comes_back(plex: PlexSimulator) -> None:
    key = plex.add_item(1, HD)
    plex.versions.trash(key)
    plex.versions.bring_back(key)
    plex.versions.unreadable.add(HD)
    (video,) = xml(plex, f"/library/metadata/{key}?checkFiles=1")
    assert "deletedAt" not in video.attrib
    assert [(part.get("exists"), part.get("accessible")) for part in video.iter("Part")] == [("1", "0")]


def test_another_server_behind_the_same_address(plex: PlexSimulator) -> None:
    plex.machine_identifier = "f" * 40
    assert xml(plex, "/identity").get("machineIdentifier") == "f" * 40
    assert PlexServer(plex.url, DEFAULT_TOKEN).machineIdentifier == "f" * 40


def test_reads_that_make_plex_analyse_files(plex: PlexSimulator, server: Any) -> None:
    key = plex.add_item(1, HD)
    xml(plex, f"/library/metadata/{key}?skipRefresh=1")
    server.library.section("Movies").all()
    assert plex.refreshing_reads() == ()
    xml(plex, f"/library/metadata/{key}?checkFiles=1")
    assert plex.refreshing_reads() == (f"/library/metadata/{key}?checkFiles=1",)
