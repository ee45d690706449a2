"""The page of a web: its figures, where its threads hang and what moves now, its modes, its sound, its energy."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from heartwright.cli.report_parts import told
from heartwright.cli.report_svg import Plane
from heartwright.works.web.voice import BOARD_HZ, LOUD_PA_N

if TYPE_CHECKING:
    from heartwright.works.web import Modes, Web

_RATE_HZ = 48_000
_ABOUT_WEB = "Seen from the front; stronger lines hold more of its vibration now, dots are anchors."
_ABOUT_MODE = "How far each node swings in the lowest mode: the larger the dot, the farther."
_ABOUT_SOUND = "Level of what was heard, and above it where its lowest modes lie."
_ABOUT_ENERGY = "Energy of its vibration as it went on."


def page(net: Web, low: Modes, heard: np.ndarray, energy: np.ndarray, said: list[str]) -> str:
    """The page as text."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    title = f"{net.name}, a web of thread"
    lines = [*said, *net.told, *([net.advice] if net.advice else [])]
    notes = f'<ul class="notes">{"".join(f"<li>{told(line)}</li>" for line in lines)}</ul>' if lines else ""
    books = net.ledger()
    method = (
        f"Threads of {1e3 * net.strings.density:.3g} g/m in steps of {1e6 * net.step:.3g} us, "
        f"{len(net.u):,} points; leapfrog, at Courant number 1 a digital waveguide. Modes by Lanczos on the same mesh. "
        f"Energy is accounted for to {abs(books.residual_j):.1e} J of {books.drive_j:.2e} J. Sound: the anchors' "
        f"forces on a frame that resonates at {BOARD_HZ:g} Hz, {LOUD_PA_N:g} Pa a newton at 1 m."
    )
    body = [
        f'<p class="maker">heartwright &middot; a web of thread</p><h1>{escape(title)}</h1>',
        f'<p class="facts">{_facts(net)}</p><p class="lead">{told(_lead(low))}</p>',
        f'<div class="figures">{_figures(net, low)}</div>{notes}',
        _section("The web", _ABOUT_WEB, _web(net)),
        _section("Its lowest mode", _ABOUT_MODE, _mode(net, low)),
        _section("Its sound", _ABOUT_SOUND, _spectrum(heard, low)),
        _section("Its energy", _ABOUT_ENERGY, _energy(energy)),
        _section("Its modes", "", _table(low)),
        _section("How it was found", "", f'<p class="small">{told(method)}</p>'),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f'<title>{escape(title)}</title><meta name="color-scheme" content="light dark"><style>{style}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{"".join(body)}</main></body></html>\n'


def _facts(net: Web) -> str:
    found = [datetime.now().astimezone().strftime("%-d %B %Y, %H:%M"), f"{len(net.threads):,} threads"]
    return " &middot; ".join(escape(f) for f in [*found, f"{len(net.names):,} nodes", f"seed {net.seed}"])


def _lead(low: Modes) -> str:
    """The page's one large sentence."""
    if not len(low):
        return "Nothing in it can swing."
    top = f" and its next {len(low) - 1} up to {low.frequency_hz[-1]:.3g} Hz" if len(low) > 1 else ""
    return f"Its lowest note is {low.frequency_hz[0]:.3g} Hz{top}."


def _figures(net: Web, low: Modes) -> str:
    s = net.strings
    tension = s.tension[s.alive]
    cells = [
        ("Lowest mode", f"{low.frequency_hz[0]:.2f}" if len(low) else "none", "Hz", "of the whole web"),
        ("Tension", f"{tension.mean():.2f}" if len(tension) else "none", "N",
         f"{tension.min():.2f} to {tension.max():.2f}" if len(tension) else ""),
        ("Waves", f"{s.speed[s.alive].mean():.1f}" if len(tension) else "none", "m/s", "on a thread"),
        ("Energy", f"{1e3 * max(0.0, net.energy):.3f}", "mJ", "of its vibration now"),
    ]  # fmt: skip
    return "".join(
        f'<div class="figure"><div class="name">{name}</div><div class="value">{told(value)}<small>{unit}</small></div>'
        f'<div class="span">{told(span)}</div></div>'
        for name, value, unit, span in cells
    )


def _section(title: str, about: str, body: str) -> str:
    shown = f'<p class="about">{told(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{shown}{body}</section>" if body else ""


def _plane(net: Web, title: str) -> Plane:
    reach = 0.52 * float(np.max(np.ptp(net.places[:, :2], axis=0)))
    x, y = 0.5 * (net.places[:, :2].max(0) + net.places[:, :2].min(0))
    return Plane((x - reach, x + reach), (y - reach, y + reach), title, width=560, height=560, margin=(8, 8, 8, 8))


def _web(net: Web) -> str:
    """Threads in four strengths by their share of what moves, anchors as dots."""
    plane = _plane(net, "the threads of the web")
    bright = net.seen()[len(net.names) : len(net.names) + len(net.threads)]
    level = np.digitize(bright / max(float(bright.max()), 1e-12), [0.2, 0.5, 0.8])
    for k, (width, shade) in enumerate(((0.5, 0.35), (0.9, 0.6), (1.5, 0.8), (2.4, 1.0))):
        moves = "".join(
            f"M{plane.at_x(net.places[a, 0]):.1f} {plane.at_y(net.places[a, 1]):.1f}"
            f"L{plane.at_x(net.places[b, 0]):.1f} {plane.at_y(net.places[b, 1]):.1f}"
            for a, b in net.threads[(level == k) & net.strings.alive]
        )
        if moves:
            style = f"stroke-width:{width};opacity:{shade}"
            plane.parts.append(f'<path class="line tock-side" style="{style}" d="{moves}"/>')
    plane.dots(net.places[net.anchored, 0], net.places[net.anchored, 1], "points")
    return f'<div style="max-width:560px;margin:0 auto">{plane.svg()}</div>'


def _mode(net: Web, low: Modes) -> str:
    if not len(low):
        return ""
    plane = _plane(net, "the lowest mode")
    swing = low.node_shape[0] / max(float(np.max(np.abs(low.node_shape[0]))), 1e-12)
    for i in np.flatnonzero(np.abs(swing) > 0.03):
        kind = "tick-side" if swing[i] > 0.0 else "tock-side"
        at = f'cx="{plane.at_x(net.places[i, 0]):.1f}" cy="{plane.at_y(net.places[i, 1]):.1f}"'
        plane.parts.append(f'<circle class="area {kind}" {at} r="{6.0 * abs(swing[i]):.1f}"/>')
    return f'<div style="max-width:560px;margin:0 auto">{plane.svg()}</div>'


def _spectrum(heard: np.ndarray, low: Modes) -> str:
    """Level [dB re 20 uPa] by frequency, a third of a semitone wide, to where nothing is left."""
    if len(heard) < _RATE_HZ // 10 or not np.any(heard):
        return ""
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2 / (0.375 * len(heard) ** 2 / 2.0)
    frequency = np.fft.rfftfreq(len(heard), 1.0 / _RATE_HZ)
    edges = np.geomspace(4.0, 4_000.0, 361)
    held = np.histogram(frequency, edges, weights=power)[0]
    shown = held > 1e-6 * held.max()
    level = 10.0 * np.log10(held[shown] / 20e-6**2)
    at = np.sqrt(edges[1:] * edges[:-1])[shown]
    low_db, high_db = float(level.max()) - 60.0, float(level.max()) + 6.0
    plane = Plane((0.0, float(min(at[-1], 2_000.0))), (low_db, high_db), "level by frequency", height=220.0)
    plane.axes(x_unit=" Hz", y_unit=" dB")
    plane.line(at, np.maximum(level, low_db), "tick-side", to=low_db)
    for f in low.frequency_hz[:60]:
        if f < plane.x[1]:
            plane.upright(float(f), "mark", low=high_db - 5.0, high=high_db)
    return plane.svg()


def _energy(energy: np.ndarray) -> str:
    if len(energy) < 3:
        return ""
    value = 1e3 * np.maximum(energy[:, 1], 0.0)
    top = 1.1 * float(value.max()) or 1.0
    plane = Plane((0.0, float(energy[-1, 0])), (0.0, top), "energy over time", height=200.0)
    plane.axes(x_unit=" s", y_unit=" mJ")
    plane.line(energy[:, 0], value, "mean")
    return plane.svg()


def _table(low: Modes) -> str:
    rows = "".join(
        f"<tr><td>{i + 1}</td><td>{low.frequency_hz[i]:.3f}</td><td>{1.0 / max(low.decay[i], 1e-12):.2f}</td></tr>"
        for i in range(min(len(low), 40))
    )
    return f'<div class="wide"><table><tr><th>mode</th><th>Hz</th><th>1/e in, s</th></tr>{rows}</table></div>'
