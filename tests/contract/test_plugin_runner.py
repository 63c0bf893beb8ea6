"""What the simulated Stash gives to plugins, and how it takes what they say.

The expected behaviour is that of Stash v0.30: pkg/plugin, and the mutations in internal/api.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.simulators.plugin_config import PluginConfigError, load_plugin
from tests.simulators.plugin_process import LINE_LIMIT_BYTES, PluginOutput, exit_text, parse_log_line, parse_output
from tests.simulators.stash import DEFAULT_HOST
from tests.simulators.stash_graphql import ResolverError
from tests.support.plugin_probe import ECHO, MANIFEST, Starter, levels, starter, write_plugin


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with starter(tmp_path / "plugins") as run:
        yield run


# --- the yml


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("author: me\n", "field author not found in type plugin.Config"),
        ("interface: magic\n", "invalid interface type magic"),
        ("settings:\n  a:\n    type: FLOAT\n", "invalid type FLOAT for setting a"),
        ("settings:\n  a:\n    default: 5\n", "field default not found in type plugin.SettingConfig"),
        ("tasks:\n  - name: A\n    icon: x\n", "field icon not found in type plugin.OperationConfig"),
        ("tasks:\n  - name: A\n    defaultArgs: [x]\n", "defaultArgs: cannot unmarshal"),
        ("hooks:\n  - name: A\n    triggers: [x]\n", "field triggers not found in type plugin.HookConfig"),
        ("exec: python3 x.py\n", "exec: cannot unmarshal"),
        ("name: A\nname: B\n", "key 'name' already set in map"),
        ("name: [\n", "yaml: "),
    ],
)
def test_a_yml_that_stash_refuses(tmp_path: Path, change: str, problem: str) -> None:
    path = tmp_path / "Probe.yml"
    path.write_text(change, encoding="utf-8")
    with pytest.raises(PluginConfigError) as refusal:
        load_plugin(str(path))
    assert problem in str(refusal.value)


def test_a_yml_that_stash_takes(start: Starter) -> None:
    stash = start(ECHO)
    query = "{ plugins { id name version enabled tasks { name } hooks { hooks } settings { name display_name type } } }"
    reply = requests.post(stash.url + "/graphql", json={"query": query}, timeout=5).json()
    assert reply["data"]["plugins"] == [
        {
            "id": "Probe",
            "name": "Probe",
            "version": "1.0",
            "enabled": True,
            "tasks": [{"name": "Work"}, {"name": "Plain"}],
            "hooks": [{"hooks": list(stash.plugins.plugins[0].hooks[0].triggered_by)}],
            "settings": [
                {"name": "paused", "display_name": "", "type": "BOOLEAN"},
                {"name": "url", "display_name": "Address", "type": "STRING"},
            ],
        }
    ]


def test_a_broken_plugin_is_left_out_and_named_in_the_log(start: Starter, tmp_path: Path) -> None:
    stash = start(ECHO)
    write_plugin(tmp_path / "plugins", ECHO, "nonsense: 1\n", "Broken")
    write_plugin(tmp_path / "plugins" / "again", ECHO, MANIFEST.replace("Tag.Merge.Post", "Tag.Merged"), "probe")
    stash.reload_plugins()
    assert [plugin.id for plugin in stash.plugins.plugins] == ["Probe"]
    errors = [line.text for line in stash.logs if line.level == "error"]
    assert any("Broken.yml: field nonsense not found" in text for text in errors)
    assert any("plugin ID probe already exists" in text for text in errors)


def test_an_event_that_stash_does_not_know_is_pointed_out(start: Starter) -> None:
    stash = start(ECHO, MANIFEST.replace("Tag.Merge.Post", "Tag.Merged.Post"))
    assert [line.text for line in stash.logs if line.level == "warning"] == [
        "Probe: no event is called Tag.Merged.Post, so this hook never runs"
    ]


# --- what a plugin gets


def test_what_a_hook_gets(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    stash = start(ECHO)
    stash.plugins.environment["EXTRA"] = "more"
    stash.save_scene(2, rating100=80, details=None)
    output = stash.runs[0].output
    folder = str(tmp_path / "plugins" / "Probe")
    connection = output["server_connection"]
    assert {key: connection[key] for key in ("Scheme", "Host", "Port", "PluginDir")} == {
        "Scheme": "http",
        "Host": DEFAULT_HOST,
        "Port": stash.port,
        "PluginDir": folder,
    }
    assert connection["SessionCookie"]["Name"] == "session"
    context = output["args"].pop("hookContext")
    assert output["args"] == {}
    assert (context["id"], context["type"]) == (2, "Scene.Update.Post")
    assert sorted(context["inputFields"]) == ["details", "id", "rating100"]
    sent = {"id": "2", "rating100": 80}
    assert {name: value for name, value in context["input"].items() if value is not None} == sent
    assert {"title", "performer_ids", "tag_ids", "studio_id", "date", "cover_image"} < set(context["input"])
    assert output["at_end"] is True
    assert output["cwd"] == os.getcwd()
    assert output["python"] == sys.executable
    assert output["argv"] == [f"{folder}/probe.py"]
    assert output["PYTHONPATH"] == str(tmp_path / "plugins")
    assert output["extra"] == "more"


def test_the_plugins_root_stands_behind_a_pythonpath_that_is_set(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "mine")
    stash = start(ECHO)
    assert stash.run_operation("Probe")["PYTHONPATH"] == "mine" + os.pathsep + str(tmp_path / "plugins")


def test_the_hooks_of_many_scenes_get_other_inputs(start: Starter) -> None:
    stash = start(ECHO)
    stash.save_scenes([{"id": 1, "title": "a"}, {"id": 3, "details": "b"}])
    contexts = [run.output["args"]["hookContext"] for run in stash.runs]
    assert [context["id"] for context in contexts] == [1, 3]
    assert [[each["id"] for each in context["input"]] for context in contexts] == [["1", "3"], ["1", "3"]]
    assert [sorted(context["inputFields"]) for context in contexts] == [["id", "title"], ["details", "id"]]
    stash.bulk_save([1, 2], tag_ids={"ids": [1], "mode": "SET"})
    contexts = [run.output["args"]["hookContext"] for run in stash.runs[2:]]
    assert [context["id"] for context in contexts] == [1, 2]
    assert contexts[0]["input"] == {"ids": ["1", "2"], "tag_ids": {"ids": ["1"], "mode": "SET"}}
    assert sorted(contexts[0]["inputFields"]) == ["ids", "tag_ids"]


def test_the_hooks_of_a_scan_say_nothing_of_what_changed(start: Starter) -> None:
    stash = start(ECHO)
    stash.scan_scene("/new.mp4")
    stash.rescan_scene(1, "/moved.mp4")
    contexts = [run.output["args"]["hookContext"] for run in stash.runs]
    assert contexts == [
        {"id": 4, "type": "Scene.Create.Post", "input": None},
        {"id": 1, "type": "Scene.Update.Post", "input": None},
    ]
    assert stash.scene(1).files[0].path == "/moved.mp4"


def test_other_events_run_hooks_too(start: Starter) -> None:
    stash = start(ECHO)
    stash.rename_tag(1, "T2")
    stash.rename_studio(stash.studio_id("S"), "S2")
    stash.rename_performer(stash.performer_id("P"), "P2")  # the plugin has no hook for it
    stash.merge_tags([stash.tag_id("U")], 1)
    stash.destroy_scene(3)
    events = [(run.name, run.output["args"]["hookContext"]["id"]) for run in stash.runs]
    assert events == [
        ("Tag.Update.Post", 1),
        ("Studio.Update.Post", 1),
        ("Tag.Merge.Post", 1),
        ("Scene.Destroy.Post", 3),
    ]
    assert stash.runs[3].output["args"]["hookContext"]["input"]["path"] == "/2.mp4"


def test_some_edits_run_no_hook(start: Starter) -> None:
    stash = start(ECHO)
    stash.save_without_hook(1, title="silent")
    assert stash.scene(1).title == "silent"
    assert stash.runs == []


def test_the_cookie_of_a_plugin_opens_a_stash_with_a_password(start: Starter) -> None:
    script = """
        import json, sys, urllib.request
        connection = json.load(sys.stdin)["server_connection"]
        request = urllib.request.Request(
            f"http://127.0.0.1:{connection['Port']}/graphql",
            json.dumps({"query": "{ findScene(id: 1) { title } }"}).encode(),
            {"Content-Type": "application/json", "Cookie": "session=" + connection["SessionCookie"]["Value"]},
        )
        print(json.dumps({"output": json.load(urllib.request.urlopen(request))["data"]}))
    """
    stash = start(script, password=True)
    assert stash.run_operation("Probe") == {"findScene": {"title": "Scene 0"}}
    stash.cookie_for_plugins = False
    assert stash.server_connection()["SessionCookie"] is None


def test_a_hook_that_saves_its_own_scene_ends_after_ten_rounds(start: Starter) -> None:
    script = """
        import json, sys, urllib.request
        connection = json.load(sys.stdin)["server_connection"]
        request = urllib.request.Request(
            f"http://127.0.0.1:{connection['Port']}/graphql",
            json.dumps({"query": "mutation { sceneUpdate(input: {id: 1, organized: true}) { id } }"}).encode(),
            {"Content-Type": "application/json", "Cookie": "session=" + connection["SessionCookie"]["Value"]},
        )
        urllib.request.urlopen(request).read()
    """
    stash = start(script)
    stash.save_scene(1, title="x")
    assert len(stash.runs) == 10


# --- what a plugin says


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ('{"output": {"a": 1}}', PluginOutput({"a": 1})),
        ('{"output": "ok", "error": null}\n', PluginOutput("ok")),
        ('{"Output": 1, "ERROR": "bad", "more": 2}', PluginOutput(1, "bad")),
        ("null", PluginOutput()),
        ("", PluginOutput("")),
        ("plain text\n", PluginOutput("plain text\n")),
        ('noise\n{"output": 1}', PluginOutput('noise\n{"output": 1}')),
        ('{"output": 1}{"output": 2}', PluginOutput('{"output": 1}{"output": 2}')),
        ("[1]", PluginOutput("[1]")),
        ('{"error": 5}', PluginOutput('{"error": 5}')),
        ('{"output": NaN}', PluginOutput('{"output": NaN}')),
    ],
)
def test_what_a_plugin_prints(printed: str, expected: PluginOutput) -> None:
    assert parse_output(printed) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\x01i\x02 hello ", ("info", "hello")),
        ("\x01t\x02a", ("trace", "a")),
        ("\x01d\x02a", ("debug", "a")),
        ("\x01w\x02a", ("warning", "a")),
        ("\x01e\x02a", ("error", "a")),
        ("\x01p\x020.5", ("progress", "0.5")),
        ("no prefix", ("error", "no prefix")),
        ("\x01x\x02a", ("error", "\x01x\x02a")),
        ("\x01i\x02", ("error", "\x01i\x02")),
    ],
)
def test_what_a_line_of_stderr_means(line: str, expected: tuple[str, str]) -> None:
    assert parse_log_line(line, "error") == expected


def test_how_a_process_ended_is_said_as_go_says_it() -> None:
    assert exit_text(3) == "exit status 3"
    if os.name == "posix":
        assert exit_text(-9) == "signal: killed"


def test_log_lines_come_in_their_levels(start: Starter) -> None:
    script = """
        import sys
        sys.stderr.reconfigure(newline="\\n")
        print("\\x01i\\x02one\\n\\ntwo\\r\\n\\x01d\\x02three", file=sys.stderr)
        print("\\x01p\\x02none of it", file=sys.stderr)
    """
    stash = start(script)
    stash.save_scene(1, title="x")
    assert levels(stash) == [("info", "one"), ("error", "two"), ("debug", "three")]
    assert "Error parsing progress value 'none of it': invalid syntax" in [line.text for line in stash.logs]


def test_the_default_level_is_the_plugins_choice(start: Starter) -> None:
    stash = start("import sys; print('plain', file=sys.stderr)", MANIFEST + "errLog: warning\n")
    stash.save_scene(1, title="x")
    assert levels(stash) == [("warning", "plain")]


def test_a_line_over_64_kib_ends_the_reading_of_stderr(start: Starter) -> None:
    script = f"""
        import json, sys
        sys.stderr.reconfigure(newline="\\n")
        print("\\x01i\\x02" + "a" * ({LINE_LIMIT_BYTES} - 4), file=sys.stderr, flush=True)
        text, broken = "b" * ({LINE_LIMIT_BYTES} - 3), False
        while not broken:
            try:
                print("\\x01i\\x02" + text, file=sys.stderr, flush=True)
            except OSError:
                broken = True
            text = "after"
        sys.stderr = None
        print(json.dumps({{"output": broken}}))
    """
    stash = start(script)
    assert stash.run_operation("Probe") is True
    assert [len(text) for _level, text in levels(stash)] == [LINE_LIMIT_BYTES - 4]


def test_an_exit_code_is_an_error_unless_the_plugin_said_another(start: Starter) -> None:
    script = """
        import json, sys
        if json.load(sys.stdin)["args"].get("say"):
            print(json.dumps({"error": "my own words"}))
        sys.exit(3)
    """
    stash = start(script)
    with pytest.raises(ResolverError, match="exit status 3"):
        stash.run_operation("Probe")
    with pytest.raises(ResolverError, match="my own words"):
        stash.run_operation("Probe", say=True)
    assert stash.save_scene(1, title="x").completed
    assert ("error", "Scene.Update.Post [Probe]: returned error: exit status 3") in [
        (line.level, line.text) for line in stash.logs
    ]


def test_a_program_that_does_not_exist_is_an_error_in_the_log(start: Starter) -> None:
    stash = start(ECHO, MANIFEST.replace("- python3", "- no-such-program"))
    assert stash.save_scene(1, title="x").completed
    assert any("error executing post hooks: error running plugin" in line.text for line in stash.logs)
