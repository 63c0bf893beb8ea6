"""The HTML page of a report: self-contained, readable on a phone, every text from outside escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from worker.base.words import counted, duration, in_number, queued
from worker.reconcile.page_parts import FILES_HEAD, FILTERS, ONLY_IN_PLEX, SCENES_HEAD, SCRIPT, STYLE
from worker.reconcile.page_rows import KINDS, SHOWN_ROWS, options, scene_rows, text, unknown_rows
from worker.reconcile.rows import MARKS, UNKNOWN, Row

TOTALS = (
    ("in_step", "in step"),
    ("differs", "differ"),
    ("not_in_plex", "not in Plex"),
    ("ambiguous", "ambiguous"),
    ("nothing_to_sync", "left alone"),
    ("undone", "undone"),
    ("gone", "deleted meanwhile"),
    ("failed", "not compared"),
)
SCOPES = {
    "all": "all scenes",
    "day": "scenes updated in the last 24 hours",
    "week": "scenes updated in the last 7 days",
    "outage": "scenes updated since the last outage began",
}


def page_parts(
    summary: Mapping[str, Any], rows: Iterable[Row], unknown: Iterable[Row], stash_url: str, json_name: str
) -> Iterator[str]:
    """The page, part by part. `summary` and the rows as docs/status.md describes the JSON report of `json_name`."""
    started = datetime.fromtimestamp(summary["started_at"]).strftime("%Y-%m-%d %H:%M")
    yield _head(f"PlexSync: compared with Plex, {started}")
    yield f"<header><h1>Stash compared with Plex</h1><p>{_introduction(summary, started)}</p></header>\n"
    yield _totals(summary)
    yield _bars(summary["fields"])
    only_in_plex = summary[UNKNOWN]
    if summary["row_count"] or only_in_plex:
        choices = "".join(options(summary, summary["fields"]))
        yield FILTERS.format(stash_url=text(stash_url), options=choices)
    if summary["row_count"]:
        yield f"<section><h2>Scene by scene</h2>{_note(summary['row_count'], 'row', json_name)}\n{SCENES_HEAD}"
        yield from scene_rows(rows, stash_url)
        yield "</tbody></table></section>\n"
    if only_in_plex:
        yield f"<section><h2>Only in Plex</h2>{ONLY_IN_PLEX}{_note(only_in_plex, 'file', json_name)}\n{FILES_HEAD}"
        yield from unknown_rows(islice(unknown, SHOWN_ROWS))
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
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body><main>\n"
    )


def _introduction(summary: Mapping[str, Any], started: str) -> str:
    seconds = max(0.0, summary["ended_at"] - summary["started_at"])
    is_sent = summary["kind"] == "reconcile"
    deed = queued(summary["differs"], summary["enqueued"]) if is_sent else "Nothing was changed"
    return (
        f"{started}, {text(SCOPES[summary['scope']])} in {duration(seconds)}. {deed}."
        " Posters and backgrounds are not compared; a sync compares them by their bytes."
    )


def _totals(summary: Mapping[str, Any]) -> str:
    tiles = [("scenes", in_number(summary["scenes"], "scene"), summary["scenes"])]
    tiles += [(name, words, summary[name]) for name, words in TOTALS if summary[name] or name in ("in_step", "differs")]
    tiles += [(name, KINDS[name], summary[name]) for name in MARKS if summary[name]]
    shown = "".join(_tile(name, words, count, _share(count, summary["scenes"])) for name, words, count in tiles)
    if summary[UNKNOWN] is not None:
        files = in_number(summary[UNKNOWN], "file")
        shown += _tile(UNKNOWN, KINDS[UNKNOWN], summary[UNKNOWN], f"<small>{files}</small>")
    return f'<dl class="totals">{shown}</dl>\n'


def _tile(name: str, words: str, count: int, below: str) -> str:
    colour = name if count else ""  # nothing is nothing to look at
    return f'<div class="{colour}"><dt>{words}</dt><dd>{count:,}{below}</dd></div>'


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
        f'<li><span>{text(name)}</span><div><div style="width: {count / most:.1%}"></div></div><b>{count:,}</b></li>'
        for name, count in ordered
    )
    return f'<section><h2>Scenes that differ, by field</h2><ul class="bars">{bars}</ul></section>\n'


def _note(count: int, noun: str, json_name: str) -> str:
    if count <= SHOWN_ROWS:
        return ""
    return (
        f'<p class="note">The first {SHOWN_ROWS:,} of {counted(count, noun)}. All of them are in {text(json_name)}.</p>'
    )
