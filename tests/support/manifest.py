"""The least that makes a folder a plugin's: its entry, and a manifest that names a version."""

from __future__ import annotations

from pathlib import Path

from worker.handover.plugin_files import ENTRY, MANIFEST
from worker.version import VERSION


def write_manifest(plugin: Path, version: str) -> None:
    """Have the manifest in `plugin` name this version."""
    (plugin / MANIFEST).write_text(f"name: PlexSync\nversion: {version}\n", encoding="utf-8")


def make_plugin(folder: Path) -> Path:
    """Make it this version's; returns the folder."""
    (folder / ENTRY).touch()
    write_manifest(folder, VERSION)
    return folder
