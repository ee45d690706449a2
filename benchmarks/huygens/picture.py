"""The picture of the regimes: two maps and the times to lock, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

COLOURS = {
    "anti-phase": "#2b6777",
    "in-phase": "#d9a441",
    "locked between": "#9fb8ad",
    "no lock": "#e9e4dc",
    "beating death": "#7c2d2d",
}
CELL = 46.0
LEFT, TOP = 70.0, 60.0


def draw(
    rows: list[dict[str, Any]], path: Path, *, eta: Sequence[float], mu: Sequence[float], rho: Sequence[float],
    mu_sprung: Sequence[float], eta_sprung: float,
) -> None:  # fmt: skip
    """Write the picture: a cell for each run, a ring of another colour where the reduced model says otherwise."""
    free = [(r, mu.index(r["case"][0]), eta.index(r["case"][1])) for r in rows if r["case"][2] == 0.0]
    sprung = [(r, mu_sprung.index(r["case"][0]), rho.index(r["case"][2])) for r in rows if r["case"][2] > 0.0]
    parts = [_text(LEFT, 24, "Two Graham clocks on one cart: what becomes of them", size=16)]
    parts += _map(free, LEFT, TOP, mu, eta, "free cart: damping B/(M w) against mass ratio m/M")
    right = LEFT + CELL * len(mu) + 110
    parts += _map(sprung, right, TOP, mu_sprung, rho, f"sprung beam, B/(M w) = {eta_sprung:g}: K/(M w²) against m/M")
    foot = TOP + CELL * max(len(eta), len(rho)) + 60
    for i, (regime, colour) in enumerate(COLOURS.items()):
        x = LEFT + 150 * i
        parts.append(f'<rect x="{x}" y="{foot}" width="16" height="16" fill="{colour}" stroke="#888"/>')
        parts.append(_text(x + 22, foot + 13, regime))
    parts.append(
        _text(
            LEFT,
            foot + 40,
            "figures: time to lock [s], over that of the reduced model; a ring: the reduced model says otherwise",
        )
    )
    width, height = right + CELL * len(mu_sprung) + 60, foot + 60
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif">'
    path.write_text(f'{head}<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n', encoding="utf-8")


def _map(
    placed: list[tuple[dict[str, Any], int, int]], x0: float, y0: float, across: Sequence[float], up: Sequence[float],
    title: str,
) -> list[str]:  # fmt: skip
    out = [_text(x0, y0 - 12, title, size=12)]
    foot = y0 + CELL * len(up)
    for row, i, j in placed:
        x, y = x0 + CELL * i, foot - CELL * (j + 1)
        mine, theirs = row["engine"], row["reduced"]
        size = f'width="{CELL}" height="{CELL}"'
        out.append(f'<rect x="{x}" y="{y}" {size} fill="{COLOURS[mine["regime"]]}" stroke="white"/>')
        if theirs["regime"] != mine["regime"]:
            ring = f'cx="{x + CELL / 2}" cy="{y + CELL / 2}" r="{CELL / 2 - 5}"'
            out.append(f'<circle {ring} fill="none" stroke="{COLOURS[theirs["regime"]]}" stroke-width="4"/>')
        if mine["lock_s"]:
            dark = "black" if mine["regime"] in ("in-phase", "locked between") else "white"
            out.append(_text(x + CELL / 2, y + 20, f"{mine['lock_s']:.0f}", anchor="middle", fill=dark))
            if theirs["lock_s"]:
                ratio = f"{mine['lock_s'] / theirs['lock_s']:.2f}"
                out.append(_text(x + CELL / 2, y + 36, ratio, anchor="middle", fill=dark, size=10))
    out += [_text(x0 + CELL * (i + 0.5), foot + 16, f"{v:g}", anchor="middle") for i, v in enumerate(across)]
    out += [_text(x0 - 6, foot - CELL * (j + 0.5) + 4, f"{v:g}", anchor="end") for j, v in enumerate(up)]
    return out


def _text(x: float, y: float, said: str, *, size: float = 11, anchor: str = "start", fill: str = "black") -> str:
    look = f'font-size="{size:g}" text-anchor="{anchor}" fill="{fill}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(said)}</text>'
