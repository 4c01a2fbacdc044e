"""The files of templates/assets/ as they are: style sheet and icons."""

from __future__ import annotations

from pathlib import Path


def read_assets(templates: Path) -> dict[str, bytes]:
    """Return every file under assets/ by its path on the site."""
    root = templates / "assets"
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {f"assets/{path.relative_to(root).as_posix()}": path.read_bytes() for path in files}
