"""What comes with the program: templates, and what an office's folder starts from.

A wheel carries copies under generator/starter/ (pyproject.toml says of what); a working copy has them at its root.
"""

from __future__ import annotations

from pathlib import Path

STARTER = Path(__file__).parent.parent / "starter"
_REPOSITORY = STARTER.parent.parent
TEMPLATES = "templates"


def shipped(name: str) -> Path:
    """Return the file or folder of that name that came with the program."""
    packed = STARTER / name
    return packed if packed.exists() else _REPOSITORY / name


def templates_of(root: Path) -> Path:
    """Return the office's own templates if it has any, else those of the program."""
    own = root / TEMPLATES
    return own if own.is_dir() else shipped(TEMPLATES)
