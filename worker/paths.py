"""Paths as logs show them."""

from __future__ import annotations

import hashlib
import os


def shown_path(path: str, obfuscate: bool) -> str:
    """The path, or (`obfuscate_paths`) a short fingerprint with its extension: enough to tell two files apart."""
    if not obfuscate:
        return path
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[path {digest[:10]}]{os.path.splitext(path)[1]}"
