"""One run of a `raw` plugin: a process, what goes into it and what comes out, as in Stash v0.30's plugin/raw.go."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

LINE_LIMIT_BYTES = 64 * 1024  # the buffer of Go's bufio.Scanner; a line and its end have to fit
STDERR_GRACE_SECONDS = 0.2  # for lines still in the pipe once the process has ended
LEVELS = {"t": "trace", "d": "debug", "i": "info", "w": "warning", "e": "error", "p": "progress"}
LEVEL_NAMES = frozenset(LEVELS.values()) | {"none"}
PREFIX_START, PREFIX_END, PREFIX_LENGTH = "\x01", "\x02", 3


@dataclass(frozen=True)
class PluginOutput:
    """What a run returned: any JSON value, and what went wrong."""

    output: Any = None
    error: str | None = None


def parse_output(text: str) -> PluginOutput:
    """Read what a plugin printed: {"output": any, "error": string or null}, or else the text itself.

    Like Go's JSON decoder, it takes the two keys in any mixture of cases and passes over others.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return PluginOutput(output=text)
    if document is None:
        return PluginOutput()
    if not isinstance(document, dict):
        return PluginOutput(output=text)
    fields = {key.lower(): value for key, value in document.items()}
    error = fields.get("error")
    if error is not None and not isinstance(error, str):
        return PluginOutput(output=text)
    return PluginOutput(fields.get("output"), error)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def parse_log_line(line: str, default_level: str) -> tuple[str, str]:
    """Split a line of stderr into its level and its message; without a valid prefix it is the plugin's default."""
    has_prefix = len(line) > PREFIX_LENGTH and line[0] == PREFIX_START and line[2] == PREFIX_END
    if not has_prefix or line[1] not in LEVELS:
        return default_level, line
    return LEVELS[line[1]], line[PREFIX_LENGTH:].strip()


class PluginProcess:
    """A plugin at work.

    Args:
        command: program and arguments.
        stdin: what the process gets to read, followed by the end of the stream.
        environment: the whole environment.
        folder: the working directory, None for the runner's own.
        on_line: called with every line of stderr, from another thread.

    Raises:
        OSError: where the program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        stdin: bytes,
        environment: Mapping[str, str],
        folder: str | None,
        on_line: Callable[[str], None],
    ) -> None:
        self.output: PluginOutput | None = None
        self._on_line = on_line
        self._over = threading.Event()
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd=folder,
        )
        self.pid = self._process.pid
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stderr_reader = _start(self._read_stderr, self._process.stderr)
        _start(self._write_stdin, self._process.stdin, stdin)
        _start(self._read_stdout, self._process.stdout)

    def wait(self) -> PluginOutput | None:
        """Wait until stdout is at its end, whoever holds it open, and the process has exited.

        Returns:
            What the run returned, or None if kill() came first.
        """
        self._over.wait()
        return self.output

    def drain_stderr(self) -> None:
        """Wait a moment for the last lines of stderr."""
        self._stderr_reader.join(STDERR_GRACE_SECONDS)

    def kill(self) -> None:
        """Kill this one process, without a signal before and without its children; wait() ends at once."""
        self._process.kill()
        self._over.set()
        self._process.wait()

    def _write_stdin(self, stream: IO[bytes], content: bytes) -> None:
        try:
            with stream:
                stream.write(content)
        except OSError:
            return  # the plugin did not want to read it

    def _read_stdout(self, stream: IO[bytes]) -> None:
        with stream:
            text = stream.read().decode("utf-8", "replace")
        output = parse_output(text)
        exit_code = self._process.wait()
        if exit_code and output.error is None:
            output = PluginOutput(output.output, exit_text(exit_code))
        if not self._over.is_set():
            self.output = output
            self._over.set()

    def _read_stderr(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(LINE_LIMIT_BYTES):
                if len(line) == LINE_LIMIT_BYTES and not line.endswith(b"\n"):
                    return  # too long: nothing more is read, and the pipe is closed
                text = line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
                if text:
                    self._on_line(text)


def exit_text(exit_code: int) -> str:
    """Say how a process ended, in the words of Go's os/exec."""
    if exit_code > 0:
        return f"exit status {exit_code}"
    return f"signal: {(signal.strsignal(-exit_code) or str(-exit_code)).lower()}"


def _start(function: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread
