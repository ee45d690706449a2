"""Units at the edges: what parses, what is refused and how it is said, and that text and number are inverse."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from heartwright import units


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("12.5 mm", "length", 0.0125),
        ("12 µm", "length", 12e-6),
        ("21600 bph", "rate", 6.0),
        ("0.56 uN m", "torque", 0.56e-6),
        ("3 mN mm", "torque", 3e-6),
        ("16 mg cm2", "inertia", 1.6e-9),
        ("16 mg·cm²", "inertia", 1.6e-9),
        ("20 ug mm", "unpoise", 2e-11),
        ("0.5685 uN m/rad", "stiffness", 5.685e-7),
        ("1 turn", "angle", 2.0 * math.pi),
        ("52 deg", "angle", math.radians(52.0)),
        ("3.2e9 Pa s/m3", "flow_resistance", 3.2e9),
        ("6e-8 N m s2", "torque_per_speed2", 6e-8),
        ("9 kHz", "frequency", 9000.0),
        ("-12 dB", "level", -12.0),
    ],
)
def test_parse_gives_si(text: str, dimension: str, value: float) -> None:
    assert units.parse(text, dimension) == pytest.approx(value, rel=1e-14)


def test_same_length_in_two_units_is_the_same_number() -> None:
    assert units.parse("0.36 mm", "length") == units.parse("360 um", "length")


@pytest.mark.parametrize(
    ("text", "dimension", "said"),
    [
        ("5", "length", "has no unit"),
        ("5 s", "length", "not a unit for a length"),
        ("5 mmm", "length", "Did you mean 'mm'"),
        ("5,2 mm", "length", "decimal point"),
        ("long", "length", "not a number with a unit"),
        ("3 Hz", "rate", "21600 bph"),
        ("5 %", "angle", "a ratio"),
        ("5 mm)(", "length", "is not a unit"),
        ("1e400 mm", "length", "finite"),
        ("3 mm", "level", "dB"),
        ("3 mm", "breadth", "not a dimension"),
    ],
)
def test_errors_say_what_is_allowed(text: str, dimension: str, said: str) -> None:
    with pytest.raises(units.UnitError, match=".") as caught:
        units.parse(text, dimension)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [0.0125, 3.03e-4, 1e-5, 0.1 + 0.2, 1.0 / 3.0, 7e-9, 123456.789])
def test_best_text_reads_back(value: float) -> None:
    assert units.parse(units.best(value, "length"), "length") == pytest.approx(value, rel=1e-15)


def test_show_writes_the_fewest_digits() -> None:
    assert units.show(0.0125, "mm") == "12.5 mm"
    assert units.show(math.radians(1.75), "deg") == "1.75 deg"
    assert units.show(6.0, "bph") == "21600 bph"
    with pytest.raises(units.UnitError, match="not a unit that values are shown in"):
        units.show(1.0, "furlong")


def test_importing_units_does_not_import_pint() -> None:
    code = "import sys, heartwright, heartwright.units; sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
