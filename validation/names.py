"""When two names, or two texts, are the same but for their form."""

from __future__ import annotations

import unicodedata


def name_key(name: str) -> str:
    """What two spellings of one name share: they differ in case, the form of an accent, or blanks at the ends at most.

    Not casefold: "ß" and "ss" are two names.
    """
    return unicodedata.normalize("NFC", name).strip().lower()


def is_file_name(title: str, path: str) -> bool:
    """Whether a title is the name of the file at `path`, with or without its ending, as the file itself spells it.

    In other capitals, with other accents or other blanks within, it is a title that somebody typed. Blanks around it
    show nowhere, and in which form a disk keeps an accent is nobody's doing.
    """
    title, path = (unicodedata.normalize("NFC", text) for text in (title, path))
    file_name = path.replace("\\", "/").rpartition("/")[2]
    stem = file_name.rpartition(".")[0] or file_name
    return not {title, title.strip()}.isdisjoint((file_name, stem))
