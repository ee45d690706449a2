"""The heart that the dream begins with, near the edge by declaration and by nothing that happens later.

Its design says the hairline; its wind is said here, since a design does not hold how far a spring is wound. Measured on
twins with their dirt (docs/dream.md has the table): a third wound, 4.5e-5 N m at the pump arbor, the train keeps up at
23 degrees in most minutes; some degrees colder, strokes come late in some runs and not in others.
"""

from __future__ import annotations

from typing import Final

from heartwright.design import Design
from heartwright.works.live import Live

NAME: Final = "heart-of-the-dream"
WOUND: Final = 0.35  # share of full wind


def heart(seed: int = 1, *, poses_hz: float = 240.0) -> Live:
    """The heart of the dream, going."""
    return Live(Design.load(NAME), seed=seed, wind=WOUND, poses_hz=poses_hz)
