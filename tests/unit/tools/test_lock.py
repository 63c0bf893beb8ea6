"""What is pinned: everything, by version and hash, for every Python and system that docs/install.md promises."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pytest
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.world import PROJECT
from tools import lock
from worker.packages.requirements import read_pins

PYTHONS = [(3, minor) for minor in range(10, 15)]
PROCESSORS = ("x86_64", "aarch64", "armv7l")
SYSTEMS = {
    **{f"glibc {each}": [f"manylinux_2_{minor}_{each}" for minor in range(17, 29)] for each in PROCESSORS},
    **{f"musl {each}": [f"musllinux_1_{minor}_{each}" for minor in (1, 2)] for each in PROCESSORS},
    "macOS, Apple silicon": ["macosx_11_0_arm64", "macosx_11_0_universal2"],
    "macOS, Intel": [f"macosx_10_{minor}_{kind}" for minor in range(9, 17) for kind in ("x86_64", "universal2")],
    "Windows x64": ["win_amd64"],
    "Windows ARM": ["win_arm64"],
}
"""What a wheel's name says for each system (PEP 600, PEP 656): glibc 2.17 to 2.28, musl 1.1 and 1.2, macOS 11."""
NOT_PROMISED = {("Windows ARM", (3, 10))}
WITHOUT_PICTURES = {"glibc armv7l", "musl armv7l"}
"""Where poster_fit cannot be used: nobody makes wheels of Pillow for these."""
SETS = [lock.NEEDED, lock.PICTURES]


@pytest.fixture(scope="module", params=SETS, ids=lambda packages: packages.direct)
def packages(request: pytest.FixtureRequest) -> lock.PackageSet:
    found: lock.PackageSet = request.param
    return found


@pytest.fixture(scope="module")
def text(packages: lock.PackageSet) -> str:
    return (PROJECT / packages.lock).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheels(packages: lock.PackageSet) -> dict[str, str]:
    return wheels_of(packages)


def wheels_of(packages: lock.PackageSet) -> dict[str, str]:
    lines = (PROJECT / packages.wheels).read_text(encoding="utf-8").splitlines()
    return dict(line.split("  ") for line in lines)


def hashes_of(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Name, version and hashes of each package in the lock."""
    for name, version, rest in re.findall(r"^(\S+)==(\S+)((?: \\\n {4}--hash=\S+)*)$", text, re.MULTILINE):
        yield name, version, set(re.findall(r"sha256:([0-9a-f]{64})", rest))


def accepted(python: tuple[int, int], platforms: list[str]) -> set[Tag]:
    """The tags of wheels that this Python takes on this system."""
    interpreter = f"cp{python[0]}{python[1]}"
    return {*cpython_tags(python, platforms=platforms), *compatible_tags(python, interpreter, platforms)}


def fits(name: str, tags: Iterable[Tag]) -> bool:
    return not parse_wheel_filename(name)[3].isdisjoint(tags)


def test_everything_in_it_has_a_version_and_hashes(text: str) -> None:
    pinned = {name: hashes for name, _, hashes in hashes_of(text)}
    lines = [line for line in text.splitlines() if line and line[0] not in "# "]
    assert len(pinned) == len(lines)
    assert all(pinned.values())


def test_what_we_import_is_pinned_as_the_requirements_say(text: str, packages: lock.PackageSet) -> None:
    versions = {name: version for name, version, _ in hashes_of(text)}
    direct = {canonicalize_name(pin.name): pin.version for pin in read_pins(str(PROJECT / packages.direct))}
    assert direct.items() <= versions.items()


def test_no_index_has_its_address_in_it(text: str) -> None:
    assert "://" not in text
    assert "index" not in text


def test_every_hash_is_that_of_a_wheel_of_its_package(text: str, wheels: dict[str, str]) -> None:
    seen: set[str] = set()
    for name, version, hashes in hashes_of(text):
        for each in hashes:
            wheel_name, wheel_version, *_ = parse_wheel_filename(wheels[each])
            assert (wheel_name, str(wheel_version)) == (name, version)
        seen |= hashes
    assert seen == wheels.keys()


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: ".".join(map(str, python)))
@pytest.mark.parametrize("each", SETS, ids=lambda packages: packages.direct)
def test_every_package_has_a_wheel_for(each: lock.PackageSet, system: str, python: tuple[int, int]) -> None:
    tags = accepted(python, SYSTEMS[system])
    wheels, text = wheels_of(each), (PROJECT / each.lock).read_text(encoding="utf-8")
    missing = [name for name, _, hashes in hashes_of(text) if not any(fits(wheels[digest], tags) for digest in hashes)]
    if each is lock.PICTURES:
        assert missing == (["pillow"] if system in WITHOUT_PICTURES else [])
    else:
        assert missing == (["pydantic-core"] if (system, python) in NOT_PROMISED else [])


def test_the_documented_systems_are_those_that_are_looked_at() -> None:
    page = (PROJECT / "docs/install.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (Alpine|other Linux|macOS|Windows: \w+)[^|]*\| (.+) \|$", page, re.MULTILINE))
    assert rows.keys() == {"Alpine", "other Linux", "macOS", "Windows: x64", "Windows: ARM"}
    assert [row.startswith("no (pydantic-core)") for row in rows.values()] == [False] * 4 + [True]


def test_hashes_of_other_files_are_left_out() -> None:
    kept, other = "a" * 64, "b" * 64
    text = f"x==1 \\\n    --hash=sha256:{kept} \\\n    --hash=sha256:{other}\ny==2 \\\n    --hash=sha256:{kept}\n"
    assert lock.without_other_hashes(text, {kept}) == text.replace(f" \\\n    --hash=sha256:{other}", "")


@pytest.mark.network
def test_the_index_has_every_wheel_under_its_hash(wheels: dict[str, str], packages: lock.PackageSet) -> None:
    """It may have more by now."""
    listed = lock.wheels_of(PROJECT / packages.lock)
    by_package: dict[str, int] = defaultdict(int)
    for name in listed.values():
        by_package[parse_wheel_filename(name)[0]] += 1
    assert by_package
    assert wheels.items() <= listed.items()
