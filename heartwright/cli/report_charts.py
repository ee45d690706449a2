"""The charts of a report: each takes a record and gives an SVG text, or "" where there is nothing to draw."""

from __future__ import annotations

from typing import Final

import numpy as np

from heartwright.cli.report_svg import Plane, padded
from heartwright.records import BeatTable, Floats, Ledger, Reading, Trace, Voice

MS_PER_S_PER_DAY: Final = 1000.0 / 86_400.0  # one second a day, as milliseconds a second
_TAPES: Final = (2.0, 4.0, 10.0, 20.0, 40.0, 100.0, 200.0, 400.0)  # widths of the tape [ms]
_WRAPS_MS: Final = 40.0  # a line that climbs further wraps
_SINK_SHARE: Final = 0.012  # smaller sinks are drawn together
GLOSS: Final = {
    "1": "the jewel strikes the fork",
    "2": "a tooth meets the impulse face",
    "3": "the tooth locks and the fork banks",
    "3a": "the tooth locks",
    "3b": "the fork meets its banking",
}


def tape(reading: Reading) -> tuple[str, float]:
    """The timegrapher's paper tape, wrapped: dots up for early, a rising line gains. Also its width [ms]."""
    table = reading.table
    if table is None or len(table) < 2:
        return "", 0.0
    rate = reading.rate_s_per_day.value if reading.rate_s_per_day is not None else 0.0
    early = rate * MS_PER_S_PER_DAY * table.time_s - table.residual_ms
    if not np.isfinite(early).any():
        return "", 0.0
    low, high = np.nanpercentile(early, (1.0, 99.0))
    apart = reading.beat_error_ms.value if reading.beat_error_ms is not None else 0.0  # both lines are to be on it
    wanted = max(min(1.5 * float(high - low), _WRAPS_MS), 1.5 * apart)
    width = next((w for w in _TAPES if w >= wanted), _TAPES[-1])
    middle = 0.5 * float(low + high) if high - low < width else float(np.nanmedian(early))
    wrapped = (early - middle + 0.5 * width) % width - 0.5 * width
    plane = Plane(_time_range(reading), (-0.5 * width, 0.5 * width), "Trace of the beats", height=230.0, timed=True)
    plane.axes(x_unit=" s", y_unit=" ms")
    for side, kind in ((1, "tick-side"), (-1, "tock-side")):
        own = table.side == side
        plane.dots(table.time_s[own], wrapped[own], kind)
    for mark in reading.marks:
        if mark.kind == "leap":
            plane.upright(mark.time_s, "mark", low=-0.5 * width, high=0.5 * width)
    for i in np.flatnonzero(table.flag != ""):
        if np.isfinite(wrapped[i]) and np.isfinite(table.time_s[i]):
            plane.ring(float(table.time_s[i]), float(wrapped[i]), "flagged")
    return plane.svg(), width


def folded(reading: Reading) -> str:
    """The averaged beat: tick above the line, tock mirrored below, its sounds marked."""
    axis, envelope = reading.fold_time_ms, reading.fold_envelope
    if axis is None or envelope is None or not len(axis):
        return ""
    top = float(np.nanmax(envelope)) or 1.0
    plane = Plane((float(axis[0]), float(axis[-1])), (-1.25, 1.25), "The averaged beat", height=230.0)
    plane.margin = (10.0, 16.0, 6.0, 26.0)
    plane.axes(x_unit=" ms", y_ticks=())
    plane.line(axis, envelope[0] / top, "tick-side", to=0.0)
    if len(envelope) > 1:
        plane.line(axis, -envelope[1] / top, "tock-side", to=0.0)
    last = -1e9
    for name, at in reading.fold_marks_ms:
        if not axis[0] <= at <= axis[-1]:
            continue
        plane.upright(at, "mark", low=-1.1, high=1.08)
        x = max(plane.at_x(at), last + 28.0)  # labels never lie on each other
        plane.text(x, plane.at_y(1.18), name.split()[0], kind="label")
        last = x
    return plane.svg()


def swing(reading: Reading) -> str:
    """Amplitude of each beat over time, with its running mean."""
    table = reading.table
    if table is None or not np.isfinite(table.amplitude_deg).any():
        return ""
    inner = np.nanpercentile(table.amplitude_deg, [0.5, 99.5])
    plane = Plane(_time_range(reading), padded(inner, least=16.0), "Amplitude over time", height=190.0, timed=True)
    plane.axes(x_unit=" s", y_unit="°")
    if reading.amplitude_deg is not None:
        plane.band(reading.amplitude_deg.low, reading.amplitude_deg.high, "interval")
    for side, kind in ((1, "tick-side"), (-1, "tock-side")):
        own = table.side == side
        plane.dots(table.time_s[own], np.clip(table.amplitude_deg[own], *plane.y), f"{kind} faint")
    time, mean = _blocks(table.time_s, table.amplitude_deg, _block_s(reading))
    plane.line(time, mean, "mean")
    return plane.svg()


def rate(reading: Reading) -> str:
    """Rate in stretches of a few seconds, over time [s/d]."""
    table = reading.table
    if table is None or len(table) < 24 or reading.rate_s_per_day is None:
        return ""
    time, value, sigma = rate_in_blocks(table, _block_s(reading), reading.rate_s_per_day.value)
    if len(time) < 3:
        return ""
    spread = [*(value - 2 * sigma), *(value + 2 * sigma), reading.rate_s_per_day.low, reading.rate_s_per_day.high]
    plane = Plane(_time_range(reading), padded(spread, least=4.0), "Rate over time", height=170.0, timed=True)
    plane.axes(x_unit=" s", y_unit=" s/d")
    plane.band(reading.rate_s_per_day.low, reading.rate_s_per_day.high, "interval")
    for t, v, s in zip(time, value, sigma, strict=True):
        plane.upright(float(t), "whisker", low=float(v - 1.96 * s), high=float(v + 1.96 * s))
    plane.line(time, value, "mean")
    plane.dots(time, value, "points")
    return plane.svg()


def rate_in_blocks(table: BeatTable, block_s: float, rate_s_per_day: float) -> tuple[Floats, Floats, Floats]:
    """Middle times, rates and their standard deviations of stretches of `block_s` seconds [s/d]."""
    finite = np.isfinite(table.time_s) & np.isfinite(table.residual_ms) & (table.flag == "")
    time, phase = table.time_s[finite], np.array(table.residual_ms[finite])
    for side in (1, -1):
        own = table.side[finite] == side
        phase[own] -= np.median(phase[own]) if own.any() else 0.0
    rows = []
    for t, p in _split(time, phase, block_s):
        if len(t) >= 8:
            x = t - t.mean()
            slope = float(x @ p / (x @ x))
            rest = p - p.mean() - slope * x
            sigma = float(np.sqrt(rest @ rest / (len(t) - 2) / (x @ x)))
            rows.append((t.mean(), rate_s_per_day - slope / MS_PER_S_PER_DAY, sigma / MS_PER_S_PER_DAY))
    columns = np.array(rows, dtype=float).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def strokes(voice: Voice) -> str:
    """One stroke of the second voice: a stem for each sound, as tall as it is loud."""
    if not voice.sounds:
        return ""
    levels = [s.level_db for s in voice.sounds]
    floor = min(level.low for level in levels) - 8.0
    period = voice.period_s.value
    plane = Plane((0.0, period), (floor, max(level.high for level in levels) + 4.0), "One stroke of the second voice")
    plane.axes(x_unit=" s", y_unit=" dB")
    for sound in voice.sounds:
        at = sound.time_s.value
        plane.upright(at, "stem", high=sound.level_db.value)
        plane.upright(at, "whisker", low=sound.level_db.low, high=sound.level_db.high)
        plane.dots(np.array([at]), np.array([sound.level_db.value]), "head")
        end = at > 0.85 * period
        plane.text(
            plane.at_x(at) + (-10 if end else 10),
            plane.at_y(sound.level_db.value),
            sound.name,
            anchor="end" if end else "start",
            kind="label",
        )
    return plane.svg()


def pressures(trace: Trace) -> str:
    """Chamber and artery of the pump over two strokes from the middle of a run [Pa]."""
    waves = {w.name: w for w in trace.waveforms if w.unit == "Pa"}
    starts = [h.time_s for h in trace.happenings if h.kind == "release"]
    if not waves or len(starts) < 4:
        return ""
    first = len(starts) // 2 - 1
    begin, end = starts[first], starts[first + 2]
    cut = {name: (w.time_s >= begin) & (w.time_s <= end) for name, w in waves.items()}
    values = [v for name, w in waves.items() for v in w.value[cut[name]]]
    plane = Plane(
        (0.0, end - begin), padded(values, least=10.0), "Pressures of the pump over two strokes", height=240.0
    )
    plane.axes(x_unit=" s", y_unit=" Pa")
    for kind, (name, wave) in zip(("tick-side", "tock-side", "mean"), waves.items(), strict=False):
        own = cut[name]
        plane.line(wave.time_s[own] - begin, wave.value[own], f"{kind} thin")
        if own.any():
            _name_line(
                plane, wave.time_s[own] - begin, wave.value[own], name.replace("_", " "), at_peak=kind == "tick-side"
            )
    return plane.svg()


def _name_line(plane: Plane, time: Floats, value: Floats, name: str, *, at_peak: bool) -> None:
    """Write a line's name above it: at its peak, or near its end."""
    i = int(np.argmax(value)) if at_peak else int(0.88 * len(value))
    plane.text(plane.at_x(float(time[i])), plane.at_y(float(value[i])) - 9, name, kind="label")


def energy(ledger: Ledger) -> str:
    """Where the drive's energy goes, as a Sankey: the drive at the left, its sinks at the right, by size."""
    sinks = {name: joule for name, joule in ledger.spent_j.items() if joule > 0.0}
    if ledger.stored_j > 0.0:
        sinks["stored in the works"] = ledger.stored_j
    total = sum(sinks.values())
    if total <= 0.0:
        return ""
    small = {name for name, joule in sinks.items() if joule < _SINK_SHARE * total}
    rows = sorted(((n, j) for n, j in sinks.items() if n not in small), key=lambda row: -row[1])
    if small:
        rows.append((f"{len(small)} smaller ones", sum(sinks[n] for n in small)))
    return _ribbons(rows, total)


def _ribbons(rows: list[tuple[str, float]], total: float) -> str:
    gap, scale = 20.0, 180.0
    height = scale + gap * (len(rows) - 1) + 40.0
    plane = Plane((0.0, 1.0), (0.0, 1.0), "Where the energy goes", height=height)
    source_y = 20.0 + 0.5 * (height - 40.0 - scale)
    left, right = 10.0, 280.0
    plane.parts.append(f'<rect class="bar" x="{left}" y="{source_y:.1f}" width="10" height="{scale:.1f}"/>')
    plane.text(left, source_y - 12, "the drive", anchor="start", kind="label")
    out_y, in_y = 20.0, source_y
    for index, (name, joule) in enumerate(rows):
        size = scale * joule / total
        bend = 0.5 * (left + 10 + right)
        top = f"M{left + 10} {in_y:.1f}C{bend} {in_y:.1f} {bend} {out_y:.1f} {right} {out_y:.1f}"
        foot = f"V{out_y + size:.1f}C{bend} {out_y + size:.1f} {bend} {in_y + size:.1f} {left + 10} {in_y + size:.1f}Z"
        plane.parts.append(f'<path class="ribbon r{index % 2}" d="{top}{foot}"/>')
        plane.parts.append(f'<rect class="bar" x="{right}" y="{out_y:.1f}" width="5" height="{max(size, 1.0):.1f}"/>')
        plane.text(
            right + 14, out_y + 0.5 * size, f"{name}  {100.0 * joule / total:.1f} %", anchor="start", kind="label"
        )
        in_y += size
        out_y += size + gap
    return plane.svg()


def _time_range(reading: Reading) -> tuple[float, float]:
    last = reading.duration_s
    if reading.table is not None and np.isfinite(reading.table.time_s).any():
        last = max(last, float(np.nanmax(reading.table.time_s)))
    return (0.0, max(last, 1e-3))


def _block_s(reading: Reading) -> float:
    """Length of the stretches that means are taken over: a twelfth of the take, 2 s at least."""
    return max(2.0, reading.duration_s / 12.0)


def _split(time: Floats, value: Floats, block_s: float) -> list[tuple[Floats, Floats]]:
    index = np.floor((time - time[0]) / block_s).astype(int) if len(time) else np.zeros(0, dtype=int)
    return [(time[index == k], value[index == k]) for k in range(int(index.max()) + 1 if len(index) else 0)]


def _blocks(time: Floats, value: Floats, block_s: float) -> tuple[Floats, Floats]:
    finite = np.isfinite(time) & np.isfinite(value)
    rows = [(t.mean(), v.mean()) for t, v in _split(time[finite], value[finite], block_s) if len(t) >= 4]
    columns = np.array(rows, dtype=float).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]
