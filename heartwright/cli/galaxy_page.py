"""The page of a galaxy: its figures, how it breathes, where its bodies stand. Self-contained, in the reports' style."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from heartwright.cli.galaxy import text
from heartwright.cli.report_parts import told
from heartwright.cli.report_svg import Plane, padded

if TYPE_CHECKING:
    from heartwright.work import Figure
    from heartwright.works.galaxy import Galaxy

_MOST_DOTS = 4_000
_BIG = {
    "pulse_period": ("Pulse", "s", 1.0, 2),
    "virial_ratio": ("Virial ratio", "", 1.0, 3),
    "half_mass_radius": ("Half-mass radius", "mm", 1e3, 1),
    "crossing_time": ("Crossing time", "s", 1.0, 2),
}
_ABOUT_BREATH = (
    "The radius that holds half the mass. A pulse is one swing out and in; in most galaxies it dies in a few."
)
_ABOUT_VIRIAL = "Twice the kinetic energy over the virial of gravity: 1 in balance; the wall's press adds a little."
_ABOUT_BODIES = "Each dot is a body, seen from the front, within the glass."


def page(orb: Galaxy) -> str:
    """The page as text."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    title = f"{orb.name} in an orb"
    figures, books, scale = orb.figures(), orb.ledger(), orb.scale
    record = orb.record()
    said = [*orb.notes, *([orb.advice] if orb.advice else [])]
    notes = f'<ul class="notes">{"".join(f"<li>{told(line)}</li>" for line in said)}</ul>' if said else ""
    method = (
        f"Gravity softened over {orb.softening * scale.metre * 1e3:.2g} mm, leapfrog of {orb.step_s * 1e3:.3g} ms. One "
        f"virial radius is {scale.metre * 1e3:.3g} mm, one Henon unit of time {scale.second:.3g} s; gravity inside is "
        f"{scale.gravity:.2g} times ours. Relaxation time {_plain(figures, 'relaxation_time')}; "
        f"{orb.n - orb.left} bodies let go; energy is accounted for to {abs(books.residual_j):.1e} J, "
        f"{abs(figures['energy_error'].value):.1e} of what it holds. Intervals are 95 %."
    )
    body = [
        f'<p class="maker">heartwright &middot; a galaxy</p><h1>{escape(title)}</h1>',
        f'<p class="facts">{_facts(orb)}</p><p class="lead">{told(_lead(figures))}</p>',
        f'<div class="figures">{"".join(_figure(figures, key) for key in _BIG)}</div>{notes}',
        _section("How it breathes", _ABOUT_BREATH, _line(record["time_s"], 1e3 * record["half_mass_radius_m"], " mm")),
        _section("The balance", _ABOUT_VIRIAL, _line(record["time_s"], record["virial_ratio"], "")),
        _section("The bodies", _ABOUT_BODIES, _bodies(orb)),
        _section("How it was found", "", f'<p class="small">{told(method)}</p>'),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f'<title>{escape(title)}</title><meta name="color-scheme" content="light dark"><style>{style}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{"".join(body)}</main></body></html>\n'


def _facts(orb: Galaxy) -> str:
    found = [datetime.now().astimezone().strftime("%-d %B %Y, %H:%M"), f"{orb.n:,} bodies", f"{orb.time:.0f} s"]
    return " &middot; ".join(escape(f) for f in [*found, f"seed {orb.seed}"])


def _lead(figures: dict[str, Figure]) -> str:
    """The page's one large sentence."""
    beat, ratio = figures.get("pulse_period"), figures.get("virial_ratio")
    if beat is not None:
        return f"It pulses once in {beat.value:.2g} s."
    if ratio is not None and ratio.low is not None and ratio.high is not None and ratio.low <= 1.0 <= ratio.high:
        return "It is in balance: no pulse stands out of the noise of its bodies."
    return "It is not in balance, and no pulse stands out of the noise of its bodies."


def _figure(figures: dict[str, Figure], key: str) -> str:
    name, unit, scale, digits = _BIG[key]
    found = figures.get(key)
    if found is None:
        none = '<div class="value none">not measurable</div><div class="span">not clear of the noise</div>'
        return f'<div class="figure"><div class="name">{name}</div>{none}</div>'
    value = told(f"{scale * found.value:.{digits}f}")
    span = ""
    if found.low is not None and found.high is not None:
        span = told(f"{scale * found.low:.{digits}f} to {scale * found.high:.{digits}f}")
    shown = f'<div class="value">{value}<small>{unit}</small></div><div class="span">{span}</div>'
    return f'<div class="figure"><div class="name">{name}</div>{shown}</div>'


def _plain(figures: dict[str, Figure], key: str) -> str:
    return text(figures[key]) if key in figures else "not defined"


def _section(title: str, about: str, body: str) -> str:
    said = f'<p class="about">{told(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{said}{body}</section>" if body else ""


def _line(time: np.ndarray, value: np.ndarray, unit: str) -> str:
    if len(time) < 3:
        return ""
    least = 0.1 * abs(float(np.median(value)))
    plane = Plane((0.0, float(time[-1])), padded(value.tolist(), least=least), "over time", height=200.0)
    plane.axes(x_unit=" s", y_unit=unit)
    plane.line(time, value, "mean")
    return plane.svg()


def _bodies(orb: Galaxy) -> str:
    """The bodies from the front, a dot each, the brightest above the rest."""
    places = orb.seen().reshape(-1, 3)
    shine = orb.brightness()
    left = np.flatnonzero(shine > 0.0)[:: 1 + orb.n // _MOST_DOTS]
    side = 560.0
    plane = Plane((-1.0, 1.0), (-1.0, 1.0), "the bodies in the glass", width=side, height=side, margin=(8, 8, 8, 8))
    plane.parts.append(f'<circle cx="{side / 2:g}" cy="{side / 2:g}" r="{side / 2 - 8:g}" fill="none" class="grid"/>')
    bright = shine[left] > np.median(shine[left]) if len(left) else np.zeros(0, bool)
    for some, kind in ((~bright, "tick-side faint"), (bright, "tock-side faint")):
        plane.dots(places[left[some], 0], places[left[some], 1], kind)
    return f'<div style="max-width:560px;margin:0 auto">{plane.svg()}</div>'
