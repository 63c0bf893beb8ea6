"""Runs plugins as Stash v0.30 does: hooks in series while the save waits, tasks as jobs, operations at once."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.plugin_config import Operation, PluginConfig, PluginConfigError, load_plugin
from tests.simulators.plugin_process import LEVEL_NAMES, PluginOutput, PluginProcess, parse_log_line
from tests.simulators.stash_jobs import Job, JobError
from tests.simulators.stash_sessions import Session, VisitedHooks

MAX_VISITS = 10  # plugin.maxCyclicLoopDepth: so often may a hook lead to itself


class CallerGoneError(Exception):
    """The one who asked is gone (a closed browser), and with them what was running for them."""

    def __init__(self) -> None:
        super().__init__("operation cancelled")


class Caller:
    """Who asked for something: a session, and the process that runs on their behalf."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.gone = False
        self._process: PluginProcess | None = None
        self._lock = threading.Lock()

    @property
    def is_waiting(self) -> bool:
        """Whether a process runs for this caller now."""
        return self._process is not None

    def leave(self) -> None:
        """Go away: what is running for this caller is killed, and nothing more is run."""
        with self._lock:
            self.gone = True
            if self._process is not None:
                self._process.kill()

    @contextmanager
    def waiting_for(self, process: PluginProcess) -> Iterator[None]:
        """Have a process killed if the caller leaves meanwhile."""
        with self._lock:
            self._process = process
            if self.gone:
                process.kill()
        try:
            yield
        finally:
            with self._lock:
                self._process = None


@dataclass(frozen=True)
class LogLine:
    """One line of Stash's log. `plugin` is the plugin's id, or empty for Stash's own lines; `at` in seconds."""

    level: str
    text: str
    plugin: str = ""
    at: float = field(default_factory=time.time, compare=False)


@dataclass(frozen=True)
class PluginRun:
    """One run that ended: `kind` is hook, task or operation, `name` the event or the task."""

    plugin: str
    kind: str
    name: str
    args: Mapping[str, Any]
    seconds: float
    output: Any
    error: str | None
    killed: bool


@dataclass
class _Request:
    """What to run."""

    plugin: PluginConfig
    operation: Operation | None
    kind: str
    name: str
    args: dict[str, Any]
    session: Session
    on_progress: Callable[[float], None] | None = None
    on_start: Callable[[PluginProcess], None] | None = None


@dataclass
class PluginRunner:
    """The plugins of one Stash and what they did.

    Attributes:
        plugins_dir: the plugins root; every yml below it is taken for a plugin, as in Stash.
        connection: makes the server_connection of a session, but for its PluginDir.
        python: replaces `python3` in a plugin's exec.
        environment: what plugins find in their environment beside that of this process.
        folder: the plugins' working directory, None for that of this process.
        logs, progress, runs: what has happened, oldest first; progress is as reported, before it is cut to 0..1.
    """

    plugins_dir: str | None
    connection: Callable[[Session], dict[str, Any]]
    python: str = sys.executable
    environment: dict[str, str] = field(default_factory=dict)
    folder: str | None = None
    plugins: tuple[PluginConfig, ...] = ()
    disabled: set[str] = field(default_factory=set)
    logs: list[LogLine] = field(default_factory=list)
    progress: list[float] = field(default_factory=list)
    runs: list[PluginRun] = field(default_factory=list)
    _processes: set[PluginProcess] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- loading

    def reload(self) -> None:
        """Load every yml below the plugins root; one that Stash refuses is an error in the log."""
        plugins: dict[str, PluginConfig] = {}
        for path in self._yml_files():
            try:
                plugin = load_plugin(path)
                if plugin.id.lower() in plugins:
                    raise PluginConfigError(f"plugin ID {plugin.id} already exists")
            except PluginConfigError as error:
                self.log("error", f"Error loading plugin {path}: {error}")
                continue
            plugins[plugin.id.lower()] = plugin
            for trigger in plugin.unknown_triggers():
                self.log("warning", f"{plugin.id}: no event is called {trigger}, so this hook never runs")
        self.plugins = tuple(plugins.values())

    def _yml_files(self) -> Iterator[str]:
        if self.plugins_dir is None:
            return
        for folder, folders, names in os.walk(self.plugins_dir, followlinks=True):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".yml"))

    def find(self, plugin_id: str) -> PluginConfig:
        """Return an enabled plugin; raises PluginConfigError where there is none."""
        if plugin_id in self.disabled:
            raise PluginConfigError(f"plugin {plugin_id} is disabled")
        plugin = next((plugin for plugin in self.plugins if plugin.id == plugin_id), None)
        if plugin is None:
            raise PluginConfigError(f"no plugin with ID {plugin_id}")
        return plugin

    # --- running

    def run_hooks(self, caller: Caller, row_id: int, trigger: str, hook_input: Any, fields: tuple[str, ...]) -> None:
        """Run every hook of an event, one after the other, and return when the last has ended.

        Raises:
            CallerGoneError: where the caller left; the hooks that had not run by then never do.
        """
        context: dict[str, Any] = {"id": row_id, "type": trigger, "input": hook_input}
        if fields:
            context["inputFields"] = list(fields)
        visited = caller.session.visited
        for plugin in self.plugins:
            if plugin.id in self.disabled or _visits(visited, plugin.id, trigger) >= MAX_VISITS:
                continue
            for hook in plugin.hooks_of(trigger):
                session = Session(caller.session.user, (*visited, (plugin.id, trigger)))
                request = _Request(plugin, hook, "hook", trigger, {**hook.default_args}, session)
                request.args["hookContext"] = context
                if not self._run_hook(caller, request):
                    return

    def _run_hook(self, caller: Caller, request: _Request) -> bool:
        """Run one hook and log what it returned; False where it could not be started, which ends the others too."""
        try:
            output = self._run_for(caller, request)
        except (OSError, PluginConfigError) as error:
            self.log("error", f"error executing post hooks: error running plugin: {error}")
            return False
        except CallerGoneError as error:
            self.log("error", f"error executing post hooks: {error}")
            raise
        if output.error is not None:
            self.log("error", f"{request.name} [{request.plugin.name}]: returned error: {output.error}")
        elif output.output is not None:
            self.log("debug", f"{request.name} [{request.plugin.name}]: returned: {output.output}")
        return True

    def run_operation(self, caller: Caller, plugin_id: str, args: Mapping[str, Any]) -> PluginOutput:
        """Run a plugin at once, outside the job queue.

        Raises:
            PluginConfigError: where there is no such plugin.
            CallerGoneError: where the caller left meanwhile.
        """
        plugin = self.find(plugin_id)
        return self._run_for(caller, _Request(plugin, None, "operation", "", {**args}, caller.session))

    def run_task(
        self, job: Job, session: Session, plugin_id: str, task_name: str | None, args: Mapping[str, Any]
    ) -> None:
        """Run a task as the work of a job.

        Raises:
            JobError: where the plugin or its task does not exist, or cannot be started.
        """
        try:
            plugin = self.find(plugin_id)
            task = None if task_name is None else plugin.task(task_name)
            if task is None and task_name is not None:
                raise PluginConfigError(f"no task with name {task_name} in plugin {plugin.name}")
        except PluginConfigError as error:
            raise JobError(f"Error creating plugin task: {error}") from error
        merged = {**(task.default_args if task else {}), **args}
        request = _Request(plugin, task, "task", task_name or "", merged, session, job.report)
        request.on_start = lambda process: job.stops.append(process.kill)
        try:
            output = self._run(request)
        except (OSError, PluginConfigError) as error:
            raise JobError(f"Error running plugin task: {error}") from error
        if output is not None and output.error is not None:
            self.log("error", f"Plugin returned error: {output.error}")
        elif output is not None and output.output is not None:
            self.log("debug", f"Plugin returned: {output.output}")

    def kill_all(self) -> None:
        """Kill every plugin process that is running."""
        with self._lock:
            processes = tuple(self._processes)
        for process in processes:
            process.kill()

    def pids(self) -> tuple[int, ...]:
        """Return the ids of the plugin processes that are running."""
        with self._lock:
            return tuple(process.pid for process in self._processes)

    # --- one run

    def _run_for(self, caller: Caller, request: _Request) -> PluginOutput:
        output = self._run(request, caller)
        if output is None:
            raise CallerGoneError
        return output

    def _run(self, request: _Request, caller: Caller | None = None) -> PluginOutput | None:
        if caller is not None and caller.gone:
            raise CallerGoneError
        started = time.monotonic()
        process = self._start(request)
        with self._lock:
            self._processes.add(process)
        if request.on_start is not None:
            request.on_start(process)
        with (caller or Caller(request.session)).waiting_for(process):
            output = process.wait()
        seconds = time.monotonic() - started
        process.drain_stderr()
        run = PluginRun(
            plugin=request.plugin.id,
            kind=request.kind,
            name=request.name,
            args=request.args,
            seconds=seconds,
            output=None if output is None else output.output,
            error=None if output is None else output.error,
            killed=output is None,
        )
        with self._lock:
            self._processes.discard(process)
            self.runs.append(run)
        return output

    def _start(self, request: _Request) -> PluginProcess:
        plugin = request.plugin
        if plugin.interface != "raw":
            raise PluginConfigError(f"the interface {plugin.interface} is not simulated")
        connection = {**self.connection(request.session), "PluginDir": plugin.folder}
        stdin = json.dumps({"server_connection": connection, "args": request.args}).encode()
        level = plugin.error_level if plugin.error_level in LEVEL_NAMES else "error"
        return PluginProcess(
            plugin.command_for(request.operation, self.python),
            stdin,
            self._environment_of(plugin),
            self.folder,
            lambda line: self._take_line(request, level, line),
        )

    def _environment_of(self, plugin: PluginConfig) -> dict[str, str]:
        """Python plugins find the plugins root behind what PYTHONPATH holds already (python.AppendPythonPath)."""
        environment = {**os.environ, **self.environment}
        if plugin.command[:1] in (("python",), ("python3",)):
            root = os.path.dirname(plugin.folder)
            present = environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = root if present is None else present + os.pathsep + root
        return environment

    def _take_line(self, request: _Request, default_level: str, line: str) -> None:
        level, text = parse_log_line(line, default_level)
        if level == "none":
            return
        if level != "progress":
            self.log(level, text, request.plugin.id)
            return
        try:
            progress = float(text)
        except ValueError:
            self.log("error", f"Error parsing progress value '{text}': invalid syntax")
            return
        with self._lock:
            self.progress.append(progress)
        if request.on_progress is not None:
            request.on_progress(progress)

    def log(self, level: str, text: str, plugin: str = "") -> None:
        """Add a line to Stash's log."""
        with self._lock:
            self.logs.append(LogLine(level, text, plugin))


def _visits(visited: VisitedHooks, plugin_id: str, trigger: str) -> int:
    return sum(1 for visit in visited if visit == (plugin_id, trigger))
