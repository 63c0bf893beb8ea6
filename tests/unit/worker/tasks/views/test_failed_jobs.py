"""What a person sees of the jobs that were given up."""

from __future__ import annotations

import logging

import pytest

from sync_queue.models import DeadLetter, Failure, Job
from worker.tasks.views.failed_jobs import SHOWN, list_failed_jobs

BURIED_AT = 1_800_000_000.0


def letter(number: int, failure: Failure) -> DeadLetter:
    job = Job(0, number, (), "hook", BURIED_AT)
    return DeadLetter(number, number, failure, attempts=6, first_failed_at=BURIED_AT - 60, buried_at=BURIED_AT, job=job)


AMBIGUOUS = letter(7, Failure("AmbiguousMatch", "2 files match", "Film", "/data/f.mp4", ("/a/f.mp4", "/b/f.mp4")))


def test_everything_that_is_known_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        result = list_failed_jobs([AMBIGUOUS], obfuscate_paths=False)
    assert result == {
        "format": 1,
        "count": 1,
        "failed_jobs": [
            {
                "id": 7,
                "scene_id": 7,
                "title": "Film",
                "path": "/data/f.mp4",
                "error_type": "AmbiguousMatch",
                "error_text": "2 files match",
                "candidates": ["/a/f.mp4", "/b/f.mp4"],
                "attempts": 6,
                "first_failed_at": BURIED_AT - 60,
                "buried_at": BURIED_AT,
            }
        ],
    }
    assert 'Scene 7 "Film": 2 files match (AmbiguousMatch, 6 tries, given up ' in caplog.text
    assert "/a/f.mp4" in caplog.text
    assert "1 dead letter. Fix what is wrong, then press Retry Failed Jobs" in caplog.text


def test_paths_stay_hidden_where_the_user_wants_that(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        result = list_failed_jobs([AMBIGUOUS], obfuscate_paths=True)
    assert ".mp4" in caplog.text
    for path in ("/data/f.mp4", "/a/f.mp4", "/b/f.mp4"):
        assert path not in caplog.text
        assert path not in str(result)


def test_the_newest_come_first_and_the_log_names_a_few(caplog: pytest.LogCaptureFixture) -> None:
    failure = Failure("PlexNotFound", "not there", "Film")
    letters = [letter(number, failure) for number in range(1, SHOWN + 4)]
    with caplog.at_level(logging.INFO):
        result = list_failed_jobs(letters, obfuscate_paths=False)
    assert [entry["id"] for entry in result["failed_jobs"]] == list(range(SHOWN + 3, 0, -1))
    assert "… and 3 older ones" in caplog.text
    with caplog.at_level(logging.INFO):
        list_failed_jobs(letters[: SHOWN + 1], obfuscate_paths=False)
    assert "… and 1 older one" in caplog.messages


def test_none_is_said_to_be_none(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert list_failed_jobs([], obfuscate_paths=False)["count"] == 0
    assert "No job was given up" in caplog.text
