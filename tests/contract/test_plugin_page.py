"""Plugins that are disabled, the hooks of what is deleted, and what a plugin adds to Stash's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulators.plugin_config import PluginConfigError, load_plugin
from tests.simulators.stash import StashSimulator
from tests.simulators.stash_graphql import ResolverError
from tests.support.plugin_probe import ECHO, MANIFEST, Starter, starter

TRIGGERS = (
    "Scene.Create.Post",
    "Scene.Update.Post",
    *(f"{kind}.{event}.Post" for kind in ("Tag", "Performer", "Studio", "Group") for event in ("Update", "Destroy")),
    "Movie.Update.Post",
    "Movie.Destroy.Post",
)
HOOKS = "hooks:\n  - name: All\n    triggeredBy:\n" + "".join(f"      - {each}\n" for each in TRIGGERS)
UI = """
ui:
  javascript: [page.js, more.js]
  css: [page.css]
  requires: [Other]
  assets:
    /live: live
    /up: ..
  csp:
    script-src: ["https://example.org"]
"""
BASE = "name: Probe\nexec: [python3, '{pluginDir}/probe.py']\ninterface: raw\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with starter(tmp_path / "plugins") as run:
        yield run


def happened(stash: StashSimulator) -> list[tuple[str, Any, Any, Any]]:
    contexts = [run.args["hookContext"] for run in stash.runs]
    return [(each["type"], each["id"], each["input"], each.get("inputFields")) for each in contexts]


def get(stash: StashSimulator, path: str, **options: Any) -> requests.Response:
    return requests.get(stash.url + path, timeout=5, allow_redirects=False, **options)


# --- hooks


def test_each_deletion_runs_a_hook_with_the_id_alone(start: Starter) -> None:
    stash = start(ECHO, BASE + HOOKS)
    first, second = stash.tag_id("A"), stash.tag_id("B")
    stash.destroy_tags(first, second)
    stash.destroy_performers(stash.performer_id("P"))
    stash.destroy_studios(stash.studio_id("S"))
    both = [str(first), str(second)]
    assert happened(stash) == [
        ("Tag.Destroy.Post", first, both, None),
        ("Tag.Destroy.Post", second, both, None),
        ("Performer.Destroy.Post", 1, {"id": "1"}, None),
        ("Studio.Destroy.Post", 1, {"id": "1"}, None),
    ]


def test_a_group_runs_the_hooks_of_its_old_name_too(start: Starter) -> None:
    stash = start(ECHO, BASE + HOOKS)
    group = stash.group_id("G")
    stash.update_group(group, name="H")
    stash.destroy_groups(group)
    assert [(trigger, row_id, fields) for trigger, row_id, _input, fields in happened(stash)] == [
        ("Group.Update.Post", group, ["id", "name"]),
        ("Movie.Update.Post", group, ["id", "name"]),
        ("Group.Destroy.Post", group, None),
        ("Movie.Destroy.Post", group, None),
    ]


def test_what_a_program_creates_runs_the_hook_of_creation_alone(start: Starter) -> None:
    stash = start(ECHO, BASE + HOOKS)
    save = stash.create_scene(title="New")
    ((trigger, row_id, hook_input, fields),) = happened(stash)
    assert (trigger, row_id, hook_input["title"], fields) == ("Scene.Create.Post", save.ids[0], "New", ["title"])
    assert hook_input["details"] is None


def test_no_hook_runs_for_files_and_merged_performers(start: Starter) -> None:
    stash = start(ECHO, BASE + HOOKS)
    stash.assign_file(2, stash.scene(1).files[0].id)
    stash.merge_performers([stash.performer_id("A")], stash.performer_id("B"))
    assert (stash.runs, [save.name for save in stash.saves]) == ([], ["sceneAssignFile", "performerMerge"])


def test_each_hook_brings_a_fresh_cookie(start: Starter) -> None:
    stash = start(ECHO, MANIFEST, password=True)
    stash.save_scene(1, title="x")
    stash.expire_sessions()
    stash.save_scene(1, title="y")
    cookies = [run.output["server_connection"]["SessionCookie"]["Value"] for run in stash.runs]
    answers = [get(stash, "/", headers={"Cookie": f"session={cookie}"}).status_code for cookie in cookies]
    assert answers == [302, 200]


# --- a disabled plugin


def test_a_disabled_plugin_is_silent(start: Starter) -> None:
    stash = start(ECHO, MANIFEST + UI)
    mutation = "mutation ($map: BoolMap!) { setPluginsEnabled(enabledMap: $map) }"

    def switch(on: bool) -> Any:
        body = {"query": mutation, "variables": {"map": {"Probe": on}}}
        requests.post(stash.url + "/graphql", json=body, timeout=5).raise_for_status()
        reply = requests.post(stash.url + "/graphql", json={"query": "{ plugins { id enabled } }"}, timeout=5)
        return reply.json()["data"]["plugins"]

    assert switch(False) == [{"id": "Probe", "enabled": False}]
    stash.save_scene(1, title="x")
    assert stash.runs == []
    with pytest.raises(ResolverError, match="plugin Probe is disabled"):
        stash.run_operation("Probe")
    job = stash.run_task("Probe", "Work")
    assert job.ended.wait(10) and "disabled" in (job.error or "")
    assert [get(stash, f"/plugin/Probe/{path}").status_code for path in ("assets/live/a", "javascript", "css")] == [
        400
    ] * 3
    assert switch(True) == [{"id": "Probe", "enabled": True}]
    stash.save_scene(1, title="y")
    assert [run.kind for run in stash.runs] == ["hook"]


# --- what it adds to the page


@pytest.fixture
def page(start: Starter, tmp_path: Path) -> StashSimulator:
    stash = start(ECHO, MANIFEST + UI)
    folder = tmp_path / "plugins" / "Probe"
    (folder / "live").mkdir()
    for name, text in (("page.js", "one();"), ("more.js", "two();"), ("page.css", "a{}"), ("live/s.json", '{"n": 1}')):
        (folder / name).write_text(text, encoding="utf-8")
    (folder.parent / "secret.txt").write_text("outside", encoding="utf-8")
    return stash


def test_scripts_are_joined_and_stand_in_the_page(page: StashSimulator) -> None:
    script, style = get(page, "/plugin/Probe/javascript"), get(page, "/plugin/Probe/css")
    assert (script.text, script.headers["Content-Type"]) == ("one();\ntwo();", "text/javascript")
    assert (style.text, style.headers["Content-Type"]) == ("a{}", "text/css")
    html = get(page, "/plugins/probe").text
    assert '<base href="/">' in html and 'src="/plugin/Probe/javascript"' in html and 'href="/plugin/Probe/css"' in html
    query = "{ plugins { requires paths { javascript css } } }"
    reply = requests.post(page.url + "/graphql", json={"query": query}, timeout=5).json()
    paths = {"javascript": ["/plugin/Probe/javascript"], "css": ["/plugin/Probe/css"]}
    assert reply["data"]["plugins"] == [{"requires": ["Other"], "paths": paths}]


def test_an_asset_is_read_from_the_disk_each_time(page: StashSimulator, tmp_path: Path) -> None:
    address = "/plugin/Probe/assets/live/s.json"
    reply = get(page, address)
    assert (reply.json(), reply.headers["Content-Type"]) == ({"n": 1}, "application/json")
    assert "Date" in reply.headers and "Cache-Control" not in reply.headers
    (tmp_path / "plugins/Probe/live/s.json").write_text('{"n": 2}', encoding="utf-8")
    assert get(page, address).json() == {"n": 2}


@pytest.mark.parametrize(
    "path",
    [
        "/plugin/Probe/assets/live/missing.json",
        "/plugin/Probe/assets/live",
        "/plugin/Probe/assets/live/%2e%2e/Probe.yml",
        "/plugin/Probe/assets/up/secret.txt",
        "/plugin/Probe/assets/Probe.yml",
        "/plugin/Other/assets/live/s.json",
        "/plugin/Probe",
    ],
)
def test_nothing_else_is_served(page: StashSimulator, path: str) -> None:
    assert get(page, path).status_code == 404


def test_assets_need_the_login(page: StashSimulator) -> None:
    page.password = True
    for path in ("/plugin/Probe/assets/live/s.json", "/plugin/Probe/javascript"):
        assert get(page, path).status_code in (302, 401)
        assert get(page, path, headers={"Cookie": f"session={page.login()}"}).status_code == 200


@pytest.mark.parametrize(
    ("ui", "problem"),
    [
        ("ui:\n  scripts: [a.js]\n", "field scripts not found in type plugin.UIConfig"),
        ("ui:\n  javascript: a.js\n", "javascript: cannot unmarshal"),
        ("ui:\n  assets: [live]\n", "assets: cannot unmarshal"),
        ("ui:\n  csp:\n    img-src: [x]\n", "field img-src not found in type plugin.PluginCSP"),
    ],
)
def test_a_ui_that_stash_refuses(tmp_path: Path, ui: str, problem: str) -> None:
    path = tmp_path / "Probe.yml"
    path.write_text(BASE + ui, encoding="utf-8")
    with pytest.raises(PluginConfigError, match=problem):
        load_plugin(str(path))


def test_a_ui_that_stash_takes(tmp_path: Path) -> None:
    path = tmp_path / "Probe.yml"
    path.write_text(BASE + UI, encoding="utf-8")
    ui = load_plugin(str(path)).ui
    assert (ui.javascript, ui.css, ui.requires) == (("page.js", "more.js"), ("page.css",), ("Other",))
    assert ui.csp["script-src"] == ("https://example.org",)
    assert ui.asset_location("/live/x.json") == ("live", "/x.json")
    assert ui.asset_location("/x.json") is None
