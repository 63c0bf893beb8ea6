"""What a simulated Stash serves beside GraphQL: pictures, its page, and what plugins add to that page."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import posixpath
import re
from dataclasses import dataclass
from email.utils import formatdate

from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import PLACEHOLDER_SVG
from tests.simulators.plugin_config import PluginConfig
from tests.simulators.plugin_runner import PluginRunner
from tests.simulators.stash_library import Library

SCREENSHOT = re.compile(r"/scene/(\d+)/screenshot")
IMAGE = re.compile(r"/(performer|studio|tag|group)/(\d+)/(?:image|frontimage)")
PLUGIN_FILE = re.compile(r"/plugin/([^/]+)/(?:assets(/.*)|(javascript|css))")
LOGIN_PAGE = Response(200, b"<!DOCTYPE html><title>Login</title>", "text/html")
NOT_FOUND = Response(404, b"Not Found\n")
DISABLED = Response(400, b"plugin disabled\n")
PICTURE_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}
# Go tells these by extension; Python's own table depends on the machine
FILE_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".html": "text/html"}


@dataclass(frozen=True)
class Files:
    """Answers GET requests that are no GraphQL; who asks is known to be allowed to."""

    library: Library
    plugins: PluginRunner

    def respond(self, request: Request) -> Response:
        """Return a picture, a plugin's file, the login or, for the address of any page, Stash's page."""
        if match := SCREENSHOT.fullmatch(request.path):
            scene = self.library.scenes.get(int(match[1]))
            return NOT_FOUND if scene is None else _picture(request, scene.cover)
        if match := IMAGE.fullmatch(request.path):
            row = self.library.table(match[1]).rows.get(int(match[2]))
            return NOT_FOUND if row is None else _picture(request, row.image)
        if match := PLUGIN_FILE.fullmatch(request.path):
            return self._plugin_file(match[1], match[2], match[3])
        if request.path.startswith("/login"):
            return LOGIN_PAGE
        is_page = extension(request.path) in ("", ".html") and not request.path.startswith("/plugin/")
        return self._page() if is_page else NOT_FOUND

    def _plugin_file(self, plugin_id: str, asset: str | None, kind: str | None) -> Response:
        plugin = next((each for each in self.plugins.plugins if each.id == plugin_id), None)
        if plugin is None:
            return NOT_FOUND
        if plugin_id in self.plugins.disabled:
            return DISABLED
        if asset is not None:
            return _asset(plugin, asset)
        names, content_type = (plugin.ui.javascript, ".js") if kind == "javascript" else (plugin.ui.css, ".css")
        return _joined(plugin, names, FILE_TYPES[content_type])

    def _page(self) -> Response:
        """Return the page, with the scripts and styles of the plugins as Stash's own page comes to load them."""
        enabled = [plugin for plugin in self.plugins.plugins if plugin.id not in self.plugins.disabled]
        styles = "".join(f'<link rel="stylesheet" href="/plugin/{each.id}/css">' for each in enabled if each.ui.css)
        scripts = "".join(
            f'<script src="/plugin/{each.id}/javascript"></script>' for each in enabled if each.ui.javascript
        )
        head = f'<!DOCTYPE html><html><head><base href="/"><title>Stash</title>{styles}</head>'
        return Response(200, f'{head}<body><div id="root"></div>{scripts}</body></html>'.encode(), "text/html")


def extension(path: str) -> str:
    """Return the extension of a path, with its dot."""
    return posixpath.splitext(path)[1]


def _picture(request: Request, stored: bytes | None) -> Response:
    picture = PLACEHOLDER_SVG if stored is None else stored
    headers = {"ETag": f'"{hashlib.md5(picture, usedforsecurity=False).hexdigest()}"'}
    headers["Cache-Control"] = "private, max-age=31536000, immutable" if "t" in request.query else "no-cache"
    if request.header("If-None-Match") == headers["ETag"]:
        return Response(304, headers=headers)
    kinds = (kind for magic, kind in PICTURE_TYPES.items() if picture.startswith(magic))
    return Response(200, picture, next(kinds, "image/svg+xml"), headers)


def _asset(plugin: PluginConfig, path: str) -> Response:
    """Return a file below the plugin's folder, read from the disk each time and without Cache-Control."""
    location = plugin.ui.asset_location(path)
    if location is None:
        return NOT_FOUND
    root = os.path.abspath(os.path.join(plugin.folder, location[0]))
    if root != plugin.folder and not root.startswith(plugin.folder + os.sep):
        return NOT_FOUND
    inside = posixpath.normpath("/" + location[1]).lstrip("/")
    file = os.path.join(root, *inside.split("/"))
    try:
        with open(file, "rb") as stream:
            body = stream.read()
            modified = formatdate(os.fstat(stream.fileno()).st_mtime, usegmt=True)
    except OSError:
        return NOT_FOUND
    guessed = FILE_TYPES.get(extension(file)) or mimetypes.guess_type(file)[0] or "application/octet-stream"
    return Response(200, body, guessed, {"Last-Modified": modified})


def _joined(plugin: PluginConfig, names: tuple[str, ...], content_type: str) -> Response:
    """Return several files as one, as Stash joins all scripts of a plugin."""
    parts = []
    for name in names:
        try:
            with open(os.path.join(plugin.folder, name), "rb") as stream:
                parts.append(stream.read())
        except OSError:
            return Response(500, b"cannot read the plugin's file\n")
    body = b"\n".join(parts)
    return Response(200, body, content_type, {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
