"""No text in the live files holds a path, a title, a name, an address or a secret, whatever an error says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plex.exceptions import PlexLibraryUnknown
from stash.exceptions import StashQueryFailed, StashUnauthorized
from tests.support.workbench import Workbench
from validation.config import PlexSyncConfig
from validation.errors import ConfigError
from validation.problems import Problem
from worker.circuit_breaker import CircuitState
from worker.outage.stored_gate import Fault
from worker.status.live import LiveFiles
from worker.status.live_file import LiveFile
from worker.status.progress import Doing, Progress, WaitingFor
from worker.status.standing import ENDED_BY_ERROR, FOLDER_REFUSED, PACKAGES_MISSING
from worker.version import VERSION

PRIVATE = st.text("abcdehiklmnorstu", min_size=3, max_size=12).map("zq".__add__)
"""A word that no code of ours holds."""
WRAPPED = st.sampled_from(
    [
        "{}",
        '"{}"',
        '"a "{}" b"',
        "/data/{}",
        "C:\\{}\\x",
        "http://{}:32400/x",
        "{}.example.net",
        "?title.value={}",
        "'{}'",
    ]
)
SENTENCES = st.sampled_from(
    [
        "Plex at {} refused the connection. Is it running, and is plex_url right?",
        "Plex could not do PUT /library/sections/1/all?{} (500). See Plex's own log if this goes on",
        "Plex at {} is not ready (503). {}. Wait until it is",
        str(StashQueryFailed("open {}: no such file or directory")),
        str(StashUnauthorized("{}")),
        str(PlexLibraryUnknown('Plex has no library "{}". It has "{}"', ())),
        "{}",
    ]
)
FREE = {("breaker", "cause"), ("drainer", "blocked")}
"""Where the texts are that could say anything."""
FIXED = {VERSION, "", *(each.value for kind in (CircuitState, Doing, Fault) for each in kind)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=1) as made:
        yield made


def written(bench: Workbench) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(bench.folder.live_status).read_text(encoding="utf-8"))
    return content


@given(sentence=SENTENCES, wrapped=WRAPPED, private=PRIVATE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_holds_no_word_of_others(tmp_path: Path, sentence: str, wrapped: str, private: str) -> None:
    text = sentence.replace("{}", wrapped.replace("{}", private))
    path = tmp_path / "live" / "status.json"
    content = {"breaker": {"cause": text}, "drainer": {"blocked": text}}
    LiveFile(str(path.parent), str(path)).write(content, 1_000.0, None)
    assert private not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PlexSyncConfig.model_fields))
def test_a_wrong_setting_is_named_without_its_value(bench: Workbench, name: str) -> None:
    progress = Progress()
    error = ConfigError([Problem(name, '"zqvalue"', "zqreason", "zqallowed"), Problem("plex_token", None, "", "")])
    progress.wait_for(WaitingFor.SETTINGS, str(error), "waiting", error.without_values)
    LiveFiles(bench.folder, bench.workplace.manager.database, bench.clock).publish(progress, 1.0)
    blocked = written(bench)["drainer"]["blocked"]
    assert blocked == (
        f"{name} has a value that is not allowed. Change it under Settings > Plugins > PlexSync. "
        "plex_token is empty. Set it under Settings > Plugins > PlexSync."
    )


def test_no_other_text_can_say_anything(bench: Workbench) -> None:
    LiveFiles(bench.folder, bench.workplace.manager.database, bench.clock).publish(Progress(), 1.0)
    content = written(bench)
    texts = {(key, inner): text for key in ("breaker", "drainer") for inner, text in content[key].items()}
    texts |= {(key, ""): value for key, value in content.items()}
    assert {text for place, text in texts.items() if isinstance(text, str) and place not in FREE} <= FIXED


@pytest.mark.parametrize("sentence", [PACKAGES_MISSING, FOLDER_REFUSED, ENDED_BY_ERROR])
def test_the_programs_own_sentences_stay_whole(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "live" / "status.json"
    content = {"breaker": {"cause": ""}, "drainer": {"blocked": sentence}}
    LiveFile(str(path.parent), str(path)).write(content, 1_000.0, None)
    assert json.loads(path.read_text(encoding="utf-8"))["drainer"]["blocked"] == sentence
