"""Texts without anything of a person's: of what a log or a result says, only PlexSync's own words and numbers stay.

Titles, names and paths come from Stash and Plex and can be anything. So it is not looked for what they are: what stands
in quotes, looks like a path or is a word that PlexSync's own code does not hold is left out.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

from worker.base.plugin_folder import PLUGIN_FOLDER

LEFT_OUT = "…"
_ROOMS = ("network", "plex", "stash", "storage", "sync_queue", "validation", "worker")

_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_QUOTED = re.compile(r'".*"|".*$')
_NUMBER = re.compile(r"v?\d[\d.,:%+-]*[smhx]?")
_PLAIN = re.compile(r"[A-Za-z]+(?:[-_'][A-Za-z]+)*")
_REPEATED = re.compile(rf"{LEFT_OUT}(?: {LEFT_OUT})+")
_PUNCTUATION = ".,:;!?()[]{}>…"
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: )(.*)", re.ASCII)
_FRAME = re.compile(r'\s*File ".*?([\w-]+\.py)", line (\d+), in ([\w<>]+)', re.ASCII)
_RAISED = re.compile(r"([\w.]+(?:Error|Exception|Interrupt|Exit))\b", re.ASCII)


def own_words(text: str) -> str:
    """The text with "…" for whatever is not PlexSync's own."""
    words = " ".join(_kept(word) for word in _QUOTED.sub(LEFT_OUT, text).split())
    return _REPEATED.sub(LEFT_OUT, words)


def own_lines(log: str) -> str:
    """The same of a log: with the time, level and module of each record, and where in the code an error was."""
    lines: list[str] = []
    for line in log.splitlines():
        record, frame, raised = _RECORD.match(line), _FRAME.match(line), _RAISED.match(line)
        if record:
            lines.append(record[1] + own_words(record[2]))
        elif frame:
            lines.append(f"  {frame[1]}, line {frame[2]}, in {frame[3]}")
        elif raised:
            lines.append(f"  {raised[1]}")
        elif lines and not lines[-1].endswith(LEFT_OUT):
            lines.append(LEFT_OUT)
    return "\n".join(lines) + "\n"


def own_values(value: Any) -> Any:
    """The same of all texts in a JSON value, those that are keys included."""
    if isinstance(value, dict):
        return {own_words(str(key)): own_values(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [own_values(each) for each in value]
    return own_words(value) if isinstance(value, str) else value


def _kept(token: str) -> str:
    core = token.strip(_PUNCTUATION)
    if not core or _NUMBER.fullmatch(core):
        return token
    is_own = _PLAIN.fullmatch(core) and all(part.lower() in _vocabulary() for part in _WORD.findall(core))
    return token if is_own else LEFT_OUT


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Every word in PlexSync's own code, and in what systems say of errors."""
    words: set[str] = set()
    for room in _ROOMS:
        for place, _, names in os.walk(os.path.join(PLUGIN_FOLDER, room)):
            for name in names:
                if name.endswith(".py"):
                    # A file that is being replaced, or gone with the plugin, has no words to add.
                    with suppress(OSError), open(os.path.join(place, name), encoding="utf-8") as file:
                        words |= set(_WORD.findall(file.read()))
    words |= set(_WORD.findall(" ".join(map(os.strerror, errno.errorcode))))
    return frozenset(word.lower() for word in words)
