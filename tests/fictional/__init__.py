"""The fictional lists of this repository: invented people and organisations, written as offices send them.

``python -m tests.fictional`` writes lists/ anew; the same seed gives the same bytes on every machine.
"""

from datetime import date

DEMO_DAY = date(2026, 11, 20)
"""The day the demonstration looks from: one batch recognised, one in its notice, one expired, one just nominated."""
