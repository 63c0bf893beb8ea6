"""What a push and a tag set off: the gate first, and no more rights than each job needs. actionlint checks the rest."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.world import PROJECT

FOLDER = PROJECT / ".github" / "workflows"


def workflow(name: str) -> dict[str, Any]:
    # A BaseLoader reads the key `on` as text; YAML 1.1 takes it for a boolean.
    document: dict[str, Any] = yaml.load((FOLDER / name).read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    return document


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_every_push_and_pull_request_goes_through_the_gate() -> None:
    gate = workflow("ci.yml")
    assert {"push", "pull_request", "workflow_call"} == gate["on"].keys()
    assert commands(gate["jobs"]["gate"]) == ["bash .ci/run"]


def test_only_a_tag_makes_a_release_and_nothing_is_built_before_the_gate() -> None:
    release = workflow("release.yml")
    assert release["on"] == {"push": {"tags": ["v*"]}}
    jobs = release["jobs"]
    assert jobs["gate"] == {"uses": "./.github/workflows/ci.yml"}
    assert [jobs[name]["needs"] for name in ("build", "attach", "publish")] == ["gate", "build", "attach"]
    assert "make dist" in commands(jobs["build"])


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_a_job_may_only_read_unless_it_publishes(name: str) -> None:
    document = workflow(name)
    assert document["permissions"] == {"contents": "read"}
    granted = {job: each["permissions"] for job, each in document["jobs"].items() if "permissions" in each}
    publishing = {"attach": {"contents": "write"}, "publish": {"pages": "write", "id-token": "write"}}
    assert granted == (publishing if name == "release.yml" else {})
