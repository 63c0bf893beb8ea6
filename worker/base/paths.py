"""Scenes and paths as logs show them."""

from __future__ import annotations

import os


def scene_name(scene_id: int, title: str, path: str, obfuscate: bool) -> str:
    """What a log calls a scene: by its title, else its path, else its number alone."""
    name = title or (shown_path(path, obfuscate) if path else "")
    return f'Scene {scene_id} "{name}"' if name else f"Scene {scene_id}"


def shown_path(path: str, obfuscate: bool) -> str:
    """The path, or (`obfuscate_paths`) a short fingerprint with its extension: enough to tell two files apart."""
    if not obfuscate:
        return path
    import hashlib  # noqa: PLC0415 - it loads OpenSSL, and light operations come here

    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[path {digest[:10]}]{os.path.splitext(path)[1]}"


def file_title(path: str) -> str:
    """What Plex calls an item of its own accord: the name of its file, without the extension."""
    return os.path.splitext(path.replace("\\", "/").rpartition("/")[2])[0]
