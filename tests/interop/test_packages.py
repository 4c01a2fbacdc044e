"""What npm brings: pinned by hash, from wherever the machine's npm looks, and never committed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
FOLDERS = re.findall(r"^NPM := (.+)$", MAKEFILE, re.MULTILINE)[0].split()


def lock(folder: str) -> Any:
    return json.loads((REPOSITORY / folder / "package-lock.json").read_bytes())


def test_this_folder_is_installed_by_make() -> None:
    assert Path(__file__).parent.relative_to(REPOSITORY).as_posix() in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
class TestLock:
    def test_every_package_has_a_hash_and_no_address(self, folder: str) -> None:
        packages = {name: values for name, values in lock(folder)["packages"].items() if name}
        assert packages
        for name, values in packages.items():
            assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", values["integrity"]), name
            assert "resolved" not in values, name

    def test_no_address_but_where_to_thank_an_author(self, folder: str) -> None:
        """Not the registry's, and not that of a package that comes from elsewhere."""
        for name, values in lock(folder)["packages"].items():
            assert "://" not in json.dumps({**values, "funding": None}), name

    def test_direct_dependencies_are_exact(self, folder: str) -> None:
        wanted = json.loads((REPOSITORY / folder / "package.json").read_bytes())
        asked = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}
        assert asked
        for name, version in asked.items():
            assert lock(folder)["packages"][f"node_modules/{name}"]["version"] == version

    def test_npm_is_told_to_leave_addresses_out_and_to_run_no_scripts(self, folder: str) -> None:
        told = (REPOSITORY / folder / ".npmrc").read_text(encoding="utf-8").splitlines()
        assert {"omit-lockfile-registry-resolved=true", "ignore-scripts=true", "engine-strict=true"} <= set(told)
        assert not [line for line in told if re.search(r"registry *=|_auth|://", line)]

    def test_what_is_installed_is_not_committed(self, folder: str) -> None:
        run = ["git", "check-ignore", "--quiet", f"{folder}/node_modules/x"]
        if (REPOSITORY / ".git").exists() and shutil.which("git"):
            assert subprocess.run(run, cwd=REPOSITORY, check=False).returncode == 0
