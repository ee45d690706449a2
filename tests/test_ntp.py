"""NTP logs: the machine's crystal with its sign and uncertainty, and what they leave of a calibration by stamps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heartwright.cli import main
from heartwright.listen import Unreadable
from heartwright.listen.hours import clock, ntp

HEAD = (
    "=" * 60
    + "\n   Date (UTC) Time     IP Address   St   Freq ppm   Skew ppm     Offset L Co  Offset sd\n"
    + "=" * 60
    + "\n"
)
CHRONYC = """Reference ID    : CB00710F (ntp.example.net)
Stratum         : 3
Ref time (UTC)  : Fri Jan 27 09:49:17 2017
System time     : 0.000006523 seconds slow of NTP time
Last offset     : -0.000006747 seconds
RMS offset      : 0.000035822 seconds
Frequency       : 3.225 ppm slow
Residual freq   : -0.000 ppm
Skew            : 0.129 ppm
Leap status     : Normal
"""
NTPQ = """associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
version="ntpd 4.2.8p15", leap=00, stratum=3, precision=-24, rootdelay=11.887,
offset=-0.720, frequency=16.644, sys_jitter=0.098, clk_jitter=5.6, clk_wander=0.250
"""


def tracking(fast_ppm: np.ndarray, skew_ppm: float = 0.02, offset_s: float = 1e-4) -> str:
    """A tracking.log with a report in a thousand seconds, the first of a clock that settles, one not held."""
    rows = ["2026-11-26 08:00:00 203.0.113.15   2    99.000   120.000  1.0e-01 N 1  1e-3"]
    for k, fast in enumerate(fast_ppm):
        hour, rest = divmod(1000 * k, 3600)
        off = offset_s * (-1) ** k
        rows.append(
            f"2026-11-26 {9 + hour:02d}:{rest // 60:02d}:{rest % 60:02d} 203.0.113.15   2 {fast:10.3f} "
            f"{skew_ppm:10.3f} {off:10.3e} N 2  2.9e-06 -2.0e-04  1.5e-02  3.4e-04  8.3e-03"
        )
    rows.append("2026-11-26 23:00:00 0.0.0.0        0   400.000     0.020  0.0e+00 ? 0  1e-3")
    return HEAD + "\n".join(rows) + "\n"


def test_tracking_log_gives_mean_wander_and_error(tmp_path: Path) -> None:
    fast = -12.3 + 0.1 * np.random.default_rng(1000).standard_normal(40)
    path = tmp_path / "tracking.log"
    path.write_text(tracking(fast))
    log = ntp.read(path)
    assert log.fast_ppm == pytest.approx(np.round(fast, 3)) and log.seconds == 39_000.0
    assert "settling" in log.notes[0]
    found = ntp.machine(log)
    assert found.offset_ppm == pytest.approx(fast.mean(), abs=1e-3)
    assert found.sigma_ppm == pytest.approx(np.hypot(fast.std(ddof=1), 0.02), rel=0.01)


def test_chrony_says_slow_and_ntpd_writes_the_correction(tmp_path: Path) -> None:
    """Both of these machines are slow, and so their takes hold too few samples: a negative offset."""
    (tmp_path / "a").write_text(CHRONYC)
    slow = ntp.machine(ntp.read(tmp_path / "a"))
    assert slow.offset_ppm == -3.225 and slow.sigma_ppm == pytest.approx(np.hypot(0.129, ntp.WANDER_PPM))
    (tmp_path / "a").write_text(CHRONYC.replace("ppm slow", "ppm fast"))
    assert ntp.machine(ntp.read(tmp_path / "a")).offset_ppm == 3.225
    (tmp_path / "b").write_text(NTPQ)
    rv = ntp.read(tmp_path / "b")
    assert ntp.machine(rv).offset_ppm == -16.644 and rv.sigma_ppm[0] == 0.25
    assert rv.offset_s[0] == pytest.approx(np.hypot(0.72e-3, 0.098e-3))


def test_loopstats(tmp_path: Path) -> None:
    path = tmp_path / "loopstats.20261126"
    lines = [f"61370 {64 * k}.5 0.000006019 {13.0 + 0.01 * (k % 5):.6f} 0.000351733 0.013380 6" for k in range(100)]
    path.write_text("\n".join(lines) + "\ntrunca")
    log = ntp.read(path)
    assert log.fast_ppm.mean() == pytest.approx(-13.02) and log.seconds == 64 * 99
    assert log.notes == ("1 lines that are no report were left out",)


BAD = {
    "nothing of the kind": ("dear diary\n", "no report of a clock"),
    "empty": ("", "no report of a clock"),
    "not held": (CHRONYC.replace("Normal", "Not synchronised"), "is it synchronised"),
    "ntpd not held": (NTPQ.replace("leap_none, sync_ntp", "leap_alarm, sync_unspec"), "is it synchronised"),
    "cut off": (CHRONYC[: CHRONYC.index("Skew")], "its Skew is None"),
    "garbled": (NTPQ.replace("16.644", "soon"), "its frequency is 'soon'"),
    "too far": (NTPQ.replace("16.644", "1664.4"), "beyond 500"),
    "not finite": (NTPQ.replace("16.644", "nan"), "a frequency of nan"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_logs_are_told(name: str, tmp_path: Path) -> None:
    text, told = BAD[name]
    (tmp_path / "log").write_text(text)
    with pytest.raises(Unreadable, match=told):
        ntp.read(tmp_path / "log")
    with pytest.raises(Unreadable, match="cannot be read"):
        ntp.read(tmp_path / "none")


def test_stamps_are_no_better_than_the_clock_that_made_them(tmp_path: Path) -> None:
    """Half a millisecond off UTC at both ends of an hour is 0.2 ppm."""
    true = np.arange(0.0, 3600.0, 10.0)
    stamps = clock.from_log(true * (1.0 + 20e-6), true)
    (tmp_path / "t").write_text(tracking(np.full(10, 5.0), offset_s=5e-4))
    found = ntp.within(stamps, ntp.read(tmp_path / "t"))
    assert found.offset_ppm == pytest.approx(20.0, abs=0.01)
    assert found.sigma_ppm == pytest.approx(np.hypot(stamps.sigma_ppm, 1e6 * np.sqrt(2) * 5e-4 / 3590.0), rel=1e-3)
    assert "within 0.5 ms of UTC" in found.notes[-1]


def test_the_command_reads_them(tmp_path: Path, capsys: Any) -> None:
    log, kept = tmp_path / "tracking.log", tmp_path / "kept.json"
    log.write_text(tracking(np.full(10, 7.5)))
    assert main(["clock", str(log), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["offset_ppm"] == pytest.approx(7.5) and told["option"] is None
    assert "most sound cards have their own" in told["advice"][-1]
    assert main(["clock", str(log), "--save", str(kept)]) == 2 and not kept.exists()
    assert "--same-crystal" in capsys.readouterr().err
    assert main(["clock", str(log), "--same-crystal", "--save", str(kept)]) == 0
    assert "the recorder runs 7.50 ppm fast" in capsys.readouterr().out
    assert clock.read(kept)[0] == pytest.approx(7.5)
    stamps = tmp_path / "stamps.csv"
    stamps.write_text("file_s,utc\n" + "".join(f"{t},{1e9 + t * (1 - 2e-5)}\n" for t in range(0, 4000, 20)))
    assert main(["clock", str(stamps), "--ntp", str(log), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["offset_ppm"] == pytest.approx(20.0, abs=0.1) and "of UTC" in told["advice"][-1]
    log.write_text("no log")
    assert main(["clock", str(stamps), "--ntp", str(log)]) == 2
    assert "no report of a clock" in capsys.readouterr().err
