"""Would these scenes be found? What the doctor and the redriving of dead letters ask, without changing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.workbench import Workbench
from worker.tasks.doctor.sample_match import SampleMatcher, Suggestion, open_sample_matcher


@contextmanager
def matching(bench: Workbench) -> Iterator[SampleMatcher]:
    """A matcher with the settings as they are."""
    contexts = bench.workplace.contexts
    config = contexts.read_settings()
    with open_sample_matcher(bench.workplace, config, contexts.new_client(config)) as samples:
        yield samples


def faults(bench: Workbench, *scene_ids: int) -> list[str]:
    """What the matcher says of each scene."""
    scenes = bench.workplace.stash.scenes(scene_ids)
    with matching(bench) as samples:
        by_scene = samples.known_faults(list(scenes.values()))
    with matching(bench) as samples:  # a new one, as the first may have learned something
        assert samples.faults(list(scenes.values())) == by_scene
    return [str(by_scene[scene_id] or "") for scene_id in scene_ids]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def add_scene(bench: Workbench, path: str, *plex_paths: str) -> int:
    """A scene of this path in Stash, and items with those in Plex."""
    for plex_path in plex_paths:
        bench.plex.add_item(bench.section, plex_path)
    return bench.stash.add_scene(path, title="t", details="d").id


def test_scenes_that_would_be_found_have_no_fault(bench: Workbench) -> None:
    assert faults(bench, 1, 2) == ["", ""]


def test_each_kind_of_fault_has_its_words(bench: Workbench) -> None:
    unknown = add_scene(bench, "/data/unknown.mp4")
    elsewhere = add_scene(bench, "/data/sub/one.mp4", "/media/other/one.mp4")
    copies = add_scene(bench, "/data/sub/two.mp4", "/media/a/sub/two.mp4", "/media/b/sub/two.mp4")
    fileless = bench.stash.add_scene(title="t", details="d").id
    assert faults(bench, unknown, elsewhere, copies, fileless) == [
        "Plex has no file of this name",
        "Plex has a file of this name in another folder (/media/other/one.mp4)",
        "Several files in Plex match equally well (/media/a/sub/two.mp4, /media/b/sub/two.mp4)",
        "The scene has no file",
    ]


def test_many_scenes_cost_few_requests(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=50) as bench:
        faults(bench, *bench.keys)
        bench.plex.reset_log()
        assert set(faults(bench, *bench.keys)) == {""}
        assert bench.plex.count(prefix="/library/metadata") == 1


def test_a_copy_that_was_deleted_since_the_index_was_made_is_no_rival(bench: Workbench) -> None:
    copies = add_scene(bench, "/data/sub/two.mp4", "/media/a/sub/two.mp4", "/media/b/sub/two.mp4")
    bench.enqueue(copies)
    bench.drain()
    bench.plex.remove_item(max(bench.plex.items))
    assert faults(bench, copies) == [""]


def test_a_path_map_counts(bench: Workbench) -> None:
    elsewhere = add_scene(bench, "/data/sub/one.mp4", "/media/other/one.mp4")
    bench.configure(path_map="/data/sub => /media/other")
    assert faults(bench, elsewhere) == [""]


def test_paths_are_hidden_where_the_settings_say_so(bench: Workbench) -> None:
    elsewhere = add_scene(bench, "/data/sub/one.mp4", "/media/other/one.mp4")
    bench.configure(obfuscate_paths=True)
    (fault,) = faults(bench, elsewhere)
    assert "[path " in fault
    assert "/media" not in fault


def test_probing_leaves_index_and_plex_as_they_are(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    index, before = Path(bench.folder.file_index), bench.plex.snapshot()
    content = index.read_bytes()
    add_scene(bench, "/data/new.mp4", "/media/new.mp4")
    bench.plex.reset_log()
    faults(bench, 1, 2, 3)
    assert index.read_bytes() == content
    assert {request.method for request in bench.plex.requests} == {"GET"}
    assert {key: bench.plex.snapshot()[key] for key in before} == before


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"noise" * 1000])
def test_an_index_that_cannot_be_read_is_as_good_as_none(bench: Workbench, content: bytes) -> None:
    Path(bench.folder.file_index).write_bytes(content)
    assert faults(bench, 1) == [""]
    assert Path(bench.folder.file_index).read_bytes() == content
    assert not [name for name in os.listdir(bench.folder.root) if "corrupt" in name]


# --- the suggestion


def suggestion(bench: Workbench, *scene_ids: int) -> Suggestion | None:
    scenes = bench.workplace.stash.scenes(scene_ids)
    with matching(bench) as samples:
        samples.faults(list(scenes.values()))
        return samples.suggestion(list(scenes.values()))


def test_files_that_lie_in_another_folder_suggest_a_path_map(bench: Workbench) -> None:
    scenes = [add_scene(bench, f"/data/vid/s{each}.mp4", f"/media/videos/s{each}.mp4") for each in range(3)]
    assert suggestion(bench, *scenes) == Suggestion("/data/vid => /media/videos")


def test_one_file_alone_suggests_nothing(bench: Workbench) -> None:
    assert suggestion(bench, add_scene(bench, "/data/vid/s.mp4", "/media/videos/s.mp4")) is None


def test_as_many_for_one_as_for_another_suggest_nothing(bench: Workbench) -> None:
    scenes = [
        add_scene(bench, f"/data/vid/s{each}.mp4", f"/media/a/s{each}.mp4", f"/media/b/s{each}.mp4")
        for each in range(3)
    ]
    assert suggestion(bench, *scenes) is None


def test_scenes_without_files_or_without_a_namesake_suggest_nothing(bench: Workbench) -> None:
    fileless = bench.stash.add_scene(title="t", details="d").id
    assert suggestion(bench, fileless, add_scene(bench, "/data/unknown.mp4")) is None


@pytest.mark.parametrize(
    ("stash_folder", "plex_folder", "unwritable"),
    [
        ("/data/a;b", "/media/videos", ["/data/a;b"]),
        ("/data/vid", "/media/a => b", ["/media/a => b"]),
        ("/data/one;/vid", "/media/two=>/videos", ["/data/one;/vid", "/media/two=>/videos"]),
    ],
)
def test_what_the_setting_cannot_hold_is_not_suggested(
    bench: Workbench, stash_folder: str, plex_folder: str, unwritable: list[str]
) -> None:
    scenes = [add_scene(bench, f"{stash_folder}/s{each}.mp4", f"{plex_folder}/s{each}.mp4") for each in range(3)]
    assert suggestion(bench, *scenes) == Suggestion("", tuple(unwritable))


def test_such_a_name_in_the_common_tail_does_no_harm(bench: Workbench) -> None:
    scenes = [add_scene(bench, f"/data/a/x;y/s{each}.mp4", f"/media/b/x;y/s{each}.mp4") for each in range(3)]
    assert suggestion(bench, *scenes) == Suggestion("/data/a => /media/b")


def test_of_several_files_of_the_name_the_one_with_the_longest_common_tail_is_named(bench: Workbench) -> None:
    rivals = [f"/media/other/{folder}/film.mp4" for folder in "abc"]
    scene_id = add_scene(bench, "/data/here/b/film.mp4", *rivals)
    (fault,) = faults(bench, scene_id)
    assert fault == "Plex has a file of this name in another folder (/media/other/b/film.mp4)"
