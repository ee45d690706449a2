"""Shelves and floor against closed forms: sag, stress, first modes, strength, groans."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from heartwright.design.room import Floor, Shelf
from heartwright.work import G
from heartwright.works.groan import OWED, TAU, Groans, rise
from heartwright.works.support import Load, Support, line_mass, second_moment


def board(**change: object) -> Shelf:
    return Shelf(**({"name": "board", "place": (0.0, 1.0, 0.0), "length": 1.2} | change))


def rigid(shelf: Shelf) -> Support:
    """The shelf on a floor that stands still."""
    return Support([shelf], rigid_floor=True)


def stiffness(shelf: Shelf) -> float:
    return shelf.young_modulus * second_moment(shelf)


def test_sag_and_stress_in_the_middle_of_a_beam_on_two_supports():
    shelf = board()
    state = rigid(shelf).statics("board", [Load("w", "board", 0.6, 20.0)])
    w, p, length = line_mass(shelf) * G, 20.0 * G, shelf.length
    sag = 5 * w * length**4 / (384 * stiffness(shelf)) + p * length**3 / (48 * stiffness(shelf))
    moment = w * length**2 / 8 + p * length / 4
    assert state.sag == pytest.approx(sag, rel=1e-9)
    assert state.sag_at == pytest.approx(0.6)
    assert state.stress == pytest.approx(moment * 0.5 * shelf.thickness / second_moment(shelf), rel=1e-9)


def test_sag_and_stress_of_a_cantilever_with_a_load_at_its_tip():
    shelf = board(held="wall")
    state = rigid(shelf).statics("board", [Load("w", "board", 1.2, 5.0)])
    w, p, length = line_mass(shelf) * G, 5.0 * G, shelf.length
    assert state.sag == pytest.approx(w * length**4 / (8 * stiffness(shelf)) + p * length**3 / (3 * stiffness(shelf)))
    assert state.sag_at == pytest.approx(1.2)
    moment = w * length**2 / 2 + p * length
    assert state.stress == pytest.approx(moment * 0.5 * shelf.thickness / second_moment(shelf))


def test_a_load_off_the_middle_bends_as_it_should():
    """Deflection under the load itself, P a^2 b^2 / 3 EI L."""
    shelf = board(density=1e-6)
    x = np.array([0.3])
    from heartwright.works.support import point_load

    down, moment = point_load(shelf, 0.3, 10.0, x)
    assert down[0] == pytest.approx(10.0 * 0.3**2 * 0.9**2 / (3 * stiffness(shelf) * 1.2))
    assert moment[0] == pytest.approx(10.0 * 0.3 * 0.9 / 1.2)


def vertical(support: Support, loads: list[Load]) -> np.ndarray:
    """Frequencies of the bending shapes alone."""
    frame = support.frame(loads)
    bend = ["bend" in name for name in frame.names]
    from scipy.linalg import eigh

    some = np.ix_(bend, bend)
    return np.sqrt(eigh(frame.stiffness[some], frame.mass[some], eigvals_only=True)) / (2 * math.pi)


def test_bare_beam_has_the_modes_of_the_book():
    shelf = board()
    found = vertical(rigid(shelf), [])
    root = math.sqrt(stiffness(shelf) / line_mass(shelf)) / shelf.length**2 / (2 * math.pi)
    assert found == pytest.approx([(k * math.pi) ** 2 * root for k in (1, 2, 3)], rel=1e-6)
    found = vertical(rigid(board(held="wall")), [])
    assert found == pytest.approx([b**2 * root for b in (1.8751041, 4.6940911, 7.8547574)], rel=1e-5)


def test_first_mode_of_a_cantilever_with_a_mass_at_its_tip():
    """Within 0.1 % of the exact root, and of Rayleigh's 33/140."""
    shelf, tip = board(held="wall"), 4.0
    own = line_mass(shelf) * shelf.length

    def root(b: float) -> float:
        return (
            1 + math.cos(b) * math.cosh(b) + tip / own * b * (math.cos(b) * math.sinh(b) - math.sin(b) * math.cosh(b))
        )

    b = brentq(root, 0.3, 1.87)
    exact = b**2 * math.sqrt(stiffness(shelf) / line_mass(shelf)) / shelf.length**2 / (2 * math.pi)
    found = vertical(rigid(shelf), [Load("w", "board", 1.2, tip)])[0]
    assert found == pytest.approx(exact, rel=1e-3)
    assert found >= exact * (1 - 1e-9)  # Ritz comes from above
    rayleigh = math.sqrt(3 * stiffness(shelf) / ((tip + 33 / 140 * own) * shelf.length**3)) / (2 * math.pi)
    assert found == pytest.approx(rayleigh, rel=3e-3)


def test_sway_of_a_shelf_with_its_load():
    """What hangs loose rides along in `mass` and not in `light`."""
    shelf = board(sway_stiffness=2000.0)
    loads = [Load("w", "board", 0.4, 8.0, 1.0, (0.0, 0.2, 0.0))]
    frame = rigid(shelf).frame(loads)
    i = frame.names.index("board sway")
    own = line_mass(shelf) * shelf.length
    assert frame.mass[i, i] == pytest.approx(own + 8.0)
    assert frame.light[i, i] == pytest.approx(own + 7.0)
    assert frame.stiffness[i, i] == 2000.0


def test_a_mount_moves_as_a_point_of_a_rigid_body_does():
    """A floor that rocks about z carries a mount of a shelf along, and what stands above it further."""
    support = Support([board(place=(-0.5, 1.5, -2.0))])
    mount, above = support.jacobian("board", 0.8), support.jacobian("board", 0.8, (0.0, 0.3, 0.0))
    about_z, about_x = 4, 3
    assert mount[:3, about_z] == pytest.approx([-1.5, 0.3, 0.0])
    assert above[:3, about_z] == pytest.approx([-1.8, 0.3, 0.0])
    assert mount[:3, about_x] == pytest.approx([0.0, 2.0, 1.5])
    bend = 5 + 2  # the first shape of the shelf: its slope turns the mount
    assert mount[5, bend] == pytest.approx(math.pi / 1.2 * math.cos(math.pi * 0.8 / 1.2))
    assert above[0, bend] == pytest.approx(-0.3 * mount[5, bend])


def test_bare_floor_has_its_frequencies():
    floor = Floor(heave=14.0, sway=9.0, rock=18.0)
    frame = Support([board(density=1e-9)], floor=floor).frame([])
    found = np.sqrt(np.diag(frame.stiffness) / np.diag(frame.mass))[:5] / (2 * math.pi)
    assert found == pytest.approx([9.0, 14.0, 9.0, 18.0, 18.0], rel=1e-6)


def test_bending_stress_in_motion_is_that_at_rest():
    """A static deflection in the Ritz shapes gives nearly the stress of the closed form."""
    shelf = board(density=1e-6)
    support = rigid(shelf)
    frame = support.frame([Load("w", "board", 0.6, 10.0)])
    rest = np.linalg.solve(frame.stiffness, -frame.mounts[0].T @ np.array([0, 10.0 * G, 0, 0, 0, 0]))
    use = -float(support.bending("board", 0.6)[frame.moving] @ rest)
    state = support.statics("board", [Load("w", "board", 0.6, 10.0)])
    assert abs(use) == pytest.approx(state.use, rel=0.12)  # three shapes of a kinked moment
    assert float((frame.mounts[0] @ rest)[1]) == pytest.approx(-state.sag, rel=0.015)


def test_a_shelf_holds_groans_and_breaks():
    support = rigid(board(length=2.0))
    states = [support.statics("board", [Load("w", "board", 1.0, mass)]) for mass in (20.0, 180.0, 400.0)]
    assert [s.status for s in states] == ["holds", "groans", "broken"]
    assert states[0].advice == ""
    assert "groans: 180 kg bend it to" in states[1].advice
    assert "would break: 400 kg" in states[2].advice and "thickness" in states[2].advice


def test_bad_loads_are_refused():
    support = rigid(board())
    with pytest.raises(ValueError, match="there is no shelf 'bard'; there are: board"):
        support.frame([Load("w", "bard", 0.5, 1.0)])
    with pytest.raises(ValueError, match=r"would stand 2 m along the shelf 'board', which is 1.2 m long"):
        support.frame([Load("w", "board", 2.0, 1.0)])


def test_groans_come_only_near_the_strength_and_more_the_nearer():
    counts = []
    for use in (0.4, 0.6, 0.8, 0.95):
        groans = Groans(board(), seed=3)
        groans.load(use)
        counts.append(sum(len(groans.advance(0.1)) for _ in range(200)))
    assert counts[0] == 0
    assert counts[1] < counts[2] < counts[3]
    assert counts[3] == pytest.approx(OWED * 0.95 * rise(0.95), rel=0.2)


def test_groans_die_away_and_begin_again_with_a_change_of_stress():
    groans = Groans(board(), seed=5)
    groans.load(0.9)
    early = sum(len(groans.advance(0.1)) for _ in range(round(TAU / 0.1)))
    late = [sum(len(groans.advance(0.1)) for _ in range(round(TAU / 0.1))) for _ in range(4)][-1]
    assert late < 0.1 * early
    for _ in range(100):
        groans.strain(1e-3)
    assert groans.owed == pytest.approx(100 * 1e-3 * OWED * rise(0.9), rel=0.35)


def test_groans_are_heard_louder_near_the_strength_and_are_repeatable():
    peaks, blocks = [], []
    for use in (0.6, 0.95, 0.95):
        groans = Groans(board(), seed=7)
        groans.load(use)
        groans.advance(3.0)
        blocks.append(groans.heard(3 * 48_000, 48_000))
        peaks.append(float(np.abs(blocks[-1]).max()))
    assert 0.0 < peaks[0] < peaks[1] < 1.0
    assert np.array_equal(blocks[1], blocks[2])
    assert np.abs(groans.heard(48_000, 48_000)).max() >= 0.0 and len(groans.heard(100, 48_000)) == 100
