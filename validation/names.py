"""When two names, or two texts, are the same but for their form."""

from __future__ import annotations

import unicodedata


def name_key(name: str) -> str:
    """What two spellings of one name share: they differ in case, the form of an accent, or blanks at the ends at most.

    Not casefold: "ß" and "ss" are two names.
    """
    return unicodedata.normalize("NFC", name).strip().lower()


def is_file_name(title: str, path: str) -> bool:
    """Whether a title says no more than the name of the file at `path`, with or without its ending."""
    file_name = path.replace("\\", "/").rpartition("/")[2]
    stem = file_name.rpartition(".")[0] or file_name
    return name_key(title) in (name_key(file_name), name_key(stem))
