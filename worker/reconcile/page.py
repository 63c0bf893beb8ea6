"""The HTML page of a report: self-contained, readable on a phone, every text from outside escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from html import escape
from itertools import islice
from typing import Any

from worker.base.words import NOTHING, duration, queued, value_in_words
from worker.reconcile.page_parts import FILTERS, SCRIPT, STYLE, TABLE_HEAD

SHOWN_ROWS = 2_000
"""Rows on the page: a phone still sorts so many at once. The JSON report has them all."""
SHOWN_CHARACTERS = 300
"""Characters of a text that the page shows."""
LEAD_IN = 40
"""Characters before the first difference of two texts that are shown with it."""

TOTALS = (
    ("in_step", "in step"),
    ("differs", "differ"),
    ("not_in_plex", "not in Plex"),
    ("ambiguous", "ambiguous"),
    ("nothing_to_sync", "nothing to sync"),
    ("gone", "deleted meanwhile"),
    ("failed", "not compared"),
)
SCOPES = {
    "all": "all scenes",
    "day": "scenes updated in the last 24 hours",
    "week": "scenes updated in the last 7 days",
    "outage": "scenes updated since the last outage began",
}
_NOT_FOUND = {
    "not_in_plex": ("not in Plex", "Plex has no such file:", "goes to Plex once it has scanned the folder"),
    "ambiguous": ("ambiguous", "equally good matches in Plex:", "goes to Plex once path_map tells them apart"),
    "failed": ("not compared", "Plex failed:", "unknown"),
}
"""By verdict: what the columns of the field and of the two sides say."""


def page_parts(
    summary: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stash_url: str, json_name: str
) -> Iterator[str]:
    """The page, part by part. `summary` and `rows` as docs/status.md describes the JSON report of `json_name`."""
    started = datetime.fromtimestamp(summary["started_at"]).strftime("%Y-%m-%d %H:%M")
    yield _head(f"PlexSync: compared with Plex, {started}")
    yield f"<header><h1>Stash compared with Plex</h1><p>{_introduction(summary, started)}</p></header>\n"
    yield _totals(summary)
    yield _bars(summary["fields"])
    if summary["row_count"]:
        yield f"<section><h2>Scene by scene</h2>{_note(summary['row_count'], json_name)}\n"
        yield FILTERS.format(stash_url=_text(stash_url), options="".join(_options(summary)))
        yield TABLE_HEAD
        for row in islice(rows, SHOWN_ROWS):
            yield _row(row, stash_url)
        yield "</tbody></table></section>\n"
    yield f"</main><script>{SCRIPT}</script></body></html>\n"


def _head(title: str) -> str:
    # Whatever slipped through the escaping: no script but ours runs, and nothing is loaded from anywhere.
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head><body><main>\n"
    )


def _introduction(summary: Mapping[str, Any], started: str) -> str:
    seconds = max(0.0, summary["ended_at"] - summary["started_at"])
    is_sent = summary["kind"] == "reconcile"
    deed = queued(summary["differs"], summary["enqueued"]) if is_sent else "Nothing was changed"
    return (
        f"{started}, {duration(seconds)}: {_text(SCOPES[summary['scope']])}. {deed}."
        " Posters and backgrounds are not compared; a sync compares them by their bytes."
    )


def _totals(summary: Mapping[str, Any]) -> str:
    tiles = [("scenes", "scenes", summary["scenes"])]
    tiles += [(name, words, summary[name]) for name, words in TOTALS if summary[name] or name in ("in_step", "differs")]
    shown = "".join(
        f'<div class="{name}"><dt>{words}</dt><dd>{count:,}{_share(count, summary["scenes"])}</dd></div>'
        for name, words, count in tiles
    )
    return f'<dl class="totals">{shown}</dl>\n'


def _share(count: int, whole: int) -> str:
    if not count or count == whole:
        return "<small>&nbsp;</small>"
    return f"<small>{count / whole:.1%}</small>" if count / whole >= 0.001 else "<small>under 0.1%</small>"


def _bars(fields: Mapping[str, int]) -> str:
    if not fields:
        return '<p class="well">Every field that was compared is in step.</p>\n'
    most = max(fields.values())
    ordered = sorted(fields.items(), key=lambda entry: (-entry[1], entry[0]))
    bars = "".join(
        f'<li><span>{_text(name)}</span><div><div style="width: {count / most:.1%}"></div></div><b>{count:,}</b></li>'
        for name, count in ordered
    )
    return f'<section><h2>Scenes that differ, by field</h2><ul class="bars">{bars}</ul></section>\n'


def _note(rows: int, json_name: str) -> str:
    if rows <= SHOWN_ROWS:
        return ""
    return f'<p class="note">The first {SHOWN_ROWS:,} of {rows:,} rows. All of them are in {_text(json_name)}.</p>'


def _options(summary: Mapping[str, Any]) -> Iterator[str]:
    """The choices of what the table shows: fields, and why a scene was not found."""
    names = [*sorted(summary["fields"]), *(words[0] for name, words in _NOT_FOUND.items() if summary[name])]
    yield from (f'<option value="{_text(name)}">{_text(name)}</option>' for name in names)


def _row(row: Mapping[str, Any], stash_url: str) -> str:
    path = f"/scenes/{row['scene_id']}"
    kind, was, will_be = _cells(row)
    title = _text(row["title"]) or f"<i>{_text(row['path'])}</i>"
    return (
        f'<tr><td data-label="Scene"><a href="{_text(stash_url + path)}" data-path="{path}">{row["scene_id"]}</a></td>'
        f'<td data-label="Title">{title}</td><td data-label="Field">{_text(kind)}</td>'
        f'<td data-label="In Plex">{was}</td><td data-label="In Stash">{will_be}</td></tr>\n'
    )


def _cells(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """What differs, and how the two sides look, as HTML."""
    if row["verdict"] in _NOT_FOUND:
        kind, found, outlook = _NOT_FOUND[row["verdict"]]
        details = row["candidates"] or [row["reason"] or row["path"]]
        lines = "".join(f"<br><code>{_text(line)}</code>" for line in details)
        return kind, f"<i>{found}</i>{lines}", f"<i>{outlook}</i>"
    was, will_be = row["was"], row["will_be"]
    if isinstance(was, list) and isinstance(will_be, list):
        return row["field"], _names(was, set(will_be), "del"), _names(will_be, set(was), "ins")
    if isinstance(was, str) and isinstance(will_be, str):
        start = _first_shown(was, will_be)
        return row["field"], _excerpt(was, start), _excerpt(will_be, start)
    return row["field"], _number(was), _number(will_be)


def _names(names: list[str], others: set[str], mark: str) -> str:
    """Names of a list, those that the other side lacks marked."""
    shown = [_text(name) if name in others else f"<{mark}>{_text(name)}</{mark}>" for name in names]
    return ", ".join(shown) or _EMPTY


def _first_shown(one: str, other: str) -> int:
    """Where to begin two texts so that what differs is seen: at their start, unless they are long and begin alike."""
    if max(len(one), len(other)) <= SHOWN_CHARACTERS:
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    alike = next((position for position, (left, right) in pairs if left != right), min(len(one), len(other)))
    return max(0, alike - LEAD_IN) if alike > SHOWN_CHARACTERS / 2 else 0


def _excerpt(text: str, start: int) -> str:
    if not text:
        return _EMPTY
    end = start + SHOWN_CHARACTERS
    return ("…" if start else "") + _text(text[start:end]) + ("…" if len(text) > end else "")


def _number(value: float | None) -> str:
    return _EMPTY if value is None else value_in_words(value)


def _text(text: str) -> str:
    """Text as HTML, in content and in quoted attributes; half a surrogate pair, which no file can hold, as "?"."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True)


_EMPTY = f"<i>{NOTHING}</i>"
