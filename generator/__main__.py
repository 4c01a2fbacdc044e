"""``python -m generator`` is ``xinyi``."""

from generator.cli import main

main()
