"""Intricacy: how much a design holds. It comes first and is not a fault.

The contact graph has the moving bodies and the plate as nodes and every mesh, contact, bearing and spring as an edge.
Its independent loops are its cyclomatic number, edges - nodes + 1. Its description length is the two-part code of the
graph [bit]: which pairs are joined, log2 C(n(n-1)/2, e); two bits an edge for its sort; and log2 of the tooth count of
each toothed part (Rissanen 1978, minimum description length).
"""

from __future__ import annotations

from math import comb, log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartwright.design import Design

_SORT_BITS = 2.0  # mesh, contact, bearing or spring


def intricacy(design: Design) -> dict[str, float]:
    """Parts, meshes, independent loops and description length of the contact graph of `design`."""
    edges, teeth = _graph(design)
    nodes = sorted({end for a, b, _ in edges for end in (a, b)})
    joined = {tuple(sorted((a, b))) for a, b, _ in edges}
    pairs = len(nodes) * (len(nodes) - 1) // 2
    bits = log2(comb(pairs, len(joined))) + _SORT_BITS * len(edges) + sum(log2(n) for n in teeth)
    return {
        "parts": float(len(nodes) - 1),  # the plate is not counted
        "meshes": float(sum(sort == "mesh" for _, _, sort in edges)),
        "independent_loops": float(len(edges) - len(nodes) + 1),
        "description_length_bit": round(bits, 1),
    }


def _graph(design: Design) -> tuple[list[tuple[str, str, str]], list[int]]:
    """Edges (body, body, sort) and the tooth counts of the toothed parts."""
    edges, teeth = _train(design)
    wheel = "escape wheel"
    edges.append(("plate", wheel, "bearing"))
    teeth.append(design.escapement.teeth)
    if design.oscillator.type == "pendulum":
        edges += [("plate", "pendulum", "spring"), ("plate", "anchor", "bearing"), ("anchor", "pendulum", "contact")]
        edges += [(wheel, "anchor", "contact")] * 2  # entry and exit pallet
    else:
        edges += [("plate", "fork", "bearing"), ("plate", "balance", "bearing"), ("plate", "balance", "spring")]
        edges += [(wheel, "fork", "contact")] * 2  # entry and exit stone
        edges += [("fork", "balance", "contact")] * 2  # jewel in the notch, guard on the roller
        edges += [("plate", "fork", "contact")] * 2  # two bankings
    return edges + _pump(design), teeth


def _train(design: Design) -> tuple[list[tuple[str, str, str]], list[int]]:
    train = design.train
    edges = [("plate", "barrel", "bearing"), ("plate", "barrel", "spring")]
    teeth = [train.barrel.teeth]
    driver = "barrel"
    for arbor in train.arbors:
        edges += [("plate", arbor.name, "bearing"), (driver, arbor.name, "mesh")]
        teeth += [arbor.pinion, arbor.wheel]
        driver = arbor.name
    edges.append((driver, "escape wheel" if design.pump is None else "pump arbor", "mesh"))
    return edges, [*teeth, train.escape_pinion]


def _pump(design: Design) -> list[tuple[str, str, str]]:
    """The heart's slow works, where the design has them."""
    if design.pump is None or design.remontoire is None:
        return []
    edges = [("plate", "remontoire wheel", "bearing"), ("remontoire wheel", "escape wheel", "spring")]
    edges += [("pump arbor", "remontoire wheel", "mesh"), ("pump arbor", "fly", "mesh")]
    edges += [("plate", name, "bearing") for name in ("pump arbor", "fly", "detent", "follower")]
    edges += [("escape wheel", "detent", "contact"), ("detent", "pump arbor", "contact")]
    edges += [("pump arbor", "follower", "contact"), ("follower", "bellows", "contact"), ("plate", "bellows", "spring")]
    edges += [("plate", valve, sort) for valve in ("inlet reed", "outlet reed") for sort in ("spring", "contact")]
    return edges
