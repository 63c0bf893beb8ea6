"""Why a worker ends."""

from __future__ import annotations

from enum import Enum


class Ended(Enum):
    """Why a worker ended; the value is for people."""

    IDLE = "no work left"
    STOPPED = "stopped"
    BLOCKED = "jobs wait, but cannot be sent now"
    STASH_AWAY = "Stash cannot be reached"
    LOGGED_OUT = "Stash wants a login"
    REPLACED = "the queue's file is another one now"
    FAILED = "an error that nobody foresaw"
    DISABLED = "the plugin is disabled in Stash; the jobs stay"
    REMOVED = "the plugin's files are gone; the jobs stay"
    UPDATED = "another version of the plugin is installed; the jobs stay"
    RELIEVED = "another drainer takes over, with a fresh session"
    DAMAGED = "packages that it needs are damaged; another drainer fetches them anew"
    SUPERSEDED = "another drainer works on the queue"


DISMISSED = frozenset({Ended.DISABLED, Ended.REMOVED, Ended.UPDATED, Ended.SUPERSEDED})
"""Reasons for which this process works on no job any more, whatever comes into the queue."""
