"""A plugin that requires a package which is made here, and processes that need it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.world import PROJECT
from worker.data_folder import DataFolder
from worker.packages.requirements import packages_folder

NAME = "plexsync-example"
SCRIPT = """
import json, sys
from worker.data_folder import DataFolder
from worker.packages.dependencies import Dependencies, DependencyError
said = []
try:
    dependencies = Dependencies(DataFolder(sys.argv[1]), sys.argv[2], lambda level, text: said.append([level, text]))
    dependencies.wait_for() if "wait" in sys.argv else dependencies.ensure(insist="insist" in sys.argv)
    dependencies.remove_others()
    import plexsync_example
    result = {"version": plexsync_example.VERSION, "from": plexsync_example.__file__}
except DependencyError as error:
    result = {"error": str(error)}
print(json.dumps({**result, "said": said}))
"""


def make_wheel(folder: Path, version: str, first_line: str = "") -> None:
    """A package of one module, as pip would download it."""
    info = f"plexsync_example-{version}.dist-info"
    files = {
        "plexsync_example.py": f'{first_line}VERSION = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files) + f"{info}/RECORD,,\n"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"plexsync_example-{version}-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)


class NeedyPlugin:
    """A plugin folder that requires the example, a data folder, and where pip may look."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "plug in"
        self.folder.mkdir()
        self.data = DataFolder(str(tmp_path / "my data"))
        self.data.create()
        self.wheels = tmp_path / "wheels"
        self.wheels.mkdir()
        self.environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        self.require("1.2.0")

    @property
    def requirements(self) -> str:
        return str(self.folder / "requirements.txt")

    def require(self, version: str) -> None:
        Path(self.requirements).write_text(f"# a comment\n{NAME}=={version}\n", encoding="utf-8")

    @property
    def packages(self) -> str:
        """Where the packages belong."""
        return packages_folder(self.data.dependencies, self.requirements)

    def start(self, how: str = "insist") -> subprocess.Popen[str]:
        """Start a process that needs the packages; `how` is insist (as a task), ask, or wait (as a drainer)."""
        command = [sys.executable, "-c", SCRIPT, self.data.root, str(self.folder), how]
        return subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=subprocess.PIPE, text=True)

    def run_with(self, python: str) -> dict[str, Any]:
        """`run`, with another Python."""
        command = [python, "-c", SCRIPT, self.data.root, str(self.folder), "insist"]
        result = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=True)
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
