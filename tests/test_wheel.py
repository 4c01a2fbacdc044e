"""The wheel alone is enough: built, installed into a fresh environment, and an office started with it. No network.

The environment sees the packages of this one, but neither this repository nor its editable install.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

BIN = "Scripts" if sys.platform == "win32" else "bin"
OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")
OPTIONS = ("--office", "某县信用办", "--area", "某县", "--domain", "xinyi.mouxian.gov.cn")


@dataclass(frozen=True)
class Installed:
    """A wheel and an environment in which it is installed."""

    wheel: Path
    environment: Path

    def python(self, *arguments: str, cwd: Path) -> str:
        """Run the environment's Python without any path of ours; return what it printed."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return run([self.environment / BIN / "python", *arguments], cwd, {**clean, "PYTHONIOENCODING": "utf-8"})

    def xinyi(self, *arguments: str, cwd: Path) -> str:
        """Run ``xinyi`` as installed."""
        return self.python(str(self.environment / BIN / "xinyi"), *arguments, cwd=cwd)


def run(command: list[str | Path], cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel with this environment's hatchling and install it into a new one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip"]
    run([*pip, "wheel", str(REPOSITORY), "--no-build-isolation", "--wheel-dir", folder, *OFFLINE], folder)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=sys.platform != "win32")
    run([*pip, "--python", environment, "install", str(wheel), *OFFLINE], folder)
    packages = sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})
    Path(packages, "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return Installed(wheel, environment)


def test_it_is_the_wheel_that_runs(installed: Installed, tmp_path: Path) -> None:
    where = installed.python("-c", "import generator; print(generator.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.environment)


def test_an_office_starts_checks_and_builds(installed: Installed, tmp_path: Path) -> None:
    office = tmp_path / "office"
    assert "已建好" in installed.xinyi("init", "office", *OPTIONS, cwd=tmp_path)
    assert "没有发现问题" in installed.xinyi("check", cwd=office)
    installed.xinyi("keys", "init", "--demo", cwd=office)
    installed.xinyi("build", cwd=office)
    home = (office / "build/site/index.html").read_text("utf-8")
    assert "某县信用办" in home
    assert (office / "build/site/assets/site.css").read_bytes() == (
        REPOSITORY / "templates/assets/site.css"
    ).read_bytes()
    assert not (office / "templates").exists()


def test_it_starts_the_office_that_the_repository_starts(installed: Installed, tmp_path: Path) -> None:
    installed.xinyi("init", "packed", *OPTIONS, "--with-templates", cwd=tmp_path)
    run([sys.executable, "-m", "generator", "init", str(tmp_path / "own"), *OPTIONS, "--with-templates"], REPOSITORY)
    packed, own = (
        {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "packed", tmp_path / "own")
    )
    assert packed == own


def test_no_list_key_or_example_is_in_it(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    within = [name.removeprefix("generator/starter/") for name in names if name.startswith("generator/starter/")]
    assert [name for name in within if name.startswith(("lists/", "keys/"))] == ["keys/README.md", "lists/README.md"]
    assert not [name for name in within if name.startswith(("content/notices", "content/cases", "content/merchants"))]
    assert {name.split("/")[0] for name in names} == {
        "generator",
        Path(installed.wheel).name.rsplit("-", 3)[0] + ".dist-info",
    }
