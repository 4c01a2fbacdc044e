"""Offices to test on: the repository's own content and fictional lists, copied, with throw-away keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

REPOSITORY = Path(__file__).parent.parent

hypothesis.settings.register_profile(
    "noisy machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("noisy machine")


@dataclass(frozen=True)
class Demo:
    """A folder in which the demo has run, and what it printed."""

    root: Path
    printed: str


def copy_office(to: Path) -> Path:
    """Copy what an office has: content, templates and lists."""
    for folder in ("content", "templates", "lists"):
        shutil.copytree(REPOSITORY / folder, to / folder, ignore=shutil.ignore_patterns("*.cache"))
    return to


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run ``make demo``'s own program once, in a copy; tests that change the copy take ``demo_copy``."""
    root = copy_office(tmp_path_factory.mktemp("demo"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo", str(root)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Demo(root, done.stdout)


@pytest.fixture
def demo_copy(demo: Demo, tmp_path: Path) -> Path:
    """Return a copy of the folder in which the demo has run, to be changed at will."""
    shutil.copytree(demo.root, tmp_path / "office")
    return tmp_path / "office"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Return a copy of content, templates and lists, without keys."""
    return copy_office(tmp_path / "office")
