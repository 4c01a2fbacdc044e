"""``python -m tests.letters`` writes the golden texts again; read the difference as carefully as code."""

from __future__ import annotations

from generator.letters.letter import lines
from tests.letters.samples import SAMPLES
from tests.letters.test_letters import GOLDEN

for name, letter in SAMPLES.items():
    (GOLDEN / f"{name}.txt").write_text("\n".join(lines(letter)) + "\n", encoding="utf-8")
