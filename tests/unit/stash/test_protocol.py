"""One object in, one out, and lines on stderr that Stash can read."""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stash.protocol import (
    LEVELS,
    LONGEST_LINE,
    ProtocolError,
    log,
    progress,
    read_request,
    reply,
    reply_error,
    use_utf8,
)

SECRET = "session-cookie-that-nobody-may-see"
CONNECTION = {"Scheme": "http", "Port": 9999, "SessionCookie": {"Value": SECRET}}
STASH_READS = 65_536
"""Bytes of one line of stderr at which Stash v0.30 stops reading."""


def request_from(message: Any) -> Any:
    return read_request(io.BytesIO(json.dumps(message).encode()))


# --- what comes in


def test_a_task() -> None:
    request = request_from({"server_connection": CONNECTION, "args": {"mode": "all", "dry_run": "true"}})
    assert (request.server_connection, request.mode, request.hook_context) == (CONNECTION, "all", None)
    assert request.args["dry_run"] == "true"


def test_a_hook() -> None:
    context = {"id": 7, "type": "Scene.Update.Post", "input": None, "inputFields": None}
    request = request_from({"server_connection": CONNECTION, "args": {"hookContext": context}})
    assert (request.hook_context, request.mode) == (context, "")


@pytest.mark.parametrize("args", [None, {}])
def test_no_arguments(args: Any) -> None:
    request = request_from({"server_connection": CONNECTION, "args": args})
    assert (request.args, request.mode, request.hook_context) == ({}, "", None)


@pytest.mark.parametrize("value", [None, 7, ["all"], {}])
def test_a_mode_or_hook_context_of_another_type_is_none(value: Any) -> None:
    request = request_from({"server_connection": CONNECTION, "args": {"mode": value, "hookContext": [value]}})
    assert (request.mode, request.hook_context) == ("", None)


BROKEN = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b"\xff\xfe{}",
    b'{"server_connection": null, "args": {}}',
    b'{"server_connection": [], "args": {}}',
    b'{"server_connection": {}, "args": []}',
    b'{"server_connection": {}, "args": "mode"}',
    b"[" * 200_000,
    b'{"server_connection": {}, "args": {"x": ' + b"9" * 5000 + b"}}",
]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: content[:45].decode("latin-1"))
def test_broken_input_is_named_and_says_what_to_do(content: bytes) -> None:
    with pytest.raises(ProtocolError, match="PlexSync is started by Stash, not by hand"):
        read_request(io.BytesIO(content))


def test_nothing_of_the_input_is_repeated() -> None:
    for content in (json.dumps(CONNECTION)[:-1], json.dumps([CONNECTION]), json.dumps({"args": CONNECTION})):
        with pytest.raises(ProtocolError) as caught:
            read_request(io.BytesIO(content.encode()))
        assert SECRET not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_protocol_error(content: bytes) -> None:
    try:
        request = read_request(io.BytesIO(content))
    except ProtocolError:
        return
    assert isinstance(request.server_connection, dict)


# --- what goes out


@pytest.mark.parametrize("output", ["ok", {"done": 3, "text": "ä\n\x01"}, [1, None], None, True])
def test_a_reply_is_one_json_object_on_stdout(output: Any, capsys: pytest.CaptureFixture[str]) -> None:
    reply(output)
    out, err = capsys.readouterr()
    assert json.loads(out) == {"output": output}
    assert out.count("\n") == 1
    assert err == ""


def test_an_error_reply(capsys: pytest.CaptureFixture[str]) -> None:
    reply_error('plex_url is "x": say where')
    assert json.loads(capsys.readouterr().out) == {"error": 'plex_url is "x": say where'}


@pytest.mark.parametrize(("level", "character"), LEVELS.items())
def test_a_log_line(level: str, character: str, capsys: pytest.CaptureFixture[str]) -> None:
    log(level, "A message")
    assert capsys.readouterr() == ("", f"\x01{character}\x02A message\n")


def test_each_line_of_a_message_is_a_line_of_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    log("error", "one\ntwo\r\n\nthree\u2028four\x85five")
    lines = capsys.readouterr().err.split("\n")
    assert lines == [*(f"\x01e\x02{text}" for text in ("one", "two", "", "three", "four", "five")), ""]


@pytest.mark.parametrize("text", ["x", "ä", "\U0001f600", "\udcff", "\x00"])
def test_no_line_is_longer_than_stash_reads(text: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stderr = sys.stderr
    sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        log("info", text * 100_000)
        written = sys.stderr.buffer.getvalue()
    finally:
        sys.stderr = stderr
    assert LONGEST_LINE <= len(written) < STASH_READS


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [(0.0, "0.0000"), (0.25, "0.2500"), (1.0, "1.0000"), (7.0, "1.0000"), (-1.0, "0.0000"), (1e-9, "0.0000")],
)
def test_progress_is_from_0_to_1_on_stderr(fraction: float, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    progress(fraction)
    assert capsys.readouterr() == ("", f"\x01p\x02{shown}\n")


@given(st.floats())
def test_any_progress_is_a_number_from_0_to_1(fraction: float) -> None:
    stderr, sys.stderr = sys.stderr, io.StringIO()
    try:
        progress(fraction)
        written = sys.stderr.getvalue()
    finally:
        sys.stderr = stderr
    value = float(written.removeprefix("\x01p\x02"))
    assert 0.0 <= value <= 1.0
    assert not math.isnan(value)


def test_text_is_utf8_whatever_the_locale_is(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\r\n") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    use_utf8()
    reply({"title": "ä"})
    log("info", "ä → \udcff")
    assert out.buffer.getvalue().endswith(b"}\n")
    assert b"\r" not in out.buffer.getvalue()
    assert err.buffer.getvalue() == "\x01i\x02ä → \\udcff\n".encode()
