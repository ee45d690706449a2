"""`heartwright huygens`: two pendulum clocks on one beam, tooth by tooth, and what becomes of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heartwright.cli import options
from heartwright.cli.console import OK, Refused, answers, compiling, print_json, under_way
from heartwright.cli.files import check_writable, write_text
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.works.huygens import Fate


def huygens(
    design: Annotated[str, typer.Argument(help="A design with a pendulum and a Graham escapement.")] = "graham",
    mass: Annotated[float, typer.Option("--mass", help="Of beam, clocks and bobs together [kg].")] = 200.0,
    stiffness: Annotated[
        float, typer.Option("--stiffness", help="Of the beam against the ground [N/m]; 0: a free cart.")
    ] = 0.0,
    damping: Annotated[float, typer.Option("--damping", help="Of the beam against the ground [N s/m].")] = 600.0,
    loses: Annotated[float, typer.Option("--loses", help="What the second clock loses on the first [s/d].")] = 20.0,
    phase_deg: Annotated[float, typer.Option("--phase-deg", help="How far the second is ahead at the start.")] = 90.0,
    seconds: Annotated[float, typer.Option("--seconds", help="How long to run.")] = 900.0,
    dirt: Annotated[bool, typer.Option("--dirt", help="With the dirt of life: torque and teeth that scatter.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same dirt.")] = 1,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write phase and swings to this SVG file.")] = None,
    json: options.AsJson = False,
) -> None:
    """Two clocks on one beam, as Huygens had them: opposed, together, no lock, or one stops the other.

    \b
      heartwright huygens
      heartwright huygens --mass 100 --stiffness 3948 --damping 6.3
      heartwright huygens --mass 33 --damping 3 --seconds 300 --plot death.svg
      heartwright huygens --mass 10000 --json

    Beside it stands what the reduced model foretells of the same design, with nothing fitted (docs/support.md).
    """
    bounded("--mass", mass, 0.01, 1e9, "200")
    bounded("--stiffness", stiffness, 0.0, 1e9, "3948")
    bounded("--damping", damping, 0.0, 1e9, "600")
    bounded("--loses", loses, -2000.0, 2000.0, "20")
    bounded("--phase-deg", phase_deg, -360.0, 360.0, "90")
    bounded("--seconds", seconds, 30.0, 86_400.0, "900")
    bounded("--seed", seed, 0, 2**53, "3")
    if plot is not None:
        check_writable(plot)
    fate, foretold = _run(
        design, (mass, stiffness, damping), loses, math.radians(phase_deg), seconds, dirt=dirt, seed=seed, quiet=json
    )
    if plot is not None:
        write_text(plot, drawn(fate, foretold))
    if json:
        print_json({"fate": told(fate), "reduced_model": told(foretold), "residual_share": fate.residual})
    else:
        console = answers()
        console.print(f"two clocks, {seconds:g} s: {fate}", markup=False)
        swings = " and ".join(f"{math.degrees(a):.2f}" for a in fate.amplitude[-1]) if len(fate.amplitude) else "-"
        console.print(f"  {'swings at the end':20} {swings} deg", markup=False)
        console.print(f"  {'the reduced model':20} {foretold}", markup=False)
        console.print(f"  {'books':20} {100 * fate.residual:.2g} % of the drive unexplained", markup=False)
        if plot is not None:
            console.print(f"  written: {plot}", markup=False)
    raise typer.Exit(OK)


def _run(
    name: str, cart: tuple[float, float, float], loses: float, phase: float, seconds: float, *, dirt: bool, seed: int,
    quiet: bool,
) -> tuple[Fate, Fate]:  # fmt: skip
    from heartwright.cli.chain import load
    from heartwright.works import huygens as two
    from heartwright.works.huygens_reduced import Swing

    plan = load(name)
    try:
        Swing.of(plan)
        other = two.slower(plan, loses)
        stand = two.Cart(*cart)
        with compiling("pair of clocks"), under_way(f"Running two clocks for {seconds:g} s", quiet=quiet) as share:
            fate = two.run(plan, stand, seconds=seconds, other=other, phase=phase, dirt=dirt, seed=seed, progress=share)
        return fate, two.foretold(plan, stand, seconds=seconds, other=other, phase=phase)
    except ValueError as error:
        raise Refused(str(error)) from None


def told(fate: Fate) -> dict[str, Any]:
    """A fate as plain data."""
    return {
        "regime": fate.regime,
        "lock_s": fate.lock_s if math.isfinite(fate.lock_s) else None,
        "phase_deg": math.degrees(fate.phase[-1]) % 360.0 if len(fate.phase) else None,
        "amplitude_deg": [math.degrees(a) for a in fate.amplitude[-1]] if len(fate.amplitude) else None,
        "alive": list(fate.alive),
    }


def drawn(fate: Fate, foretold: Fate) -> str:
    """Phase difference and both swings over time, the reduced model beneath in a pale line, as an SVG picture."""
    import numpy as np

    from heartwright.cli.report_svg import Plane, padded

    last = float(fate.time[-1]) if len(fate.time) else 1.0
    turns = [np.degrees(f.phase) for f in (fate, foretold)]
    swings = [np.degrees(f.amplitude) for f in (fate, foretold)]
    upper = Plane((0.0, last), padded([v for t in turns for v in (t.min(), t.max())], least=60.0), "Phase difference")
    upper.axes(x_unit=" s", y_unit=" deg")
    most = max(float(s.max()) for s in swings)
    lower = Plane((0.0, last), (0.0, 1.1 * most), "Swings")
    lower.axes(x_unit=" s", y_unit=" deg")
    for f, phase, swing, kind in ((foretold, turns[1], swings[1], "pale"), (fate, turns[0], swings[0], "own")):
        upper.line(f.time, phase, kind)
        for i, which in enumerate(("first", "second")):
            lower.line(f.time, swing[:, i], f"{kind} {which}")
    look = (
        "text{font:11px sans-serif;fill:#444}.title{font-size:13px}.grid{stroke:#ddd}.line{fill:none;stroke-width:1.6}"
        ".own{stroke:#2b6777}.own.second{stroke:#b5651d}.pale{stroke:#bbb;stroke-width:4}"
    )
    body = "".join(
        f'<g transform="translate(0 {y})"><text class="title" x="46" y="6">{title}</text>{"".join(plane.parts)}</g>'
        for y, plane, title in (
            (16, upper, "second less first (wide and pale: the reduced model)"), (256, lower, f"swings: {fate}"))
    )  # fmt: skip
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 490">'
    return f'{head}<style>{look}</style><rect width="640" height="490" fill="white"/>{body}</svg>\n'
