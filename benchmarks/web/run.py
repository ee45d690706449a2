"""What a web of thread can do: pitches against closed forms, live cost with sound, modes against dense, big graphs.

1. Pitches of strings (plain, stiff, beaded) and of rectangular nets against closed forms: worst relative error.
2. Scattering: a pulse at a joint of two impedances, in amplitude and energy.
3. 1,000 and 5,000 threads live with sound at 48 kHz, in blocks of 2 ms on a stand that moves, one thought every half
   second: CPU seconds a second, the books' residual, the longest block; and while modes are found anew aside.
4. Modes against `numpy.linalg.eigh` of the same matrices in the same run; the layout against networkx's spring layout.
5. A graph of 10^6 edges, CSV and GraphML: time to read and string, and memory.

`QUICK=1` takes shorter stretches, smaller peers and 10^5 edges.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
from scipy.optimize import brentq

from benchmarks.common import bar, calibration_s, cpu, least_cpu, metric, quick
from heartwright.work import Ground
from heartwright.works.web import Web, layout
from heartwright.works.web.mesh import matrices, mesh
from heartwright.works.web.modes import modes
from heartwright.works.web.net import gather

TENSION, DENSITY = 1.0, 2e-3
SPEED, IMPEDANCE = np.sqrt(TENSION / DENSITY), np.sqrt(TENSION * DENSITY)
PLAIN = {"tension": TENSION, "density": DENSITY, "thinking_hz": 0.0, "uneven": 0.0, "drag": 0.0, "viscosity": 0.0}
PITCH_ERROR = 1e-3
CPU_1000, CPU_5000 = 0.25, 1.0
BIG_S = 10.0


def line(inner: int, pitch: float, **more: float) -> Web:
    """A string of inner + 1 threads, held at both ends."""
    n = inner + 2
    places = np.column_stack([pitch * np.arange(n), np.full(n, 0.1), np.zeros(n)])
    return Web(nx.path_graph(n), places=places, anchors=[0, n - 1], **(PLAIN | {"bending": 0.0} | more))


def net(a: int, b: int, pitch: float, bead: float) -> Web:
    """A rectangular net of a x b free nodes, its border held."""
    graph = nx.grid_2d_graph(a + 2, b + 2)
    corners = [(i, j) for i in (0, a + 1) for j in (0, b + 1)]
    graph.remove_nodes_from(corners)
    rim = [n for n in graph if n[0] in (0, a + 1) or n[1] in (0, b + 1)]
    graph.remove_edges_from([e for e in graph.edges if e[0] in rim and e[1] in rim])
    nodes = list(graph)
    places = np.array([(pitch * i, pitch * j, 0.0) for i, j in nodes])
    anchors = [nodes.index(n) for n in rim]
    return Web(graph, places=places, anchors=anchors, bead=bead, bending=0.0, **PLAIN)


def lattice_hz(mean_cosine: float, pitch: float, bead: float, threads: float) -> float:
    """The lowest root of threads (cos t - mean_cosine) = (bead w / Z) sin t, t = w pitch / c [Hz]."""

    def off(omega: float) -> float:
        t = omega * pitch / SPEED
        return float(threads * (np.cos(t) - mean_cosine) - bead * omega / IMPEDANCE * np.sin(t))

    return float(brentq(off, 1e-6, np.pi * SPEED / pitch)) / (2.0 * np.pi)


def pitches() -> None:
    worst: dict[str, float] = {}
    n = np.arange(1, 21)
    worst["string"] = _off(line(0, 0.6).modes(20).frequency_hz, n * SPEED / 1.2)
    bending = 5e-6
    b = np.pi**2 * bending / (TENSION * 0.6**2)
    stiff = n * SPEED / 1.2 * np.sqrt(1.0 + b * n**2)
    worst["stiff_string"] = _off(line(0, 0.6, bending=bending).modes(20).frequency_hz, stiff)
    for bead in (0.0, 1e-4, 1e-2):
        wanted = [lattice_hz(np.cos(k * np.pi / 20), 0.05, bead, 2.0) for k in range(1, 20)]
        worst[f"beads_{bead:g}_kg"] = _off(line(19, 0.05, bead=bead).modes(19).frequency_hz, np.array(wanted))
    for a, c, bead in ((7, 5, 0.0), (15, 11, 1e-5), (30, 30, 1e-5)):
        x, y = (np.cos(np.pi * np.arange(1, k + 1) / (k + 1)) for k in (a, c))
        wanted = np.sort([lattice_hz(0.5 * (p + q), 0.6 / (a + 1), bead, 4.0) for p in x for q in y])[:35]
        worst[f"net_{a}x{c}"] = _off(net(a, c, 0.6 / (a + 1), bead).modes(35).frequency_hz, wanted)
    for name, off in worst.items():
        metric(f"pitch_error_{name}", off)
    most = max(worst.values())
    bar("pitches", most < PITCH_ERROR, f"{most:.2g}, {PITCH_ERROR:g} wanted")


def _off(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.max(np.abs(found / wanted - 1.0)))


def scattering() -> None:
    """A pulse from a thread of impedance 1 to one of impedance 1/2 to 3/2."""
    worst = worst_energy = 0.0
    for ratio in (0.5, 0.8, 1.5):
        graph: nx.Graph = nx.Graph()
        graph.add_weighted_edges_from([(0, 1, 1.0), (1, 2, ratio**2)])
        places = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0 + ratio, 0.0, 0.0]])
        web = Web(graph, places=places, anchors=[0, 2], bead=0.0, bending=0.0, **PLAIN)
        m = web.mesh
        n, first = int(m.segments[0]), int(m.first[0]) + 1
        x = np.arange(n + 1.0)

        def pulse(at: np.ndarray, n: int = n) -> np.ndarray:
            off = (at - 0.6 * n) / (0.1 * n)
            return np.where(np.abs(off) < 1.0, 1e-3 * np.cos(0.5 * np.pi * off) ** 2, 0.0)

        web.u[first : first + n + 1] = pulse(x)
        web.w[first : first + n + 1] = pulse(x) - pulse(x + web.strings.speed[0] * web.step * n)
        web.u_next[:], web.w_next[:] = web.u, web.w
        before = web.energy
        web.advance(0.6 / web.strings.speed[0])
        z1, z2 = np.sqrt(web.strings.tension * DENSITY)
        for part, wanted in ((web.u[: m.first[1]], (z1 - z2) / (z1 + z2)), (web.u[m.first[1] :], 2 * z1 / (z1 + z2))):
            worst = max(worst, abs(float(part[np.argmax(np.abs(part))]) / 1e-3 - wanted))
        worst_energy = max(worst_energy, abs(web.energy / before - 1.0))
    metric("scattering_error", worst)
    metric("scattering_energy_error", worst_energy)
    bar("scattering", worst < 0.01, f"{worst:.2g} of the pulse, 0.01 wanted")


def meshed(threads: int) -> nx.Graph:
    """Nodes strewn over a square, each bound to its nearest, of so many threads."""
    rng = np.random.default_rng(3)
    at = rng.random((round(threads / 2.4), 2))
    near = np.argsort(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)), axis=1)[:, 1:8]
    pairs = sorted({tuple(sorted((i, int(j)))) for i, row in enumerate(near) for j in row},
                   key=lambda p: float(np.hypot(*(at[p[0]] - at[p[1]]))))  # fmt: skip
    return nx.Graph(pairs[:threads])


def live() -> None:
    seconds = 2.0 if quick() else 10.0
    for threads, most in ((1_000, CPU_1000), (5_000, CPU_5000)):
        for shape, graph in (("mesh", meshed(threads)), ("random", nx.gnm_random_graph(threads // 2, threads, seed=1))):
            spent, web = cpu(lambda graph=graph: Web(graph, thinking_hz=2.0))
            metric(f"{shape}_{threads}_make_cpu_s", spent)
            metric(f"{shape}_{threads}_step_hz", 1.0 / web.step)
            go_on(web, 0.1)
            cost, longest = go_on(web, seconds)
            metric(f"{shape}_{threads}_cpu_s_per_s", cost)
            metric(f"{shape}_{threads}_longest_block_ms", 1e3 * longest)
            books = web.ledger()
            metric(f"{shape}_{threads}_residual_ratio", books.residual_ratio)
            bar(f"{shape}_{threads}_live", cost < most, f"{cost:.3f} CPU s a second, {most} wanted")
            changes(web, f"{shape}_{threads}")


def go_on(web: Web, seconds: float) -> tuple[float, float]:
    """CPU seconds a second of blocks of 2 ms with sound, and the longest block [s]."""
    longest, started = 0.0, time.process_time()
    blocks = round(seconds / 0.002)
    for k in range(blocks):
        block = time.perf_counter()
        web.advance(0.002, Ground(acceleration=(1e-3 * np.sin(0.1 * k), 1e-3, 0.0)))
        web.heard(96, 48_000)
        if k % 8 == 0:
            web.seen()
        longest = max(longest, time.perf_counter() - block)
    return (time.process_time() - started) / seconds, longest


def changes(web: Web, name: str) -> None:
    """How long a cut takes, and until its modes are known, found aside while the web goes on."""
    started = time.perf_counter()
    web.do("cut", thread=len(web.threads) // 2)
    metric(f"{name}_cut_ms", 1e3 * (time.perf_counter() - started))
    started = time.perf_counter()
    web.figures()
    longest = 0.0
    while web.stale and time.perf_counter() - started < 60.0:
        longest = max(longest, go_on(web, 0.02)[1])
        web.figures()
    metric(f"{name}_modes_after_cut_s", time.perf_counter() - started)
    metric(f"{name}_longest_block_meanwhile_ms", 1e3 * longest)


def peers() -> None:
    threads = 150 if quick() else 600
    web = Web(meshed(threads), thinking_hz=0.0)
    few = 40
    fine = mesh(web.strings, web.bead, web.anchored, web.step / 2.0)
    stiffness, mass, _, _ = matrices(fine, web.threads)
    how = {"most": few, "drag": 0.0, "viscosity": 0.0, "seed": 1}
    ours, low = least_cpu(lambda: modes(fine, web.threads, web.ear, **how), times=3)
    root = 1.0 / np.sqrt(mass)
    spent, square = cpu(lambda: np.linalg.eigh(root[:, None] * stiffness.toarray() * root)[0][:few])
    hz = np.arcsin(0.5 * fine.step * np.sqrt(square)) / (np.pi * fine.step)
    metric("modes_rows", len(mass))
    metric("modes_cpu_s", ours)
    metric("modes_dense_numpy_cpu_s", spent)
    metric("modes_times_faster", spent / ours)
    metric("modes_worst_difference", _off(low.frequency_hz, hz))
    graph = meshed(threads)
    ours, _ = least_cpu(lambda: layout.flat(web.net, 1), times=3)
    spent, _ = cpu(lambda: nx.spring_layout(graph, seed=1))
    metric("layout_cpu_s", ours)
    metric("layout_networkx_spring_cpu_s", spent)
    metric("layout_times_faster", spent / ours)
    large = gather(meshed(5_000))
    metric("layout_5000_cpu_s", least_cpu(lambda: layout.flat(large, 1), times=3)[0])


def big() -> None:
    """Far more edges than a web holds."""
    edges = 100_000 if quick() else 1_000_000
    pairs = np.random.default_rng(1).integers(0, edges // 5, (edges, 2))
    with tempfile.TemporaryDirectory() as folder:
        writers: dict[str, Callable[[Path], None]] = {
            "csv": lambda path: np.savetxt(path, pairs, fmt="%d", delimiter=","),
            "graphml": lambda path: _graphml(path, pairs),
        }
        for kind, write in writers.items():
            path = Path(folder) / f"big.{kind}"
            write(path)
            started = time.perf_counter()
            spent, web = cpu(lambda path=path: Web.read(path))
            wall = time.perf_counter() - started
            metric(f"big_{kind}_edges", edges)
            metric(f"big_{kind}_cpu_s", spent)
            metric(f"big_{kind}_wall_s", wall)
            metric(f"big_{kind}_kept_threads", len(web.threads))
            metric(f"big_{kind}_peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0)
            bar(f"big_{kind}", spent < BIG_S and bool(web.told), f"{spent:.1f} CPU s, {BIG_S:g} wanted")


def _graphml(path: Path, pairs: np.ndarray) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">\n')
        file.writelines(f'<node id="n{i}"/>\n' for i in range(int(pairs.max()) + 1))
        file.writelines(f'<edge source="n{a}" target="n{b}"/>\n' for a, b in pairs)
        file.write("</graph></graphml>\n")


def main() -> None:
    metric("calibration_loop_s", calibration_s())
    big()  # first, so that its memory is its own
    pitches()
    scattering()
    live()
    peers()


if __name__ == "__main__":
    main()
