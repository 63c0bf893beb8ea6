"""How the simulated Stash runs plugins, shown with plugins that are thrown away afterwards.

The expected behaviour is that of Stash v0.30: pkg/plugin, pkg/job and the mutations in internal/api.
"""

from __future__ import annotations

import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.simulators.plugin_config import PluginConfigError, load_plugin
from tests.simulators.plugin_process import LINE_LIMIT_BYTES, PluginOutput, exit_text, parse_log_line, parse_output
from tests.simulators.stash import StashSimulator
from tests.simulators.stash_graphql import ResolverError

WAIT_SECONDS = 30  # the most that anything here may take; reached only where something is broken

MANIFEST = """
name: Probe
description: Shows what it gets
version: 1.0
exec:
  - python3
  - "{pluginDir}/probe.py"
interface: raw
hooks:
  - name: Scene hook
    triggeredBy:
      - Scene.Create.Post
      - Scene.Update.Post
      - Scene.Destroy.Post
      - Tag.Update.Post
      - Tag.Merge.Post
      - Studio.Update.Post
tasks:
  - name: Work
    description: Does it
    defaultArgs:
      mode: work
      count: 5
  - name: Plain
settings:
  url:
    displayName: Address
    type: STRING
  paused:
    type: BOOLEAN
"""
ECHO = """
import json, os, sys
given = json.load(sys.stdin)
at_end = sys.stdin.read() == ""
output = {**given, "at_end": at_end, "cwd": os.getcwd(), "python": sys.executable,
          "PYTHONPATH": os.environ.get("PYTHONPATH"), "argv": sys.argv, "extra": os.environ.get("EXTRA")}
print(json.dumps({"output": output}))
"""
SAY_WHO_AND_SLEEP = """
import json, sys, time
args = json.load(sys.stdin)["args"]
print("\\x01i\\x02started", args["hookContext"]["id"], file=sys.stderr, flush=True)
time.sleep(600)
"""

Starter = Callable[..., StashSimulator]


def write_plugin(root: Path, script: str, manifest: str = MANIFEST, plugin_id: str = "Probe") -> Path:
    folder = root / plugin_id
    folder.mkdir(parents=True)
    (folder / f"{plugin_id}.yml").write_text(manifest, encoding="utf-8")
    (folder / "probe.py").write_text(textwrap.dedent(script), encoding="utf-8")
    return folder


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Start a Stash with three scenes and one plugin of the given script."""
    started: list[StashSimulator] = []

    def run(script: str, manifest: str = MANIFEST, **options: Any) -> StashSimulator:
        write_plugin(tmp_path / "plugins", script, manifest)
        stash = StashSimulator(tmp_path / "plugins", **options)
        for number in range(3):
            stash.add_scene(f"/{number}.mp4", title=f"Scene {number}", tags=["T"])
        stash.start()
        started.append(stash)
        return stash

    yield run
    for stash in started:
        stash.stop()
        assert stash.errors == []


def levels(stash: StashSimulator) -> list[tuple[str, str]]:
    return [(line.level, line.text) for line in stash.logs if line.plugin]


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
        "Host": "0.0.0.0",
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
    assert output["argv"] == [os.path.join(folder, "probe.py")]
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
        print("\\x01i\\x02" + "a" * ({LINE_LIMIT_BYTES} - 4), file=sys.stderr, flush=True)
        print("\\x01i\\x02" + "b" * ({LINE_LIMIT_BYTES} - 3), file=sys.stderr, flush=True)
        broken = False
        for _ in range(1000):
            try:
                print("\\x01i\\x02after", file=sys.stderr, flush=True)
            except OSError:
                broken = True
                break
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


# --- who waits for whom


def test_a_save_waits_for_its_hooks_one_after_the_other(start: Starter, tmp_path: Path) -> None:
    script = """
        import json, os, sys, time
        context = json.load(sys.stdin)["args"]["hookContext"]
        journal = os.environ["JOURNAL"]
        for word in ("begin", "end"):
            with open(journal, "a") as stream:
                stream.write(f"{word} {context['id']}\\n")
            time.sleep(0.05)
    """
    stash = start(script)
    journal = tmp_path / "journal"
    stash.plugins.environment["JOURNAL"] = str(journal)
    save = stash.bulk_save([3, 1], title="x")
    assert journal.read_text().splitlines() == ["begin 3", "end 3", "begin 1", "end 1"]
    assert save.completed
    assert save.seconds >= sum(run.seconds for run in stash.runs) >= 0.2
    assert stash.saves == [save]


def test_the_mutation_waits_as_the_method_does(start: Starter) -> None:
    stash = start(ECHO)
    query = 'mutation { sceneUpdate(input: {id: 1, title: "x"}) { title } }'
    reply = requests.post(stash.url + "/graphql", json={"query": query}, timeout=WAIT_SECONDS).json()
    assert reply == {"data": {"sceneUpdate": {"title": "x"}}}
    assert len(stash.runs) == 1
    assert stash.saves[0].name == "sceneUpdate"


def test_a_child_that_holds_stdout_keeps_stash_waiting(start: Starter, tmp_path: Path) -> None:
    script = """
        import json, os, subprocess, sys
        child = "import os, sys, time\\nwhile not os.path.exists(os.environ['GATE']): time.sleep(0.01)"
        subprocess.Popen([sys.executable, "-c", child], stderr=subprocess.DEVNULL)
        print(json.dumps({"output": os.getpid()}), flush=True)
    """
    stash = start(script)
    gate = tmp_path / "gate"
    stash.plugins.environment["GATE"] = str(gate)
    saving = threading.Thread(target=stash.save_scene, args=(1,), kwargs={"title": "x"})
    saving.start()
    wait_until(stash.plugins.pids)
    plugin = psutil.Process(stash.plugins.pids()[0])
    wait_until(lambda: not plugin.is_running() or plugin.status() == psutil.STATUS_ZOMBIE)
    assert stash.runs == []  # it has exited, and still the save waits
    gate.touch()
    saving.join(WAIT_SECONDS)
    assert stash.runs[0].output == plugin.pid


def test_a_child_that_lets_go_of_stdout_keeps_nobody(start: Starter, tmp_path: Path) -> None:
    script = """
        import os, subprocess, sys
        child = "import os, time\\nwhile not os.path.exists(os.environ['GATE']): time.sleep(0.01)"
        quiet = subprocess.DEVNULL
        subprocess.Popen([sys.executable, "-c", child], stdin=quiet, stdout=quiet, stderr=quiet)
        print('{"output": "ok"}')
    """
    stash = start(script)
    gate = tmp_path / "gate"
    stash.plugins.environment["GATE"] = str(gate)
    try:
        stash.save_scene(1, title="x")
        assert stash.runs[0].output == "ok"
    finally:
        gate.touch()


def test_a_closed_browser_kills_the_hook_and_the_others_never_run(start: Starter) -> None:
    stash = start(SAY_WHO_AND_SLEEP)
    saves = []
    saving = threading.Thread(target=lambda: saves.append(stash.bulk_save([1, 2, 3], title="x")))
    saving.start()
    wait_until(lambda: ("info", "started 1") in levels(stash))
    plugin = psutil.Process(stash.plugins.pids()[0])
    assert stash.kill_running_hooks() == 1
    saving.join(WAIT_SECONDS)
    assert not saves[0].completed
    assert [stash.scene(number).title for number in (1, 2, 3)] == ["x", "x", "x"]
    assert [(run.killed, run.args["hookContext"]["id"]) for run in stash.runs] == [(True, 1)]
    assert not plugin.is_running()
    assert "error executing post hooks: operation cancelled" in [line.text for line in stash.logs]


# --- tasks and operations


def test_a_task_gets_its_default_arguments_as_text(start: Starter) -> None:
    stash = start(ECHO)
    for job in (stash.run_task("Probe", "Work", mode="other"), stash.run_task("Probe", "Plain")):
        assert job.ended.wait(WAIT_SECONDS)
        assert (job.status, job.error) == ("FINISHED", None)
    assert [run.output["args"] for run in stash.runs] == [{"mode": "other", "count": "5"}, {}]


def test_jobs_run_one_at_a_time_while_operations_run_at_once(start: Starter, tmp_path: Path) -> None:
    script = """
        import json, os, sys, time
        args = json.load(sys.stdin)["args"]
        while args.get("mode") == "work" and not os.path.exists(os.environ["GATE"]):
            time.sleep(0.01)
        print(json.dumps({"output": args.get("name")}))
    """
    stash = start(script)
    gate = tmp_path / "gate"
    stash.plugins.environment["GATE"] = str(gate)
    first, second = stash.run_task("Probe", "Work", name="first"), stash.run_task("Probe", "Work", name="second")
    wait_until(lambda: first.status == "RUNNING")
    assert stash.run_operation("Probe", name="operation") == "operation"
    query = {"query": "{ jobQueue { id status description } }"}
    reply = requests.post(stash.url + "/graphql", json=query, timeout=5).json()
    description = "Running plugin task: Work"
    assert reply["data"]["jobQueue"] == [
        {"id": "1", "status": "RUNNING", "description": description},
        {"id": "2", "status": "READY", "description": description},
    ]
    gate.touch()
    assert second.ended.wait(WAIT_SECONDS)
    assert [run.output for run in stash.runs] == ["operation", "first", "second"]


def test_progress_is_cut_to_what_stash_can_show(start: Starter) -> None:
    script = """
        import sys
        for value in ("0.25", "50", "-1", "0.75"):
            print(f"\\x01p\\x02{value}", file=sys.stderr, flush=True)
            sys.stdin.readline()
    """
    stash = start(script)
    job = stash.run_task("Probe", "Work")
    assert job.ended.wait(WAIT_SECONDS)
    assert stash.plugins.progress == [0.25, 50.0, -1.0, 0.75]
    assert job.progress == 0.75
    job.report(50.0)
    assert job.progress == 1.0


def test_a_stopped_job_is_killed_without_a_word(start: Starter, tmp_path: Path) -> None:
    script = """
        import os, signal, sys, time
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: open(os.environ["MARK"], "w").close())
        print("\\x01i\\x02ready", file=sys.stderr, flush=True)
        time.sleep(600)
    """
    stash = start(script)
    mark = tmp_path / "mark"
    stash.plugins.environment["MARK"] = str(mark)
    running, waiting = stash.run_task("Probe", "Work"), stash.run_task("Probe", "Work")
    wait_until(lambda: ("info", "ready") in levels(stash))
    plugin = psutil.Process(stash.plugins.pids()[0])
    for job in (waiting, running):
        query = f"mutation {{ stopJob(job_id: {job.id}) }}"
        assert requests.post(stash.url + "/graphql", json={"query": query}, timeout=5).json()["data"] == {
            "stopJob": True
        }
    assert running.ended.wait(WAIT_SECONDS)
    assert waiting.ended.wait(WAIT_SECONDS)
    assert (running.status, waiting.status) == ("CANCELLED", "CANCELLED")
    assert not plugin.is_running()
    assert not mark.exists()


def test_a_task_that_does_not_exist_fails_when_its_turn_comes(start: Starter) -> None:
    stash = start(ECHO)
    query = 'mutation { runPluginTask(plugin_id: "Probe", task_name: "Play", args_map: {a: 1}) }'
    reply = requests.post(stash.url + "/graphql", json={"query": query}, timeout=5).json()
    job = stash.jobs.find(int(reply["data"]["runPluginTask"]))
    assert job is not None
    assert job.ended.wait(WAIT_SECONDS)
    assert (job.status, job.error) == ("FAILED", "Error creating plugin task: no task with name Play in plugin Probe")


def test_an_operation_over_graphql(start: Starter) -> None:
    stash = start("import json, sys; print(json.dumps({'output': json.load(sys.stdin)['args']}))")
    query = 'mutation ($args: Map) { runPluginOperation(plugin_id: "Probe", args: $args) }'
    variables = {"args": {"mode": "status", "deep": {"a": [1, None]}}}
    body = {"query": query, "variables": variables}
    reply = requests.post(stash.url + "/graphql", json=body, timeout=WAIT_SECONDS).json()
    assert reply == {"data": {"runPluginOperation": variables["args"]}}
    wrong = {"query": 'mutation { runPluginOperation(plugin_id: "Other") }'}
    reply = requests.post(stash.url + "/graphql", json=wrong, timeout=5).json()
    assert reply["data"] == {"runPluginOperation": None}
    assert reply["errors"][0]["message"] == "no plugin with ID Other"


def test_a_stash_that_stops_leaves_no_plugin_process(start: Starter) -> None:
    stash = start(SAY_WHO_AND_SLEEP)
    saving = threading.Thread(target=stash.save_scene, args=(1,), kwargs={"title": "x"})
    saving.start()
    wait_until(lambda: ("info", "started 1") in levels(stash))
    plugin = psutil.Process(stash.plugins.pids()[0])
    stash.stop()
    saving.join(WAIT_SECONDS)
    assert not plugin.is_running()
