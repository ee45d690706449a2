"""A galaxy in an orb: force error and time a step against N beside pytreegrav, drift, the pulse, and its cost live.

Forces: bodies of a Plummer sphere; times are the least CPU seconds of several whole calls on one core, trees built
within the call. Errors are relative, over all bodies (a sample of 1,000 of more), against the double-precision direct
sum with the same softening: for pytreegrav, whose softening is a spline, its own direct sum.

The pulse: a uniform sphere against the exact solution R'' = -GM/R^2 + h^2/R^3 [sridhar1989], whose period is
2 pi (3 G M^2 / (10 |E|))^(3/2) at any size of swing; a Plummer sphere, whose pulse is damped [straub2024], against an
integration by shells that shares no code (`shells`). Its moment of inertia, which is what the virial theorem speaks of,
starts with the theorem's own sqrt(|W| / I) [chandrasekhar1972], and leaves it as a closed form says (`virial`).

`QUICK=1` takes fewer bodies and fewer seeds. Without pytreegrav its lines are left out, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.common import bar, calibration_s, cpu, least_cpu, metric, quick
from benchmarks.galaxy import shells
from benchmarks.galaxy.virial import Plummer
from heartwright.works.galaxy import Galaxy, pulse
from heartwright.works.galaxy.cluster import Cluster
from heartwright.works.galaxy.force import Forces
from heartwright.works.galaxy.models import made, softened, softening, step
from heartwright.works.galaxy.spheres import PLUMMER_SCALE
from heartwright.works.galaxy.tree import Tree

LIVE_CPU = 0.12  # s for each second of one orb of 2,000
DRIFT = 1e-3
SAMPLE = 1_000
#: A Plummer sphere's softening h of pytreegrav's spline that is as soft in the middle.
SPLINE = 2.8
Table = np.ndarray


# ------------------------------------------------------------------------------------------------- forces


def exact(place: Table, mass: Table, soft: float, at: Table) -> Table:
    """Accelerations of the bodies `at` in double precision, [n, 3]."""
    out = np.empty((len(at), 3))
    for k, i in enumerate(at):
        d = place - place[i]
        out[k] = (mass * (np.einsum("ij,ij->i", d, d) + soft**2) ** -1.5) @ d
    return out


def errors(found: Table, want: Table) -> tuple[float, float]:
    """Relative error of accelerations: rms, and what 99 % stay below."""
    off = np.linalg.norm(found - want, axis=1) / np.linalg.norm(want, axis=1)
    return float(np.sqrt(np.mean(off**2))), float(np.quantile(off, 0.99))


def told(name: str, seconds: float, found: Table, want: Table) -> None:
    rms, most = errors(found, want)
    metric(f"{name}_ms", 1e3 * seconds)
    metric(f"{name}_rms", rms)
    metric(f"{name}_99", most)


def forces(counts: tuple[int, ...], direct_to: int) -> dict[str, dict[int, float]]:
    """Times [s] by way and number of bodies."""
    times: dict[str, dict[int, float]] = {
        way: {} for way in ("direct", "tree_0.6", "tree_0.7", "peer_tree", "peer_direct")
    }
    peer = _peer()
    for n in counts:
        bodies = made("plummer", n, wall=4.0, seed=1)
        place, mass, soft = bodies.place, bodies.mass, softening("plummer", n)
        at = np.random.default_rng(1).choice(n, min(n, SAMPLE), replace=False)
        want = exact(place, mass, soft, at)
        repeats = 9 if n <= 10_000 else 2
        ways: list[tuple[str, str, float]] = [("tree", f"tree_{o:g}", o) for o in (0.5, 0.6, 0.7, 1.0)]
        if n <= direct_to:
            ways.insert(0, ("direct", "direct", 0.7))
        for way, name, opening in ways:
            seconds, field = least_cpu(partial(Forces(soft, way, opening, threads=1).of, mass, place), times=repeats)
            told(f"{name}_{n}", seconds, field[at, :3], want)
            if name in times:
                times[name][n] = seconds
        metric(f"tree_build_{n}_ms", 1e3 * least_cpu(partial(Tree.of, mass, place), times=repeats)[0])
        if peer is not None:
            _peer_forces(peer, place, mass, soft, at, n, times, direct=n <= direct_to, repeats=min(repeats, 3))
    return times


def _peer() -> Any:
    try:
        import pytreegrav
    except ImportError:
        print("# pytreegrav is not installed: its lines are left out", flush=True)
        return None
    return pytreegrav


def _peer_forces(
    peer: Any, place: Table, mass: Table, soft: float, at: Table, n: int,
    times: dict[str, dict[int, float]], *, direct: bool, repeats: int,
) -> None:  # fmt: skip
    h = np.full(n, SPLINE * soft)
    want = peer.AccelTarget(place[at], place, mass, h[at], h, method="bruteforce")

    def summed(**options: Any) -> Callable[[], Table]:
        return lambda: peer.Accel(place, mass, h, parallel=False, **options)

    for quadrupole in (False, True):
        work = summed(method="tree", theta=0.7, quadrupole=quadrupole)
        work()
        seconds, found = least_cpu(work, times=repeats)
        told(f"pytreegrav_0.7{'_quadrupole' if quadrupole else ''}_{n}", seconds, found[at], want)
        if quadrupole:
            times["peer_tree"][n] = seconds
    if direct:
        work = summed(method="bruteforce")
        work()
        seconds, found = least_cpu(work, times=repeats)
        told(f"pytreegrav_direct_{n}", seconds, found[at], want)
        times["peer_direct"][n] = seconds


def crossover(times: dict[str, dict[int, float]]) -> float:
    """Number of bodies at which the tree (opening 0.7) takes as long as the direct sum, between what was measured."""
    both = sorted(set(times["direct"]) & set(times["tree_0.7"]))
    ratio = np.log([times["tree_0.7"][n] / times["direct"][n] for n in both])
    return float(np.exp(np.interp(0.0, -ratio, np.log(both))))


# ------------------------------------------------------------------------------------------------- going on


def drifts(n: int) -> float:
    """Worst energy error over twenty crossing times of every model, at the default step."""
    worst = 0.0
    for model in ("plummer", "hernquist", "uniform", "disc"):
        orb = Galaxy(model, n, 1)
        crossing = orb.figures()["crossing_time"].value
        most = 0.0
        for _ in range(20):
            orb.advance(crossing)
            most = max(most, abs(orb.figures()["energy_error"].value))
        metric(f"drift_{model}_{n}", most)
        metric(f"virial_{model}_{n}", orb.figures()["virial_ratio"].value)
        worst = max(worst, most)
    return worst


def live(seconds: float) -> float:
    """CPU s for each second of one of three orbs of 2,000 that go on, are seen at 60 Hz and heard, in steps of 2 ms."""
    orbs = [Galaxy("plummer", 2_000, 1), Galaxy("uniform", 2_000, 2, pulse=0.1), Galaxy("disc", 2_000, 3)]

    def go(upto: float) -> None:
        for k in range(round(upto / 0.002)):
            for orb in orbs:
                orb.advance(0.002)
                orb.heard(96, 48_000)
                if k % 8 == 0:
                    orb.seen(), orb.brightness(), orb.light
                if k % 250 == 0:
                    orb.figures()

    go(1.0)
    spent = cpu(lambda: go(seconds))[0] / seconds
    return spent / len(orbs)


# ------------------------------------------------------------------------------------------------- the pulse


def uniform(seeds: int, n: int) -> tuple[float, float, float]:
    """Measured period over the exact one: mean, its standard error, and the mean damping for each beat."""
    ratios, falls = [], []
    for seed in range(1, seeds + 1):
        orb = Galaxy("uniform", n, seed, pulse=0.06)
        period = 2.0 * np.pi * (0.3 * orb.henon()["m"].sum() ** 2 / -orb._cluster.energy) ** 1.5
        orb.advance(4.5 * period * orb.scale.second)
        figures = orb.figures()
        if "pulse_period" in figures:
            ratios.append(figures["pulse_period"].value / (period * orb.scale.second))
            falls.append(figures["pulse_damping"].value * period * orb.scale.second)
    return float(np.mean(ratios)), float(np.std(ratios) / np.sqrt(len(ratios))), float(np.mean(falls))


def plummer(
    seeds: int, n: int, shells_n: int, *, swing: float = 0.1, end: float = 24.0
) -> dict[str, tuple[float, float]]:
    """Frequency and damping of the Plummer sphere's pulse, bodies and shells: mean and standard error over seeds.

    The half-mass radius of every seed is fitted by itself; all have the same first swing of the velocities.
    """
    wall = 6.0
    found: dict[str, list[tuple[float, float]]] = {"bodies": [], "shells": []}
    curves: dict[str, list[Table]] = {"bodies": [], "shells": []}
    for seed in range(seeds):
        soft = 0.6 * softening("plummer", n)
        forces = Forces(soft)
        bodies = softened(made("plummer", n, wall=wall, seed=seed), forces)
        cluster = Cluster.of(bodies, wall=wall, step=step(soft), forces=forces)
        cluster.velocity *= 1.0 + swing
        cluster.advance(end, np.zeros(3))
        looks = cluster.looks
        time, radius = np.array([k.time for k in looks]), np.array([k.half_mass for k in looks])
        many = made("plummer", shells_n, wall=wall, seed=100 + seed)
        kicked = (1.0 + swing) * many.velocity
        shell = shells.pulsed(many.place, kicked, many.mass, wall=wall, step=0.02, end=end)[:2]
        for name, (t, r) in (("bodies", (time, radius)), ("shells", shell)):
            curves[name].append(np.interp(np.linspace(0.1, end - 0.1, 400), t, r))
            beat = pulse.measure(t, r, near=0.8)
            if beat is not None:
                found[name].append((beat.omega, beat.damping))
    out = {}
    for name, rows in found.items():
        table = np.array(rows).reshape(-1, 2)
        for k, what in enumerate(("omega", "damping")):
            error = float(np.std(table[:, k], ddof=1) / np.sqrt(len(table))) if len(table) > 1 else float("nan")
            out[f"{name}_{what}"] = (float(np.mean(table[:, k])) if len(table) else float("nan"), error)
        out[f"{name}_clear"] = (float(len(table)), 0.0)
    apart = np.mean(curves["bodies"], axis=0) - np.mean(curves["shells"], axis=0)
    swing_out = float(np.ptp(np.mean(curves["shells"], axis=0)))
    out["curves_apart"] = (float(np.sqrt(np.mean(apart**2))) / swing_out, 0.0)
    return out


def first_pulse(
    seeds: int, n: int, shells_n: int, *, swing: float = 0.05, wall: float = 4.0, end: float = 8.0
) -> dict[str, float]:
    """The moment of inertia of a Plummer sphere in its first pulse, over what its virial theorem says (1 is right).

    Half the difference of two runs, kicked up and down: noise and what is of second order in the kick fall out. `start`
    is the angular frequency squared of its start (up to a time of 0.7) over |W| / I, with |W| that of the very bodies,
    softened, or shells; `at_one` what it has done at time 1 over what the law says, where a pulse that kept its shape
    would have done 1.09 of it.
    """
    law = Plummer.cut(wall, PLUMMER_SCALE)
    at = np.append(np.linspace(0.2, 0.7, 21), 1.0)
    said = at**2 * (1.0 - law.quick**2 * at**2 / 12.0)
    out: dict[str, float] = {"homologous_omega": law.homologous}
    for name, run, count in (("bodies", _bodies, n), ("shells", _shells, shells_n)):
        rows = [run(count, wall, 1_000 + seed, swing, end) for seed in range(seeds)]
        curve = np.mean([np.interp(at, t, d / pull) for t, d, pull in rows], axis=0) / (2.0 * swing)
        out[f"{name}_start"] = float(curve[:-1] @ said[:-1] / (said[:-1] @ said[:-1]))
        out[f"{name}_at_one"] = float(curve[-1] / said[-1])
        t = rows[0][0]
        whole = np.mean([np.interp(t, time, d) for time, d, _ in rows], axis=0)
        out[f"{name}_top_at"] = float(t[np.argmax(whole)])
        out[f"{name}_top_over_homologous"] = float(whole.max() / (8.0 * swing * law.inertia))
    return out


def _bodies(n: int, wall: float, seed: int, swing: float, end: float) -> tuple[Table, Table, float]:
    soft = 0.6 * softening("plummer", n)
    forces = Forces(soft)
    bodies = softened(made("plummer", n, wall=wall, seed=seed), forces)
    runs = []
    for way in (1.0, -1.0):
        cluster = Cluster.of(bodies, wall=wall, step=step(soft), forces=forces)
        cluster.velocity *= 1.0 + way * swing
        pull = abs(cluster.now.pull)
        cluster.advance(end, np.zeros(3))
        runs.append([(look.time, look.inertia) for look in cluster.looks])
    (t, up), (_, down) = (np.array(rows).T for rows in runs)
    return t, 0.5 * (up - down), pull


def _shells(n: int, wall: float, seed: int, swing: float, end: float) -> tuple[Table, Table, float]:
    law, many = Plummer.cut(wall, PLUMMER_SCALE), made("plummer", n, wall=wall, seed=seed)
    # a draw's kinetic energy is off by chance: bring it into balance with its own pull and the wall's press
    pull = shells.virial(many.place, many.mass)
    balanced = many.velocity * np.sqrt((pull + law.press) / float(many.mass @ np.sum(many.velocity**2, axis=1)))
    (t, _, up), (_, _, down) = (
        shells.pulsed(many.place, (1.0 + way * swing) * balanced, many.mass, wall=wall, step=0.02, end=end)
        for way in (1.0, -1.0)
    )
    return t, 0.5 * (up - down), pull


def main() -> None:
    metric("calibration_loop_s", calibration_s())
    metric("cores", float(os.cpu_count() or 1))
    counts = (1_000, 4_000) if quick() else (1_000, 2_000, 5_000, 10_000, 30_000, 100_000)
    times = forces(counts, 10_000)
    metric("crossover_bodies", crossover(times))
    for ours, theirs in (("direct", "peer_direct"), ("tree_0.6", "peer_tree")):
        for n in sorted(set(times[ours]) & set(times[theirs])):
            metric(f"{ours}_times_as_fast_as_pytreegrav_{n}", times[theirs][n] / times[ours][n])
    worst = drifts(500 if quick() else 2_000)
    bar("drift", worst < DRIFT, f"{worst:.2g} of the energy over 20 crossing times, {DRIFT:g} wanted")
    spent = live(2.0 if quick() else 15.0)
    metric("live_cpu_s_per_s_each", spent)
    bar("live", spent <= LIVE_CPU, f"{spent:.3f} CPU s per s for each orb of 2,000, {LIVE_CPU} wanted")
    ratio, error, fall = uniform(2 if quick() else 5, 1_000 if quick() else 3_000)
    metric("uniform_period_over_exact", ratio)
    metric("uniform_period_error", error)
    metric("uniform_damping_per_beat", fall)
    bar("uniform_pulse", abs(ratio - 1.0) < 0.02, f"{ratio:.4f} +- {error:.4f} of the exact period, 0.98-1.02 wanted")
    found = plummer(2 if quick() else 4, 2_000 if quick() else 8_000, 5_000 if quick() else 50_000)
    for name, (value, spread) in found.items():
        metric(f"plummer_{name}", value)
        if spread:
            metric(f"plummer_{name}_error", spread)
    apart = found["curves_apart"][0]
    first = first_pulse(*((2, 2_000, 15_000) if quick() else (4, 4_000, 30_000)))
    for name, value in first.items():
        metric(f"plummer_virial_{name}", value)
    off = max(abs(first[f"{name}_start"] - 1.0) for name in ("bodies", "shells"))
    wanted = 0.05 if quick() else 0.02  # fewer bodies, more chance
    bar("plummer_virial", off < wanted, f"its start is {100 * off:.1f} % off |W| / I, {100 * wanted:g} % wanted")
    bar("plummer_pulse", apart < 0.1, f"half-mass radius {apart:.3f} of the swing rms from that of shells, 0.1 wanted")


if __name__ == "__main__":
    main()
