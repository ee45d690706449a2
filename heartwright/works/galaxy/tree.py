"""The octree of [barnes1986] with quadrupoles, for many bodies.

Bodies are sorted along a Morton curve, so that every cell is a run of them; cells stand in the order of a walk, each
with the number of the one that comes after all within it. The walk is made once for a group of neighbours [barnes1990]:
a cell is opened unless its centre of mass lies further from the group's box than edge / opening and its own distance
from the middle of the cell; what is left, cells and single bodies, is laid in two lists, over which each body of the
group then sums in single precision, vectorised by the compiler. A cell's pull is that of its mass and its second
moments S about its centre of mass, softened as everything is: with x from it, u = (x^2 + e^2)^(-1/2),

    phi = -m u - (3/2) x.S.x u^5 + (1/2) tr S u^3,   a = -grad phi.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from heartwright.records import Floats, Ints

LEAF: Final = 12  # a cell with so many bodies or fewer is not divided
GROUP: Final = 48  # neighbours that share a walk, at most
BITS: Final = 21  # of a key, for each axis
#: Columns of a cell: middle (3), edge, mass, centre of mass (3), second moments xx, yy, zz, xy, xz, yz.
MX, MY, MZ, EDGE, M, X, Y, Z, XX, YY, ZZ, XY, XZ, YZ = range(14)
#: Whole numbers of a cell: first body, last body + 1, the cell after all within it.
FIRST, LAST, AFTER = range(3)
_jit: Final[dict[str, Any]] = {"cache": True, "nogil": True, "error_model": "numpy"}


@dataclass(frozen=True, slots=True)
class Tree:
    """Cells over bodies. `order` [n] sorts the bodies given; `group` [n_group] names the cell of each group."""

    order: Ints
    body: Floats  # [n, 4] in that order: place and mass
    cell: Floats  # [n_cell, 14]
    run: Ints  # [n_cell, 3]
    group: Ints

    @classmethod
    def of(cls, mass: Floats, place: Floats) -> Tree:
        """The tree over bodies [n], [n, 3]."""
        low = place.min(axis=0)
        edge = max(float((place.max(axis=0) - low).max()), 1e-12) * (1.0 + 1e-9)
        key = np.empty(len(mass), np.int64)
        keys(place, low, edge, key)
        order = np.argsort(key, kind="stable")
        body = np.column_stack([place[order], mass[order]])
        room = 2 * len(mass) + 64
        cell, run, group = np.zeros((room, 14)), np.zeros((room, 3), np.int64), np.empty(len(mass), np.int64)
        cells, groups = divide(key[order], low, edge, cell, run, group)
        if cells < 0:
            raise MemoryError("the tree has more cells than were made room for")
        weigh(body, run[:cells], cell[:cells])
        return cls(order, body, cell[:cells], run[:cells], group[:groups])

    @property
    def groups(self) -> int:
        return len(self.group)

    def walk(self, softening: float, opening: float, first: int, last: int, field: Floats) -> None:
        """Write the field [n, 5] of the bodies in groups first..last; each one's own share is left in."""
        room = len(self.body)
        near, far = np.empty((4, room), np.float32), np.empty((10, len(self.cell)), np.float32)
        walk(
            self.order, self.body, self.cell, self.run, self.group[first:last],
            np.float32(softening**2), 1.0 / opening, near, far, field,
        )  # fmt: skip


@njit(**_jit)
def keys(place: Any, low: Any, edge: float, key: Any) -> None:
    """Morton keys [n] of places [n, 3] in the cube at `low` [3]."""
    scale = (1 << BITS) / edge
    for i in range(place.shape[0]):
        k = 0
        for axis in range(3):
            q = min(int((place[i, axis] - low[axis]) * scale), (1 << BITS) - 1)
            for bit in range(BITS):
                k |= ((q >> bit) & 1) << (3 * bit + 2 - axis)
        key[i] = k


@njit(**_jit)
def divide(key: Any, low: Any, edge: float, cell: Any, run: Any, group: Any) -> tuple[int, int]:
    """Cells over sorted keys [n], in the order of a walk; their number (-1: no room) and that of the groups."""
    level_of = np.zeros(cell.shape[0], np.int64)
    parent = np.zeros(8 * BITS + 8, np.int64)  # cells still to be made: first, last, level, in a group already
    todo = np.empty((8 * BITS + 8, 4), np.int64)
    top, cells, groups = 1, 0, 0
    todo[0, 0], todo[0, 1], todo[0, 2], todo[0, 3] = 0, key.shape[0], 0, 0
    while top > 0:
        top -= 1
        first, last, level, held = todo[top, 0], todo[top, 1], todo[top, 2], todo[top, 3]
        if cells >= cell.shape[0]:
            return -1, 0
        size = edge / (1 << level)
        k = key[first]
        for axis in range(3):
            q = 0
            for bit in range(BITS - level, BITS):
                q |= ((k >> (3 * bit + 2 - axis)) & 1) << (bit - (BITS - level))
            cell[cells, axis] = low[axis] + (q + 0.5) * size
        cell[cells, EDGE] = size
        run[cells, FIRST], run[cells, LAST] = first, last
        level_of[cells] = level
        if held == 0 and (last - first <= GROUP or level == BITS):
            group[groups] = cells
            groups += 1
            held = 1
        if last - first > LEAF and level < BITS:
            shift = 3 * (BITS - 1 - level)
            end = last
            for octant in range(7, -1, -1):  # from the last, so that the first is taken up first
                begin = end
                while begin > first and ((key[begin - 1] >> shift) & 7) == octant:
                    begin -= 1
                if begin < end:
                    todo[top, 0], todo[top, 1], todo[top, 2], todo[top, 3] = begin, end, level + 1, held
                    top += 1
                end = begin
        cells += 1
    # the cell after all within it: the next one that is not deeper
    depth = 0
    for c in range(cells):
        while depth > 0 and level_of[parent[depth - 1]] >= level_of[c]:
            depth -= 1
            run[parent[depth], AFTER] = c
        parent[depth] = c
        depth += 1
    for d in range(depth):
        run[parent[d], AFTER] = cells
    return cells, groups


@njit(**_jit)
def weigh(body: Any, run: Any, cell: Any) -> None:
    """Mass, centre and second moments of every cell: of leaves from bodies, of others from the cells within."""
    for c in range(run.shape[0] - 1, -1, -1):
        leaf = run[c, AFTER] == c + 1
        m = x = y = z = 0.0
        inner = c + 1
        i = run[c, FIRST]
        while (i < run[c, LAST]) if leaf else (inner < run[c, AFTER]):
            w = body[i, 3] if leaf else cell[inner, M]
            x += w * (body[i, 0] if leaf else cell[inner, X])
            y += w * (body[i, 1] if leaf else cell[inner, Y])
            z += w * (body[i, 2] if leaf else cell[inner, Z])
            m += w
            i += 1
            inner = inner + 1 if leaf else run[inner, AFTER]
        if m > 0.0:
            x, y, z = x / m, y / m, z / m
        else:
            x, y, z = cell[c, MX], cell[c, MY], cell[c, MZ]
        cell[c, M], cell[c, X], cell[c, Y], cell[c, Z] = m, x, y, z
        inner = c + 1
        i = run[c, FIRST]
        while (i < run[c, LAST]) if leaf else (inner < run[c, AFTER]):
            w = body[i, 3] if leaf else cell[inner, M]
            dx = (body[i, 0] if leaf else cell[inner, X]) - x
            dy = (body[i, 1] if leaf else cell[inner, Y]) - y
            dz = (body[i, 2] if leaf else cell[inner, Z]) - z
            if not leaf:
                for k in range(XX, YZ + 1):
                    cell[c, k] += cell[inner, k]
            cell[c, XX] += w * dx * dx
            cell[c, YY] += w * dy * dy
            cell[c, ZZ] += w * dz * dz
            cell[c, XY] += w * dx * dy
            cell[c, XZ] += w * dx * dz
            cell[c, YZ] += w * dy * dz
            i += 1
            inner = inner + 1 if leaf else run[inner, AFTER]


@njit(**_jit)
def gather(body: Any, cell: Any, run: Any, home: int, wide: float, near: Any, far: Any) -> tuple[int, int]:
    """List what a group `home` feels, from its middle: single bodies in `near`, whole cells in `far`; the counts."""
    first, last = run[home, FIRST], run[home, LAST]
    cx, cy, cz = cell[home, X], cell[home, Y], cell[home, Z]
    lx = hx = body[first, 0]
    ly = hy = body[first, 1]
    lz = hz = body[first, 2]
    for i in range(first + 1, last):
        lx, hx = min(lx, body[i, 0]), max(hx, body[i, 0])
        ly, hy = min(ly, body[i, 1]), max(hy, body[i, 1])
        lz, hz = min(lz, body[i, 2]), max(hz, body[i, 2])
    singles = wholes = 0
    c = 0
    while c < run.shape[0]:
        x, y, z = cell[c, X], cell[c, Y], cell[c, Z]
        dx = max(lx - x, x - hx, 0.0)
        dy = max(ly - y, y - hy, 0.0)
        dz = max(lz - z, z - hz, 0.0)
        ox, oy, oz = x - cell[c, MX], y - cell[c, MY], z - cell[c, MZ]
        reach = cell[c, EDGE] * wide + np.sqrt(ox * ox + oy * oy + oz * oz)
        if dx * dx + dy * dy + dz * dz > reach * reach:
            far[0, wholes], far[1, wholes], far[2, wholes] = x - cx, y - cy, z - cz
            for k in range(7):
                far[3 + k, wholes] = cell[c, M] if k == 0 else cell[c, XX + k - 1]
            wholes += 1
            c = run[c, AFTER]
        elif run[c, AFTER] == c + 1:
            for i in range(run[c, FIRST], run[c, LAST]):
                near[0, singles], near[1, singles] = body[i, 0] - cx, body[i, 1] - cy
                near[2, singles], near[3, singles] = body[i, 2] - cz, body[i, 3]
                singles += 1
            c = run[c, AFTER]
        else:
            c += 1
    return singles, wholes


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def walk(
    order: Any, body: Any, cell: Any, run: Any, group: Any,
    softening2: Any, wide: float, near: Any, far: Any, field: Any,
) -> None:  # fmt: skip
    """field [n, 5] of the bodies in these groups; near [4, n], far [10, n_cell]: room for the lists, float32."""
    one, half, zero = np.float32(1.0), np.float32(0.5), np.float32(0.0)
    three_halves, three, fifteen_halves = np.float32(1.5), np.float32(3.0), np.float32(7.5)
    for g in range(group.shape[0]):
        home = group[g]
        first, last = run[home, FIRST], run[home, LAST]
        cx, cy, cz = cell[home, X], cell[home, Y], cell[home, Z]
        singles, wholes = gather(body, cell, run, home, wide, near, far)
        for i in range(first, last):
            xi, yi, zi = np.float32(body[i, 0] - cx), np.float32(body[i, 1] - cy), np.float32(body[i, 2] - cz)
            ax = ay = az = phi = rho = zero
            for j in range(singles):
                px, py, pz = near[0, j] - xi, near[1, j] - yi, near[2, j] - zi
                r2 = px * px + py * py + pz * pz + softening2
                u = one / np.sqrt(r2) if r2 > zero else zero
                w = near[3, j] * u
                u2 = u * u
                f = w * u2
                ax += f * px
                ay += f * py
                az += f * pz
                phi += w
                rho += f * u2
            for j in range(wholes):
                px, py, pz = far[0, j] - xi, far[1, j] - yi, far[2, j] - zi
                u = one / np.sqrt(px * px + py * py + pz * pz + softening2)
                u2 = u * u
                u3 = u * u2
                u5 = u3 * u2
                sx = far[4, j] * px + far[7, j] * py + far[8, j] * pz
                sy = far[7, j] * px + far[5, j] * py + far[9, j] * pz
                sz = far[8, j] * px + far[9, j] * py + far[6, j] * pz
                q = px * sx + py * sy + pz * sz
                t = far[4, j] + far[5, j] + far[6, j]
                along = far[3, j] * u3 + (fifteen_halves * q * u2 - three_halves * t) * u5
                ax += along * px - three * u5 * sx
                ay += along * py - three * u5 * sy
                az += along * pz - three * u5 * sz
                phi += far[3, j] * u + three_halves * q * u5 - half * t * u3
                rho += far[3, j] * u5
            to = order[i]
            field[to, 0] = ax
            field[to, 1] = ay
            field[to, 2] = az
            field[to, 3] = -phi
            field[to, 4] = rho
