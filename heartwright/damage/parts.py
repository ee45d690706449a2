"""Other parts that a force can spoil: an escape tooth bent at its neck, the bellows' return spring off its hook."""

from __future__ import annotations

from heartwright.damage.material import SHAPE_FACTOR, SPRING_HOOK_N, STEEL, TOOTH_LENGTH, TOOTH_NECK, TOOTH_WIDTH, Metal
from heartwright.design import Design
from heartwright.edit import Edit


def tooth_stiffness(design: Design, metal: Metal = STEEL) -> float:
    """Stiffness of an escape tooth at its tip [N/m]: a cantilever."""
    r = design.escapement.wheel_radius
    return metal.young * TOOTH_WIDTH * r * (TOOTH_NECK * r) ** 3 / (4.0 * (TOOTH_LENGTH * r) ** 3)


def tooth_yield_n(design: Design, metal: Metal = STEEL) -> float:
    """Force on the tip at which an escape tooth is fully plastic at its neck [N]: beyond it, it bends."""
    r = design.escapement.wheel_radius
    return SHAPE_FACTOR * metal.yield_stress * TOOTH_WIDTH * r * (TOOTH_NECK * r) ** 2 / (6.0 * TOOTH_LENGTH * r)


def bent_tooth(design: Design, tooth: int, force: float, tool: float, metal: Metal = STEEL) -> tuple[Edit, ...]:
    """What stays of a force [N] that a tool of stiffness `tool` [N/m] would reach on an unyielding tooth's tip.

    The tooth yields at its own force; the travel that the tool then has left turns it about its neck. + is forward.
    """
    yields = tooth_yield_n(design, metal)
    if abs(force) <= yields:
        return ()
    left = (abs(force) - yields) / tool
    angle = left / design.escapement.wheel_radius * (1.0 if force > 0.0 else -1.0)
    held = design.escapement.bent_teeth.get(tooth, 0.0)
    return (Edit.of(design, f"escapement.bent_teeth.{tooth}", held + angle, reversible=False),)


def lost_spring(design: Design, force: float) -> tuple[Edit, ...]:
    """The return spring of the bellows comes off where a force [N] is more than its hook holds."""
    if design.pump is None or force <= SPRING_HOOK_N or design.pump.spring_force == 0.0:
        return ()
    return (
        Edit.of(design, "pump.spring_force", 0.0, reversible=False),
        Edit.of(design, "pump.spring_rate", 0.0, reversible=False),
    )
