"""What people in the field would read off a galaxy: each figure with its 95 % interval where it is uncertain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heartwright.records import Floats
from heartwright.work import Figure
from heartwright.works.galaxy import pulse
from heartwright.works.galaxy.cluster import Cluster
from heartwright.works.galaxy.look import Look
from heartwright.works.galaxy.units import Scale

MOST_BEATS = 8.0  # of the homologous period: so far back the pulse is measured
MOST_SAMPLES = 200


def figures(cluster: Cluster, beat: pulse.Pulse | None, scale: Scale, gone: int) -> dict[str, Figure]:
    """Figures of `cluster` now, of which `gone` bodies were let go, with its pulse as it was `measured`.

    What has no value (a crossing time where nothing is bound, a pulse that is not clear of the noise) is left out.
    """
    now = cluster.now
    out = {
        "virial_ratio": _virial(cluster, now),
        "half_mass_radius": _half_mass(cluster, now, scale),
        "crossing_time": Figure(crossing(cluster) * scale.second, "s", says="M^(5/2) / (2 |E|)^(3/2)"),
        "relaxation_time": Figure(relaxation(cluster) * scale.second, "s", says="half-mass, by two-body encounters"),
        "bodies_let_go": Figure(float(gone), ""),
        "energy_error": Figure(
            _share(cluster.residual, cluster.start), "", says="residual of the books over the energy"
        ),
    }
    if beat is not None:
        half = 1.96 * beat.period_error
        period = beat.period * scale.second
        out["pulse_period"] = Figure(period, "s", period - half * scale.second, period + half * scale.second)
        fall = np.array(
            [beat.damping, beat.damping - 1.96 * beat.damping_error, beat.damping + 1.96 * beat.damping_error]
        )
        value, low, high = fall / scale.second
        out["pulse_damping"] = Figure(value, "1/s", low, high, says="the pulse falls by a factor e in one over this")
    return {name: _plain(f) for name, f in out.items() if np.isfinite(f.value)}


def _plain(figure: Figure) -> Figure:
    low, high = (None if v is None else float(v) for v in (figure.low, figure.high))
    return Figure(float(figure.value), figure.unit, low, high, figure.says)


def measured(history: Sequence[Look], calm: float) -> pulse.Pulse | None:
    """The pulse in the record since it was last disturbed at `calm` [Henon units], of some beats at most."""
    if not history or history[-1].pull >= 0.0:
        return None
    near = pulse.homologous(history[-1].pull, history[-1].inertia)
    since = max(calm, history[-1].time - MOST_BEATS * 2.0 * np.pi / near)
    kept = [k for k in history if k.time >= since]
    rows = np.array([(k.time, k.half_mass) for k in kept[:: 1 + len(kept) // MOST_SAMPLES]])
    return pulse.measure(rows[:, 0], rows[:, 1], near=near) if len(rows) else None


def crossing(cluster: Cluster) -> float:
    """Crossing time of [heggie1986], M^(5/2) / (2 |E|)^(3/2), of the bodies left [Henon units]."""
    now = cluster.now
    mass = float(cluster.mass.sum())
    energy = now.inner + now.potential
    return mass**2.5 / (2.0 * abs(energy)) ** 1.5 if energy < 0.0 else float("nan")


def relaxation(cluster: Cluster) -> float:
    """Half-mass relaxation, 0.138 N r^(3/2) / (M^(1/2) ln L) [spitzer1987], L = min(0.11 N, r / e) [giersz1994]."""
    n = int(cluster.inside.sum())
    r, mass = cluster.now.half_mass, float(cluster.mass.sum())
    if n < 2 or mass <= 0.0:
        return float("nan")
    soft = r / cluster.forces.softening if cluster.forces.softening > 0.0 else np.inf
    return float(0.138 * n * r**1.5 / (mass**0.5 * np.log(max(min(0.11 * n, soft), 2.0))))


def _virial(cluster: Cluster, now: Look) -> Figure:
    """2 K over Clausius' virial of gravity and wall: 1 in balance, whatever the softening and the wall."""
    if now.pull >= 0.0:
        return Figure(float("nan"), "")
    wall = cluster.pressed / cluster.time if cluster.time > 0.0 else 0.0
    value = 2.0 * now.inner / (wall - now.pull)
    v2 = cluster.mass * np.einsum("ij,ij->i", cluster.velocity, cluster.velocity)
    half = 1.96 * value * float(np.std(v2)) * np.sqrt(len(v2)) / max(float(v2.sum()), 1e-300)
    return Figure(value, "", value - half, value + half, says="2 K / (|W| + 3 P V of the wall)")


def _half_mass(cluster: Cluster, now: Look, scale: Scale) -> Figure:
    """The interval is that of a median of so many radii."""
    m = cluster.mass[cluster.inside]
    x = cluster.place[cluster.inside]
    if len(m) < 2:
        return Figure(float("nan"), "m")
    r = np.linalg.norm(x - m @ x / m.sum(), axis=1)
    order = np.argsort(r)
    held: Floats = np.cumsum(m[order]) / m.sum()
    half = 0.98 * float(np.sqrt(np.sum(m**2))) / float(m.sum())
    low, high = np.interp([0.5 - half, 0.5 + half], held, r[order]) * scale.metre
    return Figure(now.half_mass * scale.metre, "m", float(low), float(high))


def _share(part: float, whole: float) -> float:
    return part / abs(whole) if whole else 0.0
