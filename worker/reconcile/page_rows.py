"""The tables of a report's page: a row for each scene with all that differs, and one for each file only in Plex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from validation.fields import IMAGE_FIELDS
from worker.base.words import NOTHING, value_in_words
from worker.reconcile.rows import AGENT_MATCHED, LOCK_ONLY, REFUSED, UNKNOWN, Row

SHOWN_ROWS = 2_000
"""Differences, and files only in Plex, on the page: a phone still sorts so many. The JSON report has them all."""
SHOWN_CHARACTERS = 300
"""Characters of a text that the page shows."""
LEAD_IN = 40
"""Characters before the first difference of two texts that are shown with it."""

KINDS = {
    "not_in_plex": "not in Plex",
    "ambiguous": "ambiguous",
    "failed": "not compared",
    "undone": "undone",
    LOCK_ONLY: "not locked",
    REFUSED: "refused by Plex",
    AGENT_MATCHED: "matched by an agent",
    UNKNOWN: "only in Plex",
}
"""What the page calls a verdict, or a mark, by the key of the summary that counts it."""
_NOT_FOUND = {
    "not_in_plex": ("Plex has no such file:", "goes to Plex once it has scanned the folder"),
    "ambiguous": ("equally good matches in Plex:", "goes to Plex once path_map tells them apart"),
    "failed": ("Plex failed:", "unknown"),
    "undone": ("left alone:", "goes to Plex once it is edited in Stash, or synced by hand"),
}
"""By verdict: what the columns of the two sides say."""
_ENDS = re.compile(r"(?s)(.+[/\\])([^/\\]+[/\\][^/\\]*)")


def scene_rows(rows: Iterable[Row], stash_url: str) -> Iterator[str]:
    """A table row for each scene, until SHOWN_ROWS rows of the report are shown."""
    shown = 0
    for scene_id, lines in groupby(rows, key=lambda row: row["scene_id"]):
        if shown >= SHOWN_ROWS:
            return
        scene = list(lines)
        shown += len(scene)
        yield _scene_row(scene_id, scene, stash_url)


def _scene_row(scene_id: int, rows: Sequence[Row], stash_url: str) -> str:
    first, path = rows[0], f"/scenes/{scene_id}"
    guids = dict.fromkeys(row["guid"] for row in rows if row["guid"])
    several = len({row["rating_key"] for row in rows}) > 1
    changes = "".join(_change(row, several) for row in rows)
    return (
        f'<tr data-kinds="{text("|".join(_kinds(rows)))}">'
        f'<td data-label="Scene"><a href="{text(stash_url + path)}" data-path="{path}">{scene_id}</a></td>'
        f'<td data-label="Title">{text(first["title"])}{path_html(first["path"])}</td>'
        f"<td>{changes}{''.join(map(_matched, guids))}</td></tr>\n"
    )


def _kinds(rows: Sequence[Row]) -> list[str]:
    """By what the rows of a scene can be looked for: fields, verdict, marks."""
    kinds = [row["field"] or KINDS.get(row["verdict"], "") for row in rows]
    kinds += [KINDS[mark] for mark in (LOCK_ONLY, REFUSED) if any(row[mark] for row in rows)]
    kinds += [KINDS[AGENT_MATCHED]] if any(row["guid"] for row in rows) else []
    return list(dict.fromkeys(filter(None, kinds)))


def _change(row: Row, is_one_of_several: bool) -> str:
    """What differs, and how the two sides look; "" for a scene in step."""
    if row["verdict"] not in _NOT_FOUND and not row["field"]:
        return ""
    name = text(row["field"] or KINDS[row["verdict"]])
    marks = [KINDS[mark] for mark in (LOCK_ONLY, REFUSED) if row[mark]]
    marks += [f"item {row['rating_key']}"] if is_one_of_several else []
    was, will_be = _sides(row)
    return (
        f'<div class="change"><b>{name}{"".join(f"<small>{mark}</small>" for mark in marks)}</b>'
        f'<div data-label="In Plex">{was}</div><div data-label="In Stash">{will_be}</div></div>'
    )


def _sides(row: Row) -> tuple[str, str]:
    """How the two sides look, as HTML."""
    if row["verdict"] in _NOT_FOUND:
        found, outlook = _NOT_FOUND[row["verdict"]]
        # Rivals end alike: what tells them apart is how they begin.
        paths = "".join(f'<code class="path">{text(path)}</code>' for path in row["candidates"])
        details = paths or (text(row["reason"]) if row["reason"] else path_html(row["path"]))
        return f"<i>{found}</i> {details}", f"<i>{outlook}</i>"
    was, will_be = row["was"], row["will_be"]
    if row[LOCK_ONLY]:
        shown = "<i>the picture</i>" if row["field"] in IMAGE_FIELDS else _value(was)
        return shown, "<i>the same, but not locked: Plex's next refresh could replace it</i>"
    if row["field"] in IMAGE_FIELDS:
        return "<i>another picture</i>", "<i>the scene's cover</i>"
    if isinstance(was, list) and isinstance(will_be, list):
        return _names(was, set(will_be), "del"), _names(will_be, set(was), "ins")
    if isinstance(was, str) and isinstance(will_be, str):
        start = _first_shown(was, will_be)
        return _excerpt(was, start), _excerpt(will_be, start)
    return _value(was), _value(will_be)


def _matched(guid: str) -> str:
    return f'<div class="matched">An agent in Plex has matched it to a film: <code>{text(guid)}</code></div>'


def unknown_rows(rows: Iterable[Row]) -> Iterator[str]:
    """A table row for each file in Plex that belongs to no scene."""
    for row in rows:
        kinds = [KINDS[UNKNOWN], *([KINDS[AGENT_MATCHED]] if row["guid"] else [])]
        trash = "<div>It is in Plex's trash.</div>" if row["trashed"] else ""
        yield (
            f'<tr data-kinds="{"|".join(kinds)}"><td data-label="File">{path_html(row["path"])}</td>'
            f'<td data-label="Library">{text(row["library"])}</td>'
            f"<td>{trash}{_matched(row['guid']) if row['guid'] else ''}</td></tr>\n"
        )


def path_html(path: str) -> str:
    """A path by its end, the folder and the name of the file; all of it where the reader opens it."""
    found = _ENDS.fullmatch(path)
    if found is None:
        return f'<code class="path">{text(path)}</code>' if path else ""
    end = f"…{found[1][-1]}{found[2]}"
    return f'<details class="path"><summary>{text(end)}</summary><code>{text(path)}</code></details>'


def options(summary: Mapping[str, object], fields: Iterable[str]) -> Iterator[str]:
    """The choices of what the tables show."""
    names = [*sorted(fields), *(words for name, words in KINDS.items() if summary[name])]
    yield from (f'<option value="{text(name)}">{text(name)}</option>' for name in names)


def _names(names: list[str], others: set[str], mark: str) -> str:
    """Names of a list, those that the other side lacks marked."""
    shown = [text(name) if name in others else f"<{mark}>{text(name)}</{mark}>" for name in names]
    return ", ".join(shown) or _EMPTY


def _first_shown(one: str, other: str) -> int:
    """Where to begin two texts so that what differs is seen: at their start, unless they are long and begin alike."""
    if max(len(one), len(other)) <= SHOWN_CHARACTERS:
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    alike = next((position for position, (left, right) in pairs if left != right), min(len(one), len(other)))
    return max(0, alike - LEAD_IN) if alike > SHOWN_CHARACTERS / 2 else 0


def _excerpt(content: str, start: int) -> str:
    if not content:
        return _EMPTY
    end = start + SHOWN_CHARACTERS
    return ("…" if start else "") + text(content[start:end]) + ("…" if len(content) > end else "")


def _value(value: str | float | list[str] | None) -> str:
    """One side alone."""
    if isinstance(value, str):
        return _excerpt(value, 0)
    if isinstance(value, list):
        return _names(value, set(value), "ins")
    return _EMPTY if value is None else text(value_in_words(value))


def text(content: str) -> str:
    """Text as HTML, in content and in quoted attributes; half a surrogate pair, which no file can hold, as "?"."""
    return escape(content.encode("utf-8", "replace").decode("utf-8"), quote=True)


_EMPTY = f"<i>{NOTHING}</i>"
