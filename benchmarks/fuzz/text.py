"""Session files to be damaged, and the ways of damaging them. Case `i` of a seed is always the same bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

from heartwright import sessions
from heartwright.records import Interval, Reading
from heartwright.sessions import store

_NUMBER = re.compile(rb"-?\d+\.\d+")
START = datetime(2026, 11, 26, 8, tzinfo=UTC)
_VALUES = (
    "nan", "inf", "-inf", "1e999", "-1e308", "0", "-0.0", "9" * 400, "true", '""', '"6H"', "'CB'", "[]", "{}",
    "[[1]]", "2026-13-45", "1979-05-27T07:32:00Z", "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00-23:59",
    '"""\n"""', "0x7fffffffffffffff", "1_0", "+.5", "{value = 1, low = 2, high = 0}", '"\\u0000"', '"\\uD800"',
    "1e-320", '"' + "x" * 3000 + '"', "[" * 3000, "{a=" * 500, "180.0", "219.54",
)  # fmt: skip


def _reading(rate: float, amplitude: float | None) -> Reading:
    return Reading(
        "ok",
        (),
        60.0,
        beats=300,
        nominal_bph=18_000.0,
        settled=True,
        rate_s_per_day=Interval(rate, rate - 5.0, rate + 5.0),
        rate_low_repeat=rate - 0.4,
        rate_high_repeat=rate + 0.4,
        beat_error_ms=Interval(0.2, 0.1, 0.3),
        amplitude_deg=Interval(amplitude, amplitude - 2, amplitude + 2) if amplitude else None,
        warnings=("clipped: 12 samples",),
    )


@lru_cache(maxsize=1)
def seeds() -> tuple[bytes, ...]:
    """Sessions before they are damaged: empty, flat only, six positions at two winds, eight verticals, the dial."""
    watch = sessions.Watch(name="Grandfather's", owner="Ünal — 時計", movement="nh35", inertia_kg_m2=1.6e-9)
    made = [sessions.Session(created=START), sessions.Session(created=START, watch=watch, work="Cleaned.\nOiled.")]
    six = {"CH": 3.0, "CB": 5.0, "3H": -2.0, "6H": -6.0, "9H": 0.0, "12H": 4.0}
    for amplitude in (165.0, 219.0, 280.0, None):
        held = made[1]
        for hours in (0.0, 24.0) if amplitude == 165.0 else (0.0,):
            for k, (position, rate) in enumerate(six.items()):
                held = held.with_entry(
                    sessions.entry(
                        _reading(rate - hours / 12, amplitude), position=position, wind_h=hours, temperature_c=23.0,
                        waited_s=30.0, note="wörn", time=START + timedelta(minutes=5 * k),
                    )
                )  # fmt: skip
        for day in range(3):
            held = held.with_dial(sessions.DialReading(time=START + timedelta(days=day), shown_s=3.5 * day))
        made.append(held)
    held = made[0]
    for k in range(8):
        held = held.with_entry(sessions.entry(_reading(3.0 * k, 160.0), position=f"{45 * k} deg", time=START))
    return tuple(store.text(s).encode() for s in (*made, held))


def case(seed: int, number: int) -> bytes:
    """Case `number` of the run `seed`; one in twenty is whole, one in three has only its numbers changed."""
    rng = np.random.default_rng([seed, number, 1])
    data = seeds()[int(rng.integers(len(seeds())))]
    if rng.random() < 0.05:
        return data
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 6))):
            data = _number(data, rng)
        return data
    for _ in range(int(rng.choice([1, 1, 1, 2, 5]))):
        data = _CHANGES[int(rng.integers(len(_CHANGES)))](data, rng)
    return data


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.choice([1, 3, 20]))) if out else ():
        out[int(rng.integers(len(out)))] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(len(data) * rng.random())]


def _lines(data: bytes, rng: np.random.Generator) -> bytes:
    """A line doubled, lost, or in another's place."""
    rows = data.split(b"\n")
    a, b = (int(x) for x in rng.integers(0, len(rows), 2))
    kind = int(rng.integers(3))
    if kind == 0:
        rows.insert(b, rows[a])
    elif kind == 1:
        del rows[a : a + 1 + int(rng.integers(3))]
    else:
        rows[a], rows[b] = rows[b], rows[a]
    return b"\n".join(rows)


def _value(data: bytes, rng: np.random.Generator) -> bytes:
    """Another value, often an impossible one."""
    rows = data.split(b"\n")
    places = [i for i, row in enumerate(rows) if b" = " in row]
    if places:
        at = places[int(rng.integers(len(places)))]
        key = rows[at].split(b" = ")[0]
        rows[at] = key + b" = " + _VALUES[int(rng.integers(len(_VALUES)))].encode()
    return b"\n".join(rows)


def _number(data: bytes, rng: np.random.Generator) -> bytes:
    """The numbers of a line a little or much other than they were: often still a session, with odd figures."""
    rows = data.split(b"\n")
    places = [i for i, row in enumerate(rows) if _NUMBER.search(row) and b"time" not in row]
    if places:
        at = places[int(rng.integers(len(places)))]
        mild = rng.random() < 0.8
        scale = float(rng.choice([0.5, 0.9, 1.0 + 1e-12, 1.3, 2.0] if mild else [0.0, -1.0, 1e-9, 1e6, 1e300, 30.0]))
        shift = float(rng.choice([0.0, 0.0, 0.0, 9.0] if mild else [50.0, -1e4]))
        rows[at] = _NUMBER.sub(lambda m: repr(float(m[0]) * scale + shift).encode(), rows[at])
    return b"\n".join(rows)


def _key(data: bytes, rng: np.random.Generator) -> bytes:
    rows = data.split(b"\n")
    at = int(rng.integers(len(rows)))
    rows[at] = (b"x" + rows[at], b"[" + rows[at] + b"]", rows[at].replace(b"=", b"=="), rows[at] + b"#")[
        int(rng.integers(4))
    ]
    return b"\n".join(rows)


def _insert(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes that do not belong there."""
    ink = (b"\x00", b"\xef\xbb\xbf", b"\r\n", b"\xff\xfe", b"\xed\xa0\x80", b"[" * 2000, rng.bytes(50))
    at = int(len(data) * rng.random())
    return data[:at] + ink[int(rng.integers(len(ink)))] + data[at:]


def _splice(data: bytes, rng: np.random.Generator) -> bytes:
    other = seeds()[int(rng.integers(len(seeds())))]
    return data[: int(len(data) * rng.random())] + other[int(len(other) * rng.random()) :]


_CHANGES = (_flip, _cut, _lines, _value, _value, _number, _number, _key, _insert, _splice)
