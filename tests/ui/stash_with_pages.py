"""The simulated Stash with the host page in place of its own: the real plugin, driven by a real browser."""

from __future__ import annotations

from tests.simulators.http_server import Request, Response
from tests.simulators.stash import StashSimulator
from tests.simulators.stash_files import extension
from tests.simulators.stash_sessions import Session
from tests.ui.host_page import host_file, host_page


class StashWithPages(StashSimulator):
    """Each address that is a page of Stash shows the host page."""

    @property
    def address(self) -> str:
        """The address of its first page."""
        return f"{self.url}/"

    def _route(self, request: Request, session: Session) -> Response:
        if request.path.startswith("/host/"):
            kind, content = host_file(request.path.removeprefix("/host/"))
            return Response(200, content, kind)
        is_page = request.method == "GET" and not extension(request.path) and request.path != "/graphql"
        if is_page and not request.path.startswith(("/plugin/", "/scene/")):
            return Response(200, host_page("/"), "text/html; charset=utf-8")
        return super()._route(request, session)
