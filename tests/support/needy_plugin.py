"""A plugin that requires a package which is made here, and processes that need it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.world import PROJECT
from worker.data_folder import DataFolder
from worker.launcher import isolated
from worker.packages.requirements import packages_folder

NAME = "plexsync-example"
SCRIPT = """
import json, sys, time
sys.path.insert(0, sys.argv[3])
from worker.data_folder import DataFolder
from worker.packages.dependencies import Dependencies, DependencyError
said = []
try:
    dependencies = Dependencies(DataFolder(sys.argv[1]), sys.argv[2], lambda level, text: said.append([level, text]))
    how = sys.argv[4]
    dependencies.wait_for() if how == "wait" else dependencies.ensure(insist=how == "insist")
    dependencies.remove_others()
    if how == "look":
        print(json.dumps({"damage": dependencies.note_damage(time.time()), "said": said}))
        sys.exit()
    import plexsync_example
    result = {"version": plexsync_example.VERSION, "from": plexsync_example.__file__}
except DependencyError as error:
    result = {"error": str(error)}
print(json.dumps({**result, "said": said}))
"""


def wheel_of(version: str, first_line: str = "") -> bytes:
    """A package of one module; the same bytes each time, so that a lock can name their hash before there is a file."""
    info = f"plexsync_example-{version}.dist-info"
    files = {
        "plexsync_example.py": f'{first_line}VERSION = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _digest(content: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


def make_wheel(folder: Path, version: str, first_line: str = "") -> None:
    """The package as pip would download it."""
    folder.mkdir(exist_ok=True)
    (folder / f"plexsync_example-{version}-py3-none-any.whl").write_bytes(wheel_of(version, first_line))


class NeedyPlugin:
    """A plugin folder that requires the example, a data folder, where pip may look, and where processes stand."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "plug in"
        self.folder.mkdir()
        self.data = DataFolder(str(tmp_path / "my data"))
        self.data.create()
        self.wheels = tmp_path / "wheels"
        self.wheels.mkdir()
        self.working_folder = tmp_path
        self.environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        self.require("1.2.0")

    @property
    def requirements(self) -> str:
        return str(self.folder / "requirements.txt")

    @property
    def lock(self) -> str:
        return str(self.folder / "requirements.lock")

    def require(self, version: str, first_line: str = "") -> None:
        """Pin the example; `first_line` as for the wheel that is meant."""
        digest = hashlib.sha256(wheel_of(version, first_line)).hexdigest()
        Path(self.requirements).write_text(f"# a comment\n{NAME}=={version}\n", encoding="utf-8")
        Path(self.lock).write_text(f"# a comment\n{NAME}=={version} \\\n    --hash=sha256:{digest}\n", encoding="utf-8")

    @property
    def packages(self) -> str:
        """Where the packages belong."""
        return packages_folder(self.data.dependencies, self.lock)

    def start(self, how: str = "insist") -> subprocess.Popen[str]:
        """Start a process that needs the packages; `how` is insist (as a task), ask, or wait (as a drainer).

        With "look" it looks whether they are whole, as after a failure.
        """
        command = self._command(sys.executable, how)
        return subprocess.Popen(
            command, cwd=self.working_folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )

    def run_with(self, python: str) -> dict[str, Any]:
        """`run`, with another Python."""
        result = subprocess.run(
            self._command(python, "insist"),
            cwd=self.working_folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        report: dict[str, Any] = json.loads(result.stdout)
        return report

    def run(self, how: str = "insist") -> dict[str, Any]:
        """Let such a process end; what it reports."""
        process = self.start(how)
        output, _ = process.communicate()
        assert process.returncode == 0
        report: dict[str, Any] = json.loads(output)
        return report

    def whole(self) -> bool:
        """Whether the packages are there; fails where there is anything else."""
        folders = os.listdir(self.data.dependencies) if os.path.isdir(self.data.dependencies) else []
        assert folders in ([], [os.path.basename(self.packages)])
        return bool(folders)

    def _command(self, python: str, how: str) -> list[str]:
        return isolated(python, "-c", SCRIPT, self.data.root, str(self.folder), str(PROJECT), how)
