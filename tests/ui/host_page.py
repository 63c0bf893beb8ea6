"""The page that Stash serves at every address of its own, and the script and style that it is made of."""

from __future__ import annotations

import json

from tests.ui.canned import MANIFEST
from tests.ui.host_build import BUILT

HOST_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stash</title><base href="{root}">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}host/host.css"><link rel="stylesheet" href="{root}plugin/PlexSync/css">
</head><body><div id="root"></div><script>window.hostSettings = {settings}</script>
<script src="{root}host/host.js"></script></body></html>"""


def host_page(root: str) -> bytes:
    """The page of a Stash whose addresses begin with `root`, with PlexSync installed."""
    settings = [
        {"name": name, "display_name": entry["displayName"], "description": entry["description"]}
        for name, entry in MANIFEST["settings"].items()
    ]
    return HOST_PAGE.format(root=root, settings=json.dumps(settings).replace("<", "\\u003c")).encode()


def host_file(name: str) -> tuple[str, bytes]:
    """Content type and content of host.js or host.css."""
    return "text/css" if name.endswith("css") else "text/javascript", (BUILT / name).read_bytes()
