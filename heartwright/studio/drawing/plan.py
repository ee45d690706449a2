"""The plan of a train: where its arbors stand so that meshes are at their distance and nothing meets an arbor.

The last arbor (escape or pump) is given; the others are placed back from it towards the barrel, each in the direction
nearest to the one preferred that keeps wheels off arbors. Wheels that overlap in plan lie in layers of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heartwright.design import Design
from heartwright.studio.drawing.teeth import Mesh, meshes_of

STEP = math.radians(10.0)
TRIED = 18  # directions to either side of the preferred one
#: Least distance between a wheel's tips and an arbor, in modules of that wheel.
CLEAR = 1.5


@dataclass(frozen=True, slots=True)
class Post:
    """Something that stands through the layers of a train: an arbor or a pillar. [m]"""

    x: float
    y: float
    radius: float


def train_meshes(design: Design) -> list[Mesh]:
    """The meshes of a design's train, from the barrel down."""
    train = design.train
    wheels = [(train.barrel.teeth, train.barrel.module), *((arbor.wheel, arbor.module) for arbor in train.arbors)]
    pinions = [*(arbor.pinion for arbor in train.arbors), train.escape_pinion]
    return meshes_of(wheels, pinions)


def lay_out(
    meshes: Sequence[Mesh], last: tuple[float, float], preferred: Sequence[float], posts: Sequence[Post], drum: float
) -> list[tuple[float, float]]:
    """Places of the arbors from barrel to last.

    preferred: direction of each driver seen from what it drives, from the barrel down [rad]; posts: what wheels must
    keep off; drum: radius of the barrel's drum, which wheels two or more meshes on must keep off too.
    Raises ValueError where no plan fits.
    """
    places: list[tuple[float, float]] = [last]
    if not _place(meshes, len(meshes) - 1, places, preferred, posts, drum):
        raise ValueError(
            f"no plan for this train: with centre distances {[round(m.distance * 1e3, 2) for m in meshes]} mm every "
            "try runs a wheel into an arbor; usual: wheels that grow towards the barrel"
        )
    return places


def _place(
    meshes: Sequence[Mesh],
    index: int,
    places: list[tuple[float, float]],
    preferred: Sequence[float],
    posts: Sequence[Post],
    drum: float,
) -> bool:
    """Place the driver of mesh `index` in front of `places`, then those before it; whether it could be done."""
    if index < 0:
        return True
    mesh, driven = meshes[index], places[0]
    for turn in _fan(preferred[index]):
        at = (driven[0] + mesh.distance * math.cos(turn), driven[1] + mesh.distance * math.sin(turn))
        if _fits(meshes, index, at, places, posts, drum):
            places.insert(0, at)
            if _place(meshes, index - 1, places, preferred, posts, drum):
                return True
            places.pop(0)
    return False


def _fan(first: float) -> Iterator[float]:
    yield first
    for k in range(1, TRIED + 1):
        yield first + k * STEP
        yield first - k * STEP


def _fits(
    meshes: Sequence[Mesh],
    index: int,
    at: tuple[float, float],
    places: Sequence[tuple[float, float]],
    posts: Sequence[Post],
    drum: float,
) -> bool:
    mesh = meshes[index]
    clear = CLEAR * mesh.module
    if any(math.dist(at, (p.x, p.y)) < mesh.wheel_tip + p.radius + clear for p in posts):
        return False
    for k, other in enumerate(places):  # the arbor driven by mesh index + k
        if k >= 1 and math.dist(at, other) < mesh.wheel_tip + clear:
            return False
        own = index + k + 1  # the mesh which that arbor's wheel drives
        if k >= 1 and own < len(meshes):
            if math.dist(at, other) < meshes[own].wheel_tip + CLEAR * meshes[own].module:
                return False
            if index == 0 and math.dist(at, other) < drum + meshes[own].wheel_tip:
                return False
    if places and index + 1 < len(meshes):  # the wheel beside our pinion's partner must clear our arbor
        return math.dist(at, places[0]) > meshes[index + 1].wheel_tip + CLEAR * meshes[index + 1].module
    return True
