"""The shapes of docs/operations.md that the page's Setup reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tests.contract.operation_parts import Count, Moment, Reply, SceneId, Shape, Value


class Library(Shape):
    name: str
    type: str
    usable: bool
    items: Count | None
    folders: list[str]


class Libraries(Reply):
    server: str
    version: str
    is_owner: bool
    libraries: list[Library]


class LoginStart(Reply):
    id: int
    code: str
    url: Annotated[str, Field(pattern="^https?://")]
    expires_at: Moment


class Address(Shape):
    url: str
    is_local: bool
    is_relay: bool
    reachable: bool
    problem: str


class Server(Shape):
    name: str
    version: str
    addresses: list[Address]
    chosen: str | None
    token: str


class LoginCheck(Reply):
    state: Literal["waiting", "signed_in", "expired"]
    problem: str
    account: str
    servers: list[Server]


class Check(Shape):
    name: str
    ok: bool
    detail: str


class HealthCheck(BaseModel):
    ok: bool
    checks: list[Check]
    path_map: str


class WriteTest(BaseModel):
    ok: bool
    checks: list[Check]


class RoundTrip(Shape):
    scene_id: SceneId
    stash_path: str
    plex_path: str
    found: bool
    back: str


class TestPathMap(Reply):
    __test__ = False
    ok: bool
    problem: str
    tried: Count
    matched: Count
    rows: Annotated[list[RoundTrip], Field(max_length=20)]
    stash_folders: list[str]
    plex_folders: list[str]


class Setting(Shape):
    name: str
    title: str
    description: str
    type: Literal["text", "secret", "switch", "number", "choice", "fields"]
    default: Value | bool
    value: Value | bool
    is_set: bool
    allowed: str
    choices: list[str]
    minimum: float | None
    maximum: float | None
    problem: str


class Group(Shape):
    id: str
    settings: list[str]


class Settings(Reply):
    groups: list[Group]
    settings: list[Setting]
