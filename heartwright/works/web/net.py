"""What a graph is to a web: named nodes and the threads between them, cleaned, with all that was dropped told."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

from heartwright.records import Floats, Ints

MOST_THREADS = 5_000  # as many live in real time on one core; more are left out, and that is told
HELD = 200_000  # as many are read to choose those from; what comes after is only counted
NO_THREADS = "a graph without a single thread between two different nodes; give it at least one edge"


@dataclass(frozen=True, slots=True)
class Net:
    """Nodes and threads. `told` says, for people, what was met and left out.

    names [n_node]; ends [n_thread, 2] indices of nodes; weight [n_thread], 1 where none was given; piece [n_node].
    """

    names: tuple[str, ...]
    ends: Ints
    weight: Floats
    piece: Ints
    told: tuple[str, ...] = ()
    left_out: int = 0  # threads beyond what a web holds
    source: str = ""

    @property
    def pieces(self) -> int:
        return int(self.piece.max()) + 1


@dataclass(slots=True)
class Gathered:
    """A graph while it is read: takes one thread after another until it holds `held`, and counts the rest."""

    most: int = MOST_THREADS
    held: int = HELD
    names: list[str] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    loops: int = 0
    doubles: int = 0
    left_out: int = 0
    odd_weights: int = 0
    _index: dict[Hashable, int] = field(default_factory=dict)
    _known: set[tuple[int, int]] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self.ends) >= max(self.most, self.held)

    def node(self, key: Hashable, name: str = "") -> int:
        """The index of a node, made where it is new."""
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = len(self.names)
            self.names.append(name or shown(str(key)))
        return found

    def thread(self, a: Hashable, b: Hashable, weight: Any = 1.0) -> None:
        """One more thread between two nodes; loops, doubles and what is too much are counted, not kept."""
        if a == b:
            self.loops += 1
            if not self.full:
                self.node(a)
            return
        if self.full and (a not in self._index or b not in self._index):
            self.left_out += 1
            return
        i, j = self.node(a), self.node(b)
        pair = (i, j) if i < j else (j, i)
        if pair in self._known:
            self.doubles += 1
        elif self.full:
            self.left_out += 1
        else:
            self._known.add(pair)
            self.ends.append(pair)
            self.weight.append(self._weight(weight))

    def _weight(self, given: Any) -> float:
        try:
            value = float(given)
        except (TypeError, ValueError):
            value = np.nan
        if not (np.isfinite(value) and value > 0.0):
            self.odd_weights += 1
            return 1.0
        return value

    def net(self, source: str = "") -> Net:
        """The finished graph. Raises ValueError for one without nodes or threads."""
        where = f"{source}: " if source else ""
        if not self.names:
            raise ValueError(f"{where}an empty graph: no nodes at all; give it at least one edge between two nodes")
        if not self.ends:
            raise ValueError(f"{where}{NO_THREADS} ({count(len(self.names), 'node')}, {self.loops} to itself)")
        return _bound(self, source)


def shown(text: str, most: int = 80) -> str:
    """A name that can be printed: control characters out, not too long."""
    kept = "".join(c if c.isprintable() else " " for c in text).strip()
    return kept[: most - 1] + "…" if len(kept) > most else kept or "(no name)"


def count(n: int, what: str) -> str:
    """`n` of something, with its plural."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def gather(graph: Any, most: int = MOST_THREADS) -> Net:
    """A net from a networkx graph, pairs of names (a third value is the weight), or a Net itself."""
    if isinstance(graph, Net):
        return graph
    found = Gathered(most)
    if hasattr(graph, "nodes") and hasattr(graph, "edges"):
        for key, data in graph.nodes(data=True):
            if len(found.names) < HELD:
                found.node(key, shown(str(data.get("label", data.get("name", key)))))
        edges: Iterable[Any] = graph.edges(data="weight", default=1.0)
    else:
        edges = graph
    for edge in edges:
        if len(edge) < 2:
            raise ValueError(f"an edge {edge!r}; two names (and a weight) are wanted for each, e.g. ('a', 'b')")
        found.thread(edge[0], edge[1], edge[2] if len(edge) > 2 else 1.0)
    return found.net()


def _bound(found: Gathered, source: str) -> Net:
    """Leave out nodes without threads, number the pieces, say all that was met."""
    ends, weight = np.array(found.ends, np.int64), np.array(found.weight)
    told = list(found.told)
    left_out = found.left_out
    if len(ends) > found.most:
        kept, middle = _core(ends, len(found.names), found.most)
        read = f" of the first {len(ends):,}" if left_out else ""
        left_out += len(ends) - len(kept)
        ends, weight = ends[kept], weight[kept]
        who = f"{found.names[middle]!r}, the best connected node{read}"
        told.append(f"kept the {len(ends):,} threads nearest to {who}; {left_out:,} left out")
    used, inverse = np.unique(ends, return_inverse=True)
    alone = len(found.names) - len(np.unique(np.array(found.ends)))
    ends = inverse.reshape(ends.shape).astype(np.int64)
    names = tuple(found.names[i] for i in used)
    for n, one, more in (
        (found.loops, "thread from a node to itself dropped", "threads from a node to itself dropped"),
        (found.doubles, "thread given twice dropped", "threads given more than once dropped"),
        (found.odd_weights, "weight that is no positive number taken as 1", "weights that are no positive number: 1"),
        (alone, "node without a thread left out", "nodes without a thread left out"),
    ):
        if n:
            told.append(f"{n:,} {one if n == 1 else more}")
    linked = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    pieces, label = connected_components(linked, directed=False)
    if pieces > 1:
        told.append(f"{pieces:,} pieces that do not hang together: each gets anchors of its own")
    return Net(names, ends, weight, _by_size(label), tuple(told), left_out, source)


def _core(ends: Ints, n_node: int, most: int) -> tuple[Ints, int]:
    """Which `most` threads lie nearest to the best connected node, in the order given; and that node.

    Where its piece has not so many, the largest other pieces make up for it.
    """
    linked = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_node, n_node)).tocsr()
    middle = int(np.argmax(np.bincount(ends.ravel(), minlength=n_node)))
    _, piece = connected_components(linked, directed=False)
    rank = n_node + _by_size(piece)
    order = breadth_first_order(linked, middle, directed=False, return_predecessors=False)
    rank[order] = np.arange(len(order))
    near = np.argsort(rank[ends].max(1), kind="stable")[:most]
    return np.sort(near), middle


def _by_size(piece: Ints) -> Ints:
    """Pieces numbered from the largest down."""
    order = np.argsort(-np.bincount(piece), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    found: Ints = rank[piece].astype(np.int64)
    return found
