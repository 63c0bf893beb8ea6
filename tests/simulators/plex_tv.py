"""plex.tv, as far as signing in asks it (python-plexapi 4.18, myplex.py): pins, the account, its servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from tests.simulators.http_server import RecordingServer, Request, Response

PINS = "/api/v2/pins"
XML = {"Content-Type": "application/xml"}


@dataclass
class Pin:
    """A code; `token` is "" until a person has confirmed it."""

    id: int
    code: str
    client: str
    token: str = ""


@dataclass
class KnownServer:
    """A server of the account, or one that is shared with it. `addresses`: (uri, local, relay)."""

    name: str
    machine_identifier: str
    token: str
    addresses: list[tuple[str, bool, bool]] = field(default_factory=list)
    owned: bool = True
    version: str = "1.43.1.10611-1e34174b1"


class PlexTvSimulator(RecordingServer):
    """One account, `username`, whose devices sign in by a pin."""

    def __init__(self, username: str = "ann") -> None:
        super().__init__()
        self.username = username
        self.servers: list[KnownServer] = []
        self.pins: dict[int, Pin] = {}
        self.status = 0
        """A status that every request is answered with, 0 for none."""

    def confirm(self, pin_id: int, token: str) -> None:
        """Do as the person who types the code."""
        self.pins[pin_id].token = token

    def expire(self, pin_id: int) -> None:
        """Forget a pin, as plex.tv does when its time is over."""
        del self.pins[pin_id]

    def respond(self, request: Request) -> Response:
        if self.status:
            return Response(self.status)
        if request.path == PINS and request.method == "POST":
            return self._new_pin(request)
        if request.path.startswith(f"{PINS}/"):
            return self._pin(request)
        if request.header("X-Plex-Token") not in {pin.token for pin in self.pins.values() if pin.token}:
            return Response(401)
        if request.path == "/api/v2/user":
            text = f'<user username={quoteattr(self.username)} title={quoteattr(self.username)} id="1"/>'
            return Response(200, headers=XML, body=text.encode())
        if request.path == "/api/v2/resources":
            text = "".join(map(_resource, self.servers))
            return Response(200, headers=XML, body=f"<resources>{text}</resources>".encode())
        return Response(404)

    def _new_pin(self, request: Request) -> Response:
        client = request.header("X-Plex-Client-Identifier")
        if not client:
            return Response(400)
        pin = Pin(len(self.pins) + 1001, f"CODE{len(self.pins)}", client)
        self.pins[pin.id] = pin
        return Response(201, headers=XML, body=_shown(pin))

    def _pin(self, request: Request) -> Response:
        number = request.path.rpartition("/")[2]
        pin = self.pins.get(int(number)) if number.isdigit() else None
        # A code is its client's own: another one does not see it.
        if pin is None or pin.client != request.header("X-Plex-Client-Identifier"):
            return Response(404, headers=XML, body=b'<errors><error code="1020" message="Code not found"/></errors>')
        return Response(200, headers=XML, body=_shown(pin))


def _shown(pin: Pin) -> bytes:
    return f'<pin id="{pin.id}" code="{pin.code}" expiresIn="1800" authToken="{pin.token}"/>'.encode()


def _resource(server: KnownServer) -> str:
    connections = "".join(map(_connection, server.addresses))
    return (
        f'<resource name={quoteattr(server.name)} product="Plex Media Server" productVersion="{server.version}"'
        f' clientIdentifier="{server.machine_identifier}" provides="server" owned="{int(server.owned)}"'
        f' accessToken="{server.token}"><connections>{connections}</connections></resource>'
    )


def _connection(address: tuple[str, bool, bool]) -> str:
    uri, is_local, is_relay = address
    scheme, _, rest = uri.partition("://")
    host, _, port = rest.partition(":")
    return (
        f'<connection protocol="{scheme}" address="{host}" port="{port}" uri="{uri}" local="{int(is_local)}"'
        f' relay="{int(is_relay)}" IPv6="0"/>'
    )
