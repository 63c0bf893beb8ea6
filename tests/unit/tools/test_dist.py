"""The zip and the index: the same bytes wherever they are built, and what Stash's package manager reads."""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import re
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
import yaml

from tools import dist

MOMENT = datetime(2026, 3, 4, 5, 6, 8, tzinfo=timezone.utc)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The plugin's files elsewhere, with what differs from one checkout to the next."""
    copy = tmp_path / "clone"
    for name in dist.plugin_files(dist.PROJECT):
        file = copy / name
        file.parent.mkdir(parents=True, exist_ok=True)
        content = (dist.PROJECT / name).read_bytes()
        file.write_bytes(content if name.endswith(".png") else content.replace(b"\n", b"\r\n"))
        file.chmod(0o600)
    (copy / "worker" / "__pycache__").mkdir()
    (copy / "worker" / "__pycache__" / "hook.cpython-312.pyc").write_bytes(b"compiled")
    (copy / "worker" / "note.yml").write_text("not: a plugin", encoding="utf-8")
    (copy / "tests").mkdir()
    (copy / "tests" / "test_some.py").write_text("", encoding="utf-8")
    return copy


def names(package: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_another_checkout_gives_the_same_bytes(clone: Path) -> None:
    package = dist.build_zip(dist.PROJECT, MOMENT)
    assert dist.build_zip(clone, MOMENT) == package
    assert dist.index_entry(clone, MOMENT, package) == dist.index_entry(dist.PROJECT, MOMENT, package)


def test_the_zip_holds_the_plugin_at_its_root_and_nothing_else(clone: Path) -> None:
    found = names(dist.build_zip(clone, MOMENT))
    assert {"PlexSync.py", "PlexSync.yml", "requirements.lock", "README.md", "worker/hook.py"} <= set(found)
    assert [name for name in found if name.endswith((".yml", ".yaml"))] == ["PlexSync.yml"]
    assert not [name for name in found if "__pycache__" in name or name.startswith(("/", "tools", "tests"))]
    assert not [name for name in found if name.rpartition("/")[2].startswith("test_")]


def test_every_room_is_in_it() -> None:
    rooms = re.search(r"^root_packages = \[(.+)\]$", (dist.PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert rooms is not None
    # What builds the zip is no part of it.
    assert sorted(set(re.findall(r'"(\w+)"', rooms[1])) - {"tools"}) == sorted(dist.ROOMS)
    found = names(dist.build_zip(dist.PROJECT, MOMENT))
    assert {name.partition("/")[0] for name in found if "/" in name} == {*dist.ROOMS, dist.PAGE, dist.DOCS}


def test_every_link_in_its_texts_leads_to_a_file_of_it_as_it_is_here() -> None:
    with zipfile.ZipFile(io.BytesIO(dist.build_zip(dist.PROJECT, MOMENT))) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".md")}
        assert "docs/install.md" in texts
        for name, text in texts.items():
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
                content = archive.read(target)  # raises KeyError where it is not there
                assert not target.endswith(".png") or content == (dist.PROJECT / target).read_bytes()


def test_every_script_and_style_of_the_page_is_in_it_and_named(clone: Path) -> None:
    manifest = yaml.safe_load((dist.PROJECT / "PlexSync.yml").read_text(encoding="utf-8"))["ui"]
    found = {name for name in names(dist.build_zip(clone, MOMENT)) if name.startswith("ui/")}
    assert found == {*manifest["javascript"], *manifest["css"], "ui/setting_groups.json"}


def test_files_are_readable_and_dated_so_that_python_notices_a_new_version() -> None:
    with zipfile.ZipFile(io.BytesIO(dist.build_zip(dist.PROJECT, MOMENT))) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(2026, 3, 4, 5, 6, 8)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


def test_the_index_is_what_stash_reads() -> None:
    (entry,) = yaml.safe_load(dist.index_entry(dist.PROJECT, MOMENT, b"the zip"))
    manifest = yaml.safe_load((dist.PROJECT / "PlexSync.yml").read_text(encoding="utf-8"))
    assert entry == {
        "id": "PlexSync",
        "name": manifest["name"],
        "metadata": {"description": manifest["description"]},
        "version": manifest["version"],
        "date": "2026-03-04 05:06:08",
        "requires": [],
        "path": "PlexSync.zip",
        "sha256": hashlib.sha256(b"the zip").hexdigest(),
    }


def test_the_time_is_the_last_commits_or_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772600768")
    assert dist.moment_of(dist.PROJECT) == MOMENT
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    if os.path.exists(dist.PROJECT / ".git") and shutil.which("git"):
        assert dist.moment_of(dist.PROJECT) <= datetime.now(timezone.utc)


def test_what_is_wrong_with_the_time_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(dist.DistError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        dist.moment_of(dist.PROJECT)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    with pytest.raises(dist.DistError, match="set SOURCE_DATE_EPOCH"):
        dist.moment_of(tmp_path)


def test_make_dist_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772600768")
    assert dist.main(tmp_path / "dist") == 0
    (entry,) = yaml.safe_load((tmp_path / "dist" / "index.yml").read_text(encoding="utf-8"))
    package = (tmp_path / "dist" / entry["path"]).read_bytes()
    assert entry["sha256"] == hashlib.sha256(package).hexdigest()


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """The folder on a web server; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def resolved(index: str, path: str) -> str:
    """Where Stash v0.30 looks for a package: an address as it is, else beside the index (pkg/pkg, resolvePath)."""
    if urlsplit(path).scheme:
        return path
    parts = urlsplit(index)
    return urlunsplit(parts._replace(path=posixpath.join(posixpath.dirname(parts.path), path)))


def test_the_zip_is_found_from_the_index_where_pages_serves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project's pages are below its name, so a path from the server's root would lead nowhere."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772600768")
    assert dist.main(tmp_path / "repository") == 0
    with web_server(tmp_path) as address:
        index = f"{address}/repository/index.yml"
        (entry,) = yaml.safe_load(requests.get(index, timeout=10).content)
        package = requests.get(resolved(index, entry["path"]), timeout=10)
    assert package.ok
    assert hashlib.sha256(package.content).hexdigest() == entry["sha256"]
    assert "PlexSync.yml" in names(package.content)
