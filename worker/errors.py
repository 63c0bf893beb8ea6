"""What a person is told who started a task."""

from __future__ import annotations


class TaskError(Exception):
    """A task could not do its work; the text says why and what to do."""


class ArgumentError(Exception):
    """An argument is not what it must be; the text names it, its value and what is allowed."""
