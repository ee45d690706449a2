"""Text with units to SI floats, and back: the only place where units are known.

`parse("12.5 mm", "length")` is 0.0125; `show(0.0125, "mm")` is "12.5 mm". Inside the package every number is SI (angles
in radians); text with units lives only at the edges: TOML files, the command line, reports. Pint does the work and is
imported at the first conversion, so that importing this module costs nothing.

Conventions: a beat rate is beats per second inside and "21600 bph" outside ("Hz" is refused there, since watchmakers'
hertz count whole oscillations, two beats each). Levels are decibels inside and out. Powers need no sign ("mg cm2"), a
space multiplies ("uN m"), one slash divides all that follows it up to the next space or slash ("Pa s/m3").
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any


class UnitError(ValueError):
    """A text that cannot be read as a quantity of the wanted dimension; the message names what is allowed."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One kind of quantity: its SI unit, units that `best` may pick (largest first) and an example for messages."""

    si: str
    shown: tuple[str, ...]
    example: str


DIMENSIONS: dict[str, Dimension] = {
    "length": Dimension("m", ("m", "mm", "um"), "12.5 mm"),
    "area": Dimension("m2", ("cm2",), "0.6 cm2"),
    "mass": Dimension("kg", ("kg", "g", "mg"), "46 mg"),
    "time": Dimension("s", ("s", "ms"), "0.25 s"),
    "angle": Dimension("rad", ("deg",), "1.75 deg"),
    "frequency": Dimension("Hz", ("Hz",), "9 kHz"),
    "rate": Dimension("1/s", ("bph",), "21600 bph"),
    "inertia": Dimension("kg m2", ("kg m2", "g cm2", "mg cm2", "mg mm2"), "16 mg cm2"),
    "stiffness": Dimension("N m/rad", ("N m/rad", "mN m/rad", "uN m/rad"), "0.5685 uN m/rad"),
    "torque": Dimension("N m", ("N m", "mN m", "uN m"), "0.85 uN m"),
    "torque_per_speed2": Dimension("N m s2", ("N m s2",), "6e-8 N m s2"),
    "unpoise": Dimension("kg m", ("g mm", "mg mm", "ug mm"), "20 ug mm"),
    "force": Dimension("N", ("N", "mN"), "8 mN"),
    "spring_rate": Dimension("N/m", ("N/m",), "2 N/m"),
    "damping": Dimension("N s/m", ("N s/m",), "0.05 N s/m"),
    "pressure": Dimension("Pa", ("GPa", "MPa", "Pa"), "20 Pa"),
    "density": Dimension("kg/m3", ("kg/m3",), "800 kg/m3"),
    "viscosity": Dimension("Pa s", ("Pa s", "mPa s"), "2 mPa s"),
    "flow_resistance": Dimension("Pa s/m3", ("Pa s/m3",), "3.2e9 Pa s/m3"),
    "compliance": Dimension("m3/Pa", ("m3/Pa",), "1e-11 m3/Pa"),
    "temperature_span": Dimension("K", ("K",), "27 K"),
    "level": Dimension("dB", ("dB",), "-12 dB"),
}

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_SUPERSCRIPTS = str.maketrans("²³⁴", "234")
_COMMON = (
    "mm um cm nm m deg rad turn bph Hz kHz mg g kg ug s ms us min h N mN uN nN Pa kPa MPa GPa mPa dB K J uJ".split()
)


def parse(text: str, dimension: str) -> float:
    """Read a quantity such as "12.5 mm" and return it in SI.

    Parameters
    ----------
    text : a number, then a unit ("12.5 mm", "0.56 uN m", "21600 bph", "1.75 deg")
    dimension : a key of `DIMENSIONS` ("length", "torque", ...)

    Returns
    -------
    The value in the SI unit of the dimension (radians for angles, beats per second for rates).

    Raises
    ------
    UnitError : if the number, the unit or its dimension does not fit; the message says what does.
    """
    wanted = _dimension(dimension)
    match = _NUMBER.match(text)
    if match is None or match.group(2).startswith(","):
        hint = " Use a decimal point, not a comma." if "," in text else ""
        raise UnitError(f"{text!r} is not a number with a unit. Write e.g. {wanted.example!r}.{hint}")
    number, unit = match.group(1), match.group(2)
    if not math.isfinite(float(number)):
        raise UnitError(f"{text!r} is not a finite number. Write e.g. {wanted.example!r}.")
    if not unit:
        raise UnitError(f"{text!r} has no unit. Write {_name(dimension)} with its unit, e.g. {wanted.example!r}.")
    return _scaled(number, _factor(unit, dimension))


def show(value: float, unit: str) -> str:
    """Write an SI `value` in `unit` with the fewest digits that read back as the same number ("12.5 mm").

    Raises UnitError if the unit is not one of `DIMENSIONS`.
    """
    dimension = next((name for name, d in DIMENSIONS.items() if unit in d.shown or unit == d.si), None)
    if dimension is None:
        known = sorted({u for d in DIMENSIONS.values() for u in d.shown})
        raise UnitError(f"{unit!r} is not a unit that values are shown in. Allowed: {', '.join(known)}.")
    factor = _factor(unit, dimension)
    for digits in range(1, 18):
        number = f"{value / factor:.{digits}g}"
        if _scaled(number, factor) == value:
            break
    return f"{_plain(number)} {unit}"


def best(value: float, dimension: str) -> str:
    """Write an SI `value` in that unit of its dimension that needs the shortest text ("303 um", "2.6 mm")."""
    shown = _dimension(dimension).shown
    if value == 0.0:
        return show(value, shown[len(shown) // 2])
    fitting = [unit for unit in shown if 1e-2 <= abs(value) / _factor(unit, dimension) < 1e5]
    return min((show(value, unit) for unit in fitting or shown), key=len)


def _dimension(name: str) -> Dimension:
    if name not in DIMENSIONS:
        raise UnitError(f"{name!r} is not a dimension. Allowed: {', '.join(DIMENSIONS)}.")
    return DIMENSIONS[name]


def _name(dimension: str) -> str:
    """A dimension with its article: "a length", "an angle"."""
    return f"{'an' if dimension[0] in 'aeiou' else 'a'} {dimension.replace('_', ' ')}"


def _scaled(number: str, factor: float) -> float:
    """number x factor, rounded once where the factor is one over a whole number: "0.36 mm" is "360 um"."""
    inverse = 1.0 / factor
    whole = round(inverse)
    if whole > 1 and abs(inverse / whole - 1.0) < 1e-12:
        return float(Fraction(number) / whole)
    return float(number) * factor


def _plain(number: str) -> str:
    """1e+03 -> 1000, where that is not longer than five figures."""
    value = float(number)
    return str(int(value)) if value.is_integer() and abs(value) < 1e6 else number


@lru_cache(maxsize=512)
def _factor(unit: str, dimension: str) -> float:
    """SI value of one `unit`. Raises UnitError where the unit is unknown or of another dimension."""
    wanted = _dimension(dimension)
    if dimension == "level":
        if unit != "dB":
            raise UnitError(f"{unit!r} is not a level. Levels are in dB, e.g. {wanted.example!r}.")
        return 1.0
    if dimension == "rate" and unit.endswith("Hz"):
        raise UnitError(
            f"{unit!r} is ambiguous for a beat rate (hertz count oscillations of two beats). Write beats per "
            f"hour, e.g. {wanted.example!r}."
        )
    if "%" in unit or "ppm" in unit:
        raise UnitError(f"{unit!r} is a ratio, not a unit for {_name(dimension)}. Write e.g. {wanted.example!r}.")
    registry = _registry()
    import pint

    try:
        quantity = registry.Quantity(1.0, _spell(unit))
    except pint.UndefinedUnitError as error:
        names: Any = error.unit_names
        raise UnitError(_unknown(names if isinstance(names, str) else " ".join(names), dimension)) from None
    except Exception:  # pint's tokenizer raises several kinds for malformed text
        raise UnitError(f"{unit!r} is not a unit. Write {_name(dimension)} such as {wanted.example!r}.") from None
    try:
        return float(quantity.to(_spell(wanted.si)).magnitude)
    except pint.DimensionalityError:
        raise UnitError(f"{unit!r} is not a unit for {_name(dimension)}. Write e.g. {wanted.example!r}.") from None


def _unknown(unit: str, dimension: str) -> str:
    near = difflib.get_close_matches(unit, _COMMON, n=1)
    mended = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown unit {unit!r}.{mended} Write {_name(dimension)} such as {DIMENSIONS[dimension].example!r}."


def _spell(unit: str) -> str:
    """Put a unit in Pint's spelling: "mg cm2" -> "mg*cm**2", "Pa s/m3" -> "Pa*s/m**3"."""
    text = unit.translate(_SUPERSCRIPTS).replace("·", " ").replace("^", "").replace("**", "").replace("*", " ")
    text = re.sub(r"(?<=[A-Za-zµμ°%])(-?\d+)", r"**\1", text)
    return re.sub(r"\s+", "*", re.sub(r"\s*/\s*", "/", text.strip()))


@lru_cache(maxsize=1)
def _registry() -> Any:
    """Pint's registry with the trade's units; built once, at the first conversion."""
    import pint

    registry: Any = pint.UnitRegistry(cache_folder=None)
    registry.define("bph = 1 / hour")
    return registry
