"""Who waits for whom in the simulated Stash: saves for hooks, jobs for one another, nobody for operations.

The expected behaviour is that of Stash v0.30: pkg/plugin and pkg/job.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.plugin_probe import (
    ECHO,
    SAY_WHO_AND_SLEEP,
    WAIT_SECONDS,
    Starter,
    levels,
    starter,
    wait_until,
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with starter(tmp_path / "plugins") as run:
        yield run


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
