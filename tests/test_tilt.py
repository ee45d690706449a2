"""The floor tilts: what pendulums, unpoised balances and the heart make of it, against geometry and trade rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import j1

from heartwright.design import Design
from heartwright.work import G, Ground
from heartwright.works import pump, train
from heartwright.works.clockwork import Clockwork
from heartwright.works.heart import ARTERY_REACH
from heartwright.works.room import changed


def tilted(degrees: float) -> Ground:
    return Ground(tilt=(0.0, 0.0, math.radians(degrees)))


def beats(clock: Clockwork, ground: Ground, seconds: float, *, settle: float = 0.0):
    """Times of passage, sides, and mean amplitude [rad] on a stand that is held so."""
    for _ in range(round(settle / 0.1)):
        clock.advance(0.1, ground)
    clock._tell()
    clock._pieces.clear()
    for _ in range(round(seconds / 0.1)):
        clock.advance(0.1, ground)
    clock._tell()
    rows = [p.beats for p in clock._pieces]
    times, sides, swings = (
        np.concatenate([getattr(b, n) for b in rows]) for n in ("centre_s", "side", "amplitude_rad")
    )
    return times, sides, float(swings.mean())


def beat_error_s(times: np.ndarray, sides: np.ndarray) -> float:
    steps = np.diff(times)
    return 0.5 * float(steps[sides[1:] > 0].mean() - steps[sides[1:] < 0].mean())


@pytest.mark.parametrize("degrees", [0.2, -0.35])
def test_a_pendulum_clock_goes_out_of_beat_by_the_angle_that_its_geometry_says(degrees):
    """The pendulum hangs plumb, the anchor does not: 2 asin(tilt / A) / w."""
    design = Design.load("graham")
    times, sides, swing = beats(Clockwork(design, dirt=False), tilted(degrees), 6.0, settle=30.0)
    w = math.sqrt(G / design.oscillator.length)
    assert beat_error_s(times, sides) == pytest.approx(2 * math.asin(math.radians(degrees) / swing) / w, rel=0.005)


def test_a_stand_that_accelerates_is_a_tilt():
    """Equivalence: a steady pull of g tan(tilt) to the left puts the clock as far out of beat."""
    design = Design.load("graham")
    pull = Ground(acceleration=(G * math.tan(math.radians(0.3)), 0.0, 0.0))
    errors = [beat_error_s(*beats(Clockwork(design, dirt=False), g, 6.0, settle=20.0)[:2]) for g in (tilted(0.3), pull)]
    assert errors[1] == pytest.approx(errors[0], rel=2e-3)


def test_a_tilt_too_far_stops_a_pendulum_clock():
    """Out of beat by more than the swing leaves over the drop, it drops no more teeth."""
    clock = Clockwork(Design.load("graham"), dirt=False)
    for _ in range(200):
        clock.advance(0.5, tilted(1.2))
    assert clock.status == "stopped"


@pytest.mark.parametrize(("wind", "friction", "above"), [(0.2, 0.1, False), (1.0, 0.02, True)])
def test_an_unpoised_balance_changes_its_rate_by_the_rule_of_the_trade(wind, friction, above):
    """Heavy side down at rest gains below 219.5 degrees and loses above, by 86400 (m r g / k) J1(A) / A; the floor
    turned over puts the heavy side up, and the sign turns."""
    design = changed(
        Design.load("watch-6497"), {"oscillator.unpoise": "20 ug mm", "oscillator.pivot_friction": friction}
    )
    rates = []
    for turned in (0.0, 180.0):
        clock = Clockwork(design, dirt=False, position="12H", wind=wind)
        times, _, swing = beats(clock, tilted(turned), 4.4)
        n = (len(times) - 1) // 2 * 2
        rates.append((n / design.beat_hz / (times[n] - times[0]) - 1.0) * 86400.0)
    assert (swing > math.radians(220.0)) == above
    by_law = 86400.0 * design.oscillator.unpoise * G / design.oscillator.stiffness * j1(swing) / swing
    assert 0.5 * (rates[0] - rates[1]) == pytest.approx(by_law, rel=0.03)
    assert (rates[0] < rates[1]) == above


#: The heart needs this much torque at its pump arbor to be in time with no head (its prototype: late from there), and
#: the cam asks for this much more for each pascal of head: area x lift / (angle of the rise at constant speed).
LATE_BELOW = 3.65e-5


def torque_of_head(design: Design) -> float:
    p = design.pump
    assert p is not None
    return p.bellows_area * p.cam_lift / p.lever_ratio / ((p.rise_end - p.rise_start) * (1.0 - p.ramp))


def strokes(wind: float, degrees: float) -> float:
    """How unevenly the train comes, over some strokes [s]; a train in time comes every second."""
    clock = Clockwork(Design.load("heart"), wind=wind, dirt=False)
    landed = []
    for _ in range(13):
        clock.advance(1.0, tilted(degrees))
        landed += [h.time_s for h in clock._tell().happenings if h.kind == "landing"]
    return float(np.ptp(np.diff(landed)[-4:]))


@pytest.mark.parametrize("wind", [0.16, 0.2])
def test_the_hearts_train_comes_late_at_the_head_that_its_margin_says(wind):
    """What torque is left over pays for so much head: two thirds of it come in time, a third more comes late."""
    design = Design.load("heart")
    spare = train.last_arbor_torque(design, wind) - LATE_BELOW
    margin_pa = spare / torque_of_head(design)
    most_pa = design.pump.oil_density * G * ARTERY_REACH
    for share, late in ((0.67, False), (1.33, True)):
        angle = math.degrees(math.asin(share * margin_pa / most_pa))
        assert (strokes(wind, angle) > 0.3) == late
    if wind == 0.16:
        assert strokes(wind, -60.0) < 0.05


def test_the_head_follows_the_tilt():
    """78 Pa a centimetre: the artery lies 3 cm towards three o'clock."""
    clock = Clockwork(Design.load("heart"), dirt=False)
    clock.advance(0.01, tilted(30.0))
    assert clock.live._going.pp[pump.HEAD] == pytest.approx(800.0 * G * 0.03 * 0.5, rel=1e-6)
