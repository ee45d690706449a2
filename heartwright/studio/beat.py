"""One beat, dense: a twin runs ahead of the work for as long as a beat takes, and every contact of it is told.

Places of contacts are those of the design on paper: the tooth under the stone, the jewel on its circle, the guard pin
below the roller, the banking beside the fork; the frame is the engine's (wheel at 0, staff upwards, metres).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import Graham, SwissLever
from heartwright.geometry.graham import graham
from heartwright.geometry.swiss_lever import swiss_lever
from heartwright.records import Floats, Trace
from heartwright.works.live import Live

SAMPLES = 1_500  # of a beat
BEATS_MOST = 8
_MARKS = ("unlock", "impulse", "drop", "lock", "bank")


class NoBeat(ValueError):
    """The work does not beat."""


def record(live: Live) -> dict[str, Any]:
    """The next whole beat of a work, from turning point to turning point. Raises NoBeat where it stands."""
    beat_hz = live.design.beat_hz
    twin = live.copy(poses_hz=SAMPLES * beat_hz)
    pieces: list[Trace] = []
    for _ in range(BEATS_MOST):
        pieces.append(twin.advance(1.0 / beat_hz))
        found = _whole(pieces, live.time, beat_hz)
        if found is not None:
            return _told(live.design, pieces, *found)
    raise NoBeat(f"it does not beat: {live.advice or live.status}")


def _whole(pieces: list[Trace], after: float, beat_hz: float) -> tuple[float, float, dict[str, float], int] | None:
    """Begin and end of the first beat that lies whole in the pieces, its marks, and its side."""
    half = 0.5 / beat_hz
    for piece in pieces:
        beats = piece.beats
        for i in range(len(beats)):
            centre = float(beats.centre_s[i])
            if centre - half > after and centre + half <= pieces[-1].figures["started_s"] + pieces[-1].seconds:
                marks = {name: float(getattr(beats, f"{name}_s")[i]) for name in _MARKS}
                return centre - half, centre + half, marks, int(beats.side[i])
    return None


def _told(
    design: Design, pieces: list[Trace], begin: float, end: float, marks: dict[str, float], side: int
) -> dict[str, Any]:
    poses = np.concatenate([p.poses for p in pieces])
    poses = poses[(poses[:, 0] >= begin) & (poses[:, 0] <= end)]
    t, angles = poses[:, 0], poses[:, 1:]
    last = pieces[-1]
    contacts = [row for p in pieces for row in _contacts(design, p, t, angles, begin, end)]
    landmarks = [{"name": name, "t": at, "side": side} for name, at in marks.items() if math.isfinite(at)]
    settled = max((c["t"] for c in contacts), default=math.nan)
    if math.isfinite(marks["bank"]) and settled > marks["bank"]:
        landmarks.append({"name": "draw", "t": settled, "side": side})
    waves = {w.name: w for w in last.waveforms}
    extras = [(name, _wave(pieces, name, t)) for name in waves]
    return {
        "t0": float(t[0]),
        "dt": float(t[1] - t[0]),
        "rotors": list(last.rotors),
        "angles": np.round(angles, 6).tolist(),
        "extras": [name for name, _ in extras],
        "extra_values": [[float(f"{v:.4g}") for v in row] for row in zip(*(v for _, v in extras), strict=True)],
        "contacts": contacts,
        "landmarks": sorted(landmarks, key=lambda mark: mark["t"]),
        "side": side,
    }


def _wave(pieces: list[Trace], name: str, at: Floats) -> Floats:
    parts = [w for p in pieces for w in p.waveforms if w.name == name]
    times, values = (np.concatenate([getattr(w, key) for w in parts]) for key in ("time_s", "value"))
    return np.asarray(np.interp(at, times, values))


def _contacts(
    design: Design, piece: Trace, t: Floats, angles: Floats, begin: float, end: float
) -> list[dict[str, Any]]:
    impacts, rows = piece.impacts, []
    for i in range(len(impacts)):
        at = float(impacts.time_s[i])
        if not begin <= at <= end:
            continue
        pair = piece.pairs[int(impacts.pair[i])]
        pose = np.array([np.interp(at, t, angles[:, k]) for k in range(angles.shape[1])])
        x, y = place(design, pair, pose)
        rows.append(
            {
                "t": at,
                "pair": pair,
                "tooth": int(impacts.tooth[i]),
                "kind": "blow" if impacts.speed_m_s[i] > 1e-3 else "touch",
                "impulse_ns": float(impacts.impulse_ns[i]),
                "x_m": x,
                "y_m": y,
            }
        )
    return rows


def place(design: Design, pair: str, pose: Floats) -> tuple[float, float]:
    """Where two parts meet in this pose [m]."""
    esc = design.escapement
    if isinstance(esc, Graham):
        g = graham(esc)
        return _tooth(esc.wheel_radius, g.entry_direction if "entry" in pair else g.exit_direction, g.pitch, pose[0])
    assert isinstance(esc, SwissLever)
    lever = swiss_lever(esc)
    if pair in ("entry stone", "exit stone"):
        at = lever.entry_direction if pair == "entry stone" else lever.exit_direction
        return _tooth(esc.wheel_radius, at, lever.pitch, pose[0])
    staff = lever.centre_wheel_fork + lever.centre_fork_staff
    if pair in ("notch left", "notch right"):
        r = esc.jewel_circle_radius
        return r * math.sin(pose[2]), staff - r * math.cos(pose[2])
    if pair == "guard":
        return 0.0, staff - esc.roller_ratio * esc.jewel_circle_radius
    return -esc.banking_arm * math.sin(pose[1]), lever.centre_wheel_fork + esc.banking_arm * math.cos(pose[1])


def _tooth(radius: float, direction: float, pitch: float, wheel: float) -> tuple[float, float]:
    """The tip of the tooth nearest to a direction."""
    off = (wheel - direction + 0.5 * pitch) % pitch - 0.5 * pitch
    return radius * math.cos(direction + off), radius * math.sin(direction + off)
