"""What a person may do to a galaxy in an orb."""

from __future__ import annotations

from typing import Final

from heartwright.work import Deed, Span

DEEDS: Final[tuple[Deed, ...]] = (
    Deed("pulse", "Pulse", "All velocities are made larger (or smaller) at once.", {"strength": Span(-0.5, 0.5, 0.1)}),
    Deed(
        "shake", "Shake", "A knock on the glass: the bodies are left behind.",
        {"speed": Span(-0.05, 0.05, 0.01, "m/s"), "angle": Span(-180.0, 180.0, 0.0, "deg")},
    ),
    Deed("stir", "Stir", "All is set turning about the upright axis.", {"turns": Span(-0.5, 0.5, 0.05, "1/s")}),
    Deed("gather", "Gather", "All bodies are put back as they were made."),
    Deed("let_go", "Open the glass", "Whatever comes to the glass goes through it and is gone."),
    Deed("reflect", "Close the glass", "Whatever comes to the glass bounces off it."),
)  # fmt: skip
