"""A user's snapshot: a table of bodies (CSV), or the HDF5 of Gadget-2, -3, -4, AREPO and SWIFT.

CSV: a header that names m, x, y, z, vx, vy, vz in any order, other columns passed over; units such that the constant of
gravity is `g` (1 where not told). HDF5 (needs h5py, the extra "snapshots"): Coordinates, Velocities and Masses or the
header's MassTable of every PartType, all taken as bodies that feel gravity alone, gas too; g from the units that the
file states, else Gadget's usual kpc, 10^10 solar masses, km/s. Not read: comoving (cosmological) snapshots, sets of
several files, FITS, NEMO, TIPSY.

What is read is put into Henon's units: mass 1, energy -1/4, centre of mass at rest.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from heartwright.records import Floats, Ints
from heartwright.works.galaxy.force import PHI, Forces
from heartwright.works.galaxy.models import FEWEST, MOST, coincident
from heartwright.works.galaxy.spheres import Bodies

COLUMNS: Final = ("m", "x", "y", "z", "vx", "vy", "vz")
MOST_READ: Final = 2_000_000  # rows that are looked at where a snapshot is to be thinned
LARGEST: Final = 1e30
G_CGS: Final = 6.674_30e-8
GADGET: Final = (3.085_678e21, 1.989e43, 1e5)  # kpc [cm], 10^10 solar masses [g], km/s [cm/s]


class SnapshotError(ValueError):
    """A snapshot that cannot be read: what was found, what is allowed, the usual fix."""


def read(
    path: str | Path, *, thin: int | None = None, g: float | None = None, seed: int = 1
) -> tuple[Bodies, tuple[str, ...]]:
    """Bodies in Henon units, and notes on what was done to them.

    thin: take so many of the bodies by chance, the mass of the rest shared out. Raises SnapshotError, OSError.
    """
    file = Path(path)
    if thin is not None and not FEWEST <= thin <= MOST:
        raise SnapshotError(f"thin={thin}: {FEWEST} to {MOST} bodies are allowed")
    if g is not None and not (math.isfinite(g) and g > 0.0):
        raise SnapshotError(f"g={g:g}: the constant of gravity in the file's units, above 0, is wanted, e.g. 43007.1")
    suffix = file.suffix.lower()
    if suffix in (".hdf5", ".h5"):
        rows, kinds, stated = _hdf5(file)
    elif suffix in (".csv", ".txt"):
        rows, kinds, stated = _table(file, bounded=thin is None), np.zeros(0, np.int64), 1.0
    else:
        raise SnapshotError(f"{file.name}: .csv, .hdf5 and .h5 are read; convert {suffix or 'it'} to one of these")
    kinds = kinds if len(kinds) else np.zeros(len(rows), np.int64)
    rows, kinds, notes = _thinned(file, rows, kinds, thin, seed)
    bodies, said = henon(Bodies(rows[:, 0], rows[:, 1:4], rows[:, 4:7], kinds), g=stated if g is None else g)
    twins = coincident(bodies.place)
    if twins is not None:
        said += (f"bodies {twins[0] + 1} and {twins[1] + 1} are in one place: the softening keeps their pull finite",)
    return bodies, notes + said


def henon(bodies: Bodies, *, g: float) -> tuple[Bodies, tuple[str, ...]]:
    """The same in Henon's units; by the virial radius alone, and told, where it is not bound."""
    mass = float(bodies.mass.sum())
    bodies = bodies.at_rest()
    size = float(np.median(np.linalg.norm(bodies.place, axis=1)))
    if not size > 0.0:
        raise SnapshotError("all bodies are in one place; nothing can be made of that")
    kinetic = 0.5 * float(bodies.mass @ np.sum(bodies.velocity**2, axis=1))
    share = bodies.mass / mass
    apart, which = np.unique(bodies.place / size, axis=0, return_inverse=True)
    merged: Floats = np.bincount(which.ravel(), share).astype(
        float
    )  # what is in one place has no pull on itself that would count
    potential = 0.5 * g * mass**2 / size * float(merged @ Forces(1e-3).of(merged, apart)[:, PHI])
    energy = kinetic + potential
    notes: tuple[str, ...] = ()
    if energy < 0.0:
        length = g * mass**2 / (4.0 * -energy)
    else:
        length = g * mass**2 / (2.0 * -potential)
        notes = ("it is not bound: its energy is above 0, and the virial radius of its places alone sets the scale",)
    speed = math.sqrt(g * mass / length)
    return Bodies(share, bodies.place / length, bodies.velocity / speed, bodies.group), notes


def _thinned(
    file: Path, rows: Floats, kinds: Ints, thin: int | None, seed: int
) -> tuple[Floats, Ints, tuple[str, ...]]:
    n = len(rows)
    if n < FEWEST:
        raise SnapshotError(f"{file.name}: {n} bodies; at least {FEWEST} are wanted")
    if thin is None or n <= thin:
        if n > MOST:
            raise SnapshotError(f"{file.name}: {n} bodies, {MOST} are allowed; take part of them: n=20000")
        return rows, kinds, ()
    kept = np.sort(np.random.default_rng([seed, 0x7419]).choice(n, thin, replace=False))
    out = rows[kept]
    out[:, 0] *= rows[:, 0].sum() / out[:, 0].sum()
    return out, kinds[kept], (f"{thin} of {n} bodies by chance, with the mass of all",)


# --------------------------------------------------------------------------------------------------- tables


def _table(file: Path, *, bounded: bool) -> Floats:
    most = MOST if bounded else MOST_READ
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        lines = csv.reader(stream)
        try:
            head = [name.strip().lower() for name in next(lines, [])]
        except csv.Error as error:
            raise SnapshotError(f"{file.name}: not a table ({error}); write the bodies as CSV") from None
        missing = [c for c in COLUMNS if c not in head]
        if missing:
            found = ", ".join(head[:12]) or "nothing"
            raise SnapshotError(
                f"{file.name}: the header has no {', '.join(missing)}; {','.join(COLUMNS)} is wanted, found: {found}"
            )
        at = [head.index(c) for c in COLUMNS]
        rows = np.fromiter(_flat(file, lines, at, most), float).reshape(-1, len(COLUMNS))
    if len(rows) > most:
        fix = "take part of them: n=20000" if bounded else "thin the file first"
        raise SnapshotError(f"{file.name}: more than {most} bodies; {fix}")
    return rows


def _flat(file: Path, lines: Iterable[list[str]], at: list[int], most: int) -> Iterator[float]:
    """The numbers of the table, row by row, of one row more than `most` at most."""
    try:
        for row in islice(_numbers(file, lines, at), most + 1):
            yield from row
    except csv.Error as error:
        raise SnapshotError(f"{file.name}: not a table ({error}); write the bodies as CSV") from None


def _numbers(file: Path, lines: Iterable[list[str]], at: list[int]) -> Iterator[list[float]]:
    for number, line in enumerate(lines, start=2):
        if not line or not any(cell.strip() for cell in line):
            continue
        try:
            row = [float(line[k]) for k in at]
        except IndexError:
            raise SnapshotError(f"{file.name}, row {number}: {len(line)} cells; the header has more") from None
        except ValueError:
            bad = next(name for name, k in zip(COLUMNS, at, strict=True) if not _is_number(line[k]))
            cell = line[at[COLUMNS.index(bad)]].strip()
            raise SnapshotError(f"{file.name}, row {number}: {bad} is {cell!r}; a number is wanted") from None
        _check(file, f"row {number}", row)
        yield row


def _check(file: Path, where: str, row: list[float]) -> None:
    for name, value in zip(COLUMNS, row, strict=True):
        if not abs(value) <= LARGEST:
            raise SnapshotError(
                f"{file.name}, {where}: {name} is {value}; a number within {LARGEST:g} is wanted, or leave it out"
            )
    if row[0] <= 0.0:
        raise SnapshotError(f"{file.name}, {where}: mass {row[0]:g}; a mass above 0 is wanted, or leave it out")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --------------------------------------------------------------------------------------------------- HDF5


def _hdf5(file: Path) -> tuple[Floats, Ints, float]:
    try:
        import h5py
    except ImportError:
        raise SnapshotError(
            f"{file.name}: HDF5 needs h5py; pip install 'heartwright[snapshots]', or write the bodies as CSV"
        ) from None
    if not file.exists():
        raise FileNotFoundError(2, "No such file or directory", str(file))
    try:
        with h5py.File(file, "r") as data:
            _refuse_comoving(file, data)
            parts = [_part(file, data, k) for k in range(7) if f"PartType{k}" in data]
            g = _gravity(data)
    except SnapshotError:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise SnapshotError(f"{file.name}: not readable as a snapshot ({error}); write it again, or as CSV") from None
    if not parts:
        raise SnapshotError(f"{file.name}: no PartType0 to PartType6 in it; is it a Gadget or SWIFT snapshot?")
    rows, kinds = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    bad = ~(np.abs(rows) <= LARGEST).all(axis=1) | ~(rows[:, 0] > 0.0)
    if bad.any():
        k = int(np.argmax(bad))
        _check(file, f"body {k + 1} (PartType{kinds[k]})", rows[k].tolist())
    return rows, kinds, g


def _part(file: Path, data: Any, kind: int) -> tuple[Floats, Ints]:
    part = data[f"PartType{kind}"]
    missing = [name for name in ("Coordinates", "Velocities") if name not in part]
    if missing:
        raise SnapshotError(f"{file.name}: PartType{kind} has no {' and no '.join(missing)}")
    n = len(part["Coordinates"])
    if n > MOST_READ:
        raise SnapshotError(
            f"{file.name}: {n} bodies of PartType{kind}; {MOST_READ} are looked at; thin the file first"
        )
    if "Masses" in part:
        mass = np.asarray(part["Masses"], float)
    else:
        table = (
            np.asarray(data["Header"].attrs.get("MassTable", np.zeros(7)), float) if "Header" in data else np.zeros(7)
        )
        if not (len(table) > kind and table[kind] > 0.0):
            raise SnapshotError(f"{file.name}: PartType{kind} has no Masses, and the header's MassTable none either")
        mass = np.full(n, table[kind])
    place, velocity = (np.asarray(part[name], float).reshape(-1, 3) for name in ("Coordinates", "Velocities"))
    if not len(mass) == len(place) == len(velocity):
        raise SnapshotError(
            f"{file.name}: PartType{kind} has {len(place)} places, {len(velocity)} velocities, {len(mass)} masses"
        )
    return np.column_stack([mass, place, velocity]), np.full(n, kind, np.int64)


def _refuse_comoving(file: Path, data: Any) -> None:
    head = data["Header"].attrs if "Header" in data else {}
    if _first(head.get("NumFilesPerSnapshot", 1)) > 1:
        raise SnapshotError(f"{file.name}: one of a set of files; join them first, or write the bodies as CSV")
    swift = data["Cosmology"].attrs.get("Cosmological run", 0) if "Cosmology" in data else 0
    if _first(swift) or _first(head.get("Omega0", 0.0)) > 0.0 or _first(head.get("Redshift", 0.0)) > 0.0:
        raise SnapshotError(
            f"{file.name}: a cosmological snapshot in comoving units; cut one galaxy out of it and write it as CSV"
        )


def _gravity(data: Any) -> float:
    """The constant of gravity in the file's own units."""
    length, mass, speed = GADGET
    if "Units" in data:
        units = data["Units"].attrs
        length = _first(units.get("Unit length in cgs (U_L)", length))
        mass = _first(units.get("Unit mass in cgs (U_M)", mass))
        speed = length / _first(units.get("Unit time in cgs (U_t)", length / speed))
    elif "Parameters" in data:
        units = data["Parameters"].attrs
        length = _first(units.get("UnitLength_in_cm", length))
        mass = _first(units.get("UnitMass_in_g", mass))
        speed = _first(units.get("UnitVelocity_in_cm_per_s", speed))
    return G_CGS * mass / (length * speed**2)


def _first(value: Any) -> float:
    return float(np.ravel(value)[0])
