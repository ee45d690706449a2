"""Two clocks on one cart: the regimes of the published accounts, time to lock against the averaged equations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heartwright.design import Design
from heartwright.design.room import Shelf
from heartwright.works import huygens
from heartwright.works import huygens_reduced as reduced
from heartwright.works.clockwork import Clockwork
from heartwright.works.coupled import Coupled, On
from heartwright.works.huygens import Cart, TwoClocks, foretold
from heartwright.works.support import Support, line_mass

GRAHAM = Design.load("graham")
SWING = reduced.Swing.of(GRAHAM)


def cart(mu: float, eta: float, rho: float = 0.0) -> Cart:
    """Bob over all that moves, damping and stiffness in units of M w and M w^2."""
    mass, w = GRAHAM.oscillator.mass / mu, SWING.frequency
    return Cart(mass, rho * mass * w * w, eta * mass * w)


# ---------------------------------------------------------------------------------------------- the reduced model


def test_its_amplitude_and_rate_are_those_of_the_design_tooth_by_tooth():
    """Nothing is fitted: amplitude within 0.1 %, rate within 1 % of what escapement and circular error take away."""
    clock = Clockwork(GRAHAM, dirt=False)
    clock.live.go(20.0)
    piece = clock.live.advance(60.0)
    assert math.radians(piece.amplitude_deg) == pytest.approx(SWING.amplitude, rel=1e-3)
    period = 2 * math.pi / (SWING.frequency + SWING.shift(SWING.amplitude))
    foretold_rate = (2.0 / period - 1.0) * 86400.0
    assert foretold_rate == pytest.approx(piece.rate_s_per_day, rel=0.1)


def test_relaxation_and_isochronism_are_those_of_the_design():
    """The amplitude comes back with 2 gamma and a little more; a wider swing gains, by Airy's law of late impulses."""
    assert SWING.relaxation() == pytest.approx(2 * SWING.decay, rel=0.1)
    circular = -SWING.frequency * SWING.amplitude**2 / 8
    assert SWING.isochronism() > -5 * circular > 0
    clocks = [Clockwork(GRAHAM, dirt=False, wind=1.0, start_deg=a) for a in (1.85, 2.0)]
    rates, swings = [], []
    for clock in clocks:
        piece = clock.live.advance(12.0)
        rates.append(piece.rate_s_per_day / 86400.0 * SWING.frequency)
        swings.append(math.log(math.radians(piece.amplitude_deg)))
    slope = (rates[1] - rates[0]) / (swings[1] - swings[0])
    assert slope == pytest.approx(SWING.isochronism(), rel=0.15)


@pytest.mark.parametrize(("mass", "stiffness", "damping"), [(4000.0, 0.0, 12_000.0), (4000.0, 157_920.0, 252.0)])
def test_weak_coupling_follows_adler(mass, stiffness, damping):
    """Close to opposed phases the difference decays at S."""
    k = Cart(mass, stiffness, damping).coupling(GRAHAM)
    s = reduced.adler(SWING, k)
    start = math.pi if s > 0 else 0.0
    slow = reduced.run((SWING, SWING), k, seconds=1500.0, phase=start + 0.1)
    late = slow.time > 400.0
    off = np.log(np.abs(slow.phase[late] - start))
    slope = np.polyfit(slow.time[late], off, 1)[0]
    assert slope == pytest.approx(-abs(s), rel=0.1)


def test_below_the_drop_a_clock_only_loses():
    assert SWING.growth(0.99 * SWING.ends) < -SWING.decay
    assert SWING.growth(1.01 * SWING.ends) > 0.0
    assert reduced.Swing.of(GRAHAM, wind=0.0).amplitude == 0.0


def test_only_a_graham_has_a_reduced_model():
    with pytest.raises(ValueError, match="watch-6497 has no pendulum with a Graham escapement"):
        reduced.Swing.of(Design.load("watch-6497"))


# ---------------------------------------------------------------------------------------------- tooth by tooth


@pytest.mark.parametrize(
    ("where", "loses", "seconds", "regime"),
    [
        (cart(5e-3, 1.0), 20.0, 560.0, "anti-phase"),
        (cart(1e-2, 0.02, 4.0), 20.0, 760.0, "in-phase"),
        (cart(1e-4, 1.0), 300.0, 200.0, "no lock"),
        (cart(3e-2, 0.03), 20.0, 200.0, "beating death"),
    ],
)
def test_the_regimes_of_the_published_accounts(where, loses, seconds, regime):
    """As Bennett et al. 2002 and Oliveira and Melo 2015 describe, and as the reduced model foretells; time to lock
    within 5 % of it, the books within 0.1 %."""
    other = huygens.slower(GRAHAM, loses)
    fate = huygens.run(GRAHAM, where, seconds=seconds, other=other)
    told = foretold(GRAHAM, where, seconds=seconds, other=other)
    assert fate.regime == told.regime == regime
    assert fate.residual < 1e-3
    if fate.regime in ("anti-phase", "in-phase"):
        assert fate.lock_s == pytest.approx(told.lock_s, rel=0.05)
        assert math.degrees(fate.phase[-1] - told.phase[-1]) == pytest.approx(0.0, abs=3.0)
    else:
        assert math.isnan(fate.lock_s)
    assert regime.split()[0] in str(fate)


def test_the_sign_of_the_coupling_decides():
    """The same damping: a free cart opposes the clocks, a stiff beam brings them together."""
    k_free, k_stiff = cart(1e-3, 0.02).coupling(GRAHAM), cart(1e-3, 0.02, 4.0).coupling(GRAHAM)
    assert k_free.real < 0 < k_stiff.real and k_free.imag < 0 and k_stiff.imag < 0
    assert reduced.adler(SWING, k_free) > 0 > reduced.adler(SWING, k_stiff)


def test_the_inner_loop_does_what_the_room_does():
    """The same two clocks on a shelf that sways and does not bend, by `Coupled` and by `pair`: within 20 us."""
    shelf = Shelf(name="beam", place=(0.0, 0.0, 0.0), length=1.6, depth=0.2, thickness=0.05, sway_stiffness=2000.0,
                  damping=0.05, young_modulus=1e15)  # fmt: skip
    clocks = [Clockwork(GRAHAM, name=n, seed=s, dirt=False) for n, s in (("a", 1), ("b", 2))]
    for clock in clocks:
        clock.coupling_s = 0.010
    whole = line_mass(shelf) * shelf.length + sum(c.mass for c in clocks)
    damping = 2 * shelf.damping * math.sqrt(whole * shelf.sway_stiffness)
    two = TwoClocks(GRAHAM, Cart(whole, shelf.sway_stiffness, damping), phase=1.0)
    clocks[1].live.go(1.0 / (2 * math.pi) * 2.0)
    zero = [c.live.time for c in clocks]
    room = Coupled([On(clocks[0], "beam", 0.4), On(clocks[1], "beam", 1.2)], Support([shelf], rigid_floor=True))
    room.advance(12.0)
    two.run(12.0)
    for i, clock in enumerate(clocks):
        clock._tell()
        mine = np.concatenate([p.beats.centre_s for p in clock._pieces]) - zero[i]
        theirs = two.crossings(i)[:, 0]
        mine, theirs = mine[(mine > 6.0) & (mine < 11.0)], theirs[(theirs > 6.0) & (theirs < 11.0)]
        assert len(mine) == len(theirs) == 5
        assert np.max(np.abs(mine - theirs)) < 2e-5
    assert abs(two.books()["residual"]) < 1e-3 * two.books()["drive"]


def test_the_step_of_the_exchange_does_not_matter():
    where = cart(5e-3, 1.0)
    ends = []
    for step in (0.02, 0.01, 0.005):
        two = TwoClocks(GRAHAM, where, step=step)
        two.run(40.0)
        ends.append(huygens.followed(two)[1][-1])
    assert abs(ends[0] - ends[2]) < 2e-3 and abs(ends[1] - ends[2]) < abs(ends[0] - ends[2])


def test_a_cart_too_light_is_refused():
    with pytest.raises(ValueError, match="a cart of 1.5 kg in all cannot carry bobs of 2 kg"):
        TwoClocks(GRAHAM, Cart(1.5))
