"""The galaxy in an orb: gravity, glass, books, and what is seen and heard of it."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.work import Ground, Work
from heartwright.works.galaxy import Bodies, Galaxy
from heartwright.works.galaxy.cluster import Cluster
from heartwright.works.galaxy.force import PHI, RHO, Forces
from heartwright.works.galaxy.models import made
from heartwright.works.galaxy.spheres import PLUMMER_SCALE
from heartwright.works.galaxy.throb import LOUDEST, OCTAVES, Throb
from heartwright.works.galaxy.wall import LETS_GO

AT_REST = np.zeros(3)


def few(mass: list[float], place: list[list[float]], velocity: list[list[float]]) -> Bodies:
    return Bodies(np.array(mass), np.array(place), np.array(velocity), np.zeros(len(mass), np.int64))


def pair(*, wall: float = 100.0, softening: float = 0.0, step: float = 4e-3) -> Cluster:
    """Two equal bodies on a circle of diameter 1: mass 1 in all, so the period is 2 pi."""
    bodies = few([0.5, 0.5], [[0.5, 0, 0], [-0.5, 0, 0]], [[0, 0.5, 0], [0, -0.5, 0]])
    return Cluster.of(bodies, wall=wall, step=step, forces=Forces(softening))


def gas(way: int = 0, *, n: int = 400, wall: float = 1.0) -> Cluster:
    """Bodies of no weight to speak of that fill the glass: a gas."""
    random = np.random.default_rng(5)
    place = random.uniform(-1, 1, (4 * n, 3))
    place = wall * place[np.sum(place**2, axis=1) < 1.0][:n]
    bodies = few([1e-9 / n] * n, place.tolist(), random.standard_normal((n, 3)).tolist())
    return Cluster.of(bodies, wall=wall, step=0.01, forces=Forces(0.1), way=way)


# ------------------------------------------------------------------------------------------------- gravity


def test_two_bodies_go_round_as_kepler_says() -> None:
    two = pair()
    two.advance(2.0 * np.pi, AT_REST)
    assert np.allclose(two.place, [[0.5, 0, 0], [-0.5, 0, 0]], atol=1e-4)


def test_softening_takes_from_pull_potential_and_adds_density() -> None:
    field = Forces(0.3).of(np.array([1.0, 2.0]), np.array([[0.0, 0, 0], [0.4, 0, 0]]))
    d2 = 0.4**2 + 0.3**2
    assert field[0, 0] == pytest.approx(2.0 * 0.4 * d2**-1.5, rel=1e-6)
    assert field[0, PHI] == pytest.approx(-2.0 * d2**-0.5, rel=1e-6)
    assert field[0, RHO] == pytest.approx(2.0 * 3.0 * 0.3**2 / (4.0 * np.pi) * d2**-2.5, rel=1e-5)


@pytest.mark.parametrize("opening, rms", [(0.5, 4e-4), (0.7, 1.4e-3)])
def test_the_tree_with_quadrupoles_finds_the_pull_of_the_direct_sum(opening: float, rms: float) -> None:
    bodies = made("plummer", 3_000, wall=4.0, seed=2)
    exact = Forces(0.05, "direct").of(bodies.mass, bodies.place)
    tree = Forces(0.05, "tree", opening).of(bodies.mass, bodies.place)
    off = np.linalg.norm(tree[:, :3] - exact[:, :3], axis=1) / np.linalg.norm(exact[:, :3], axis=1)
    assert np.sqrt(np.mean(off**2)) < rms
    assert np.sqrt(np.mean((tree[:, PHI] / exact[:, PHI] - 1.0) ** 2)) < 0.13 * rms
    assert np.allclose(tree[:, RHO], exact[:, RHO], rtol=0.05, atol=1e-4)


def test_the_tree_takes_bodies_of_unlike_mass_and_bodies_in_one_place() -> None:
    random = np.random.default_rng(3)
    place = np.repeat(random.standard_normal((150, 3)), 20, axis=0)
    mass = random.uniform(0.1, 10.0, len(place))
    exact, tree = (Forces(0.2, way, 0.5).of(mass, place) for way in ("direct", "tree"))
    scale = np.linalg.norm(exact[:, :3], axis=1).mean()
    assert np.sqrt(np.mean((tree[:, :3] - exact[:, :3]) ** 2)) < 1e-3 * scale


def test_the_same_bits_on_one_core_and_on_two() -> None:
    bodies = made("plummer", 6_000, wall=4.0, seed=2)
    one, two = (Forces(0.05, "tree", threads=k).of(bodies.mass, bodies.place) for k in (1, 2))
    assert np.array_equal(one, two)


def test_density_is_that_of_a_plummer_sphere() -> None:
    bodies = made("plummer", 8_000, wall=6.0, seed=4)
    field = Forces(0.08).of(bodies.mass, bodies.place)
    r = np.linalg.norm(bodies.place, axis=1)
    for low, high in ((0.3, 0.5), (0.6, 0.8), (1.0, 1.3)):
        ring = (r > low) & (r < high)
        want = 3.0 / (4.0 * np.pi * PLUMMER_SCALE**3) * (1.0 + (r[ring] / PLUMMER_SCALE) ** 2) ** -2.5
        assert field[ring, RHO].mean() == pytest.approx(want.mean(), rel=0.08)


@pytest.mark.parametrize("model", ["plummer", "hernquist", "disc"])
def test_energy_drifts_less_than_a_thousandth_in_twenty_crossing_times(model: str) -> None:
    orb = Galaxy(model, 500, 3)
    orb.advance(20.0 * orb.figures()["crossing_time"].value)
    assert abs(orb.figures()["energy_error"].value) < 1e-3


def test_momentum_and_angular_momentum_stay() -> None:
    bodies = made("disc", 300, wall=50.0, seed=1)
    cluster = Cluster.of(bodies, wall=50.0, step=0.03, forces=Forces(0.1))
    spin = cluster.spin()
    cluster.advance(10.0, AT_REST)
    assert np.abs(cluster.momentum()).max() < 1e-6
    assert np.allclose(cluster.spin(), spin, atol=2e-6)


# ------------------------------------------------------------------------------------------------- glass


def test_a_body_bounces_off_the_glass_and_hands_it_twice_its_momentum() -> None:
    two = Cluster.of(
        few([1e-6, 1e-12], [[0.5, 0, 0], [0, 0, 0]], [[1.0, 0.2, 0], [0, 0, 0]]), wall=1.0, step=0.1, forces=Forces(0.5)
    )
    given = two.advance(1.0, AT_REST)
    hit = np.array([0.5, 0, 0]) + np.array([1.0, 0.2, 0]) * 0.4925
    n = hit / np.linalg.norm(hit)
    after = np.array([1.0, 0.2, 0]) - 2.0 * (np.array([1.0, 0.2, 0]) @ n) * n
    assert np.allclose(two.velocity[0], after, atol=2e-3)
    assert np.allclose(given, 1e-6 * (after - [1.0, 0.2, 0]), atol=3e-9)
    assert np.linalg.norm(two.velocity[0]) == pytest.approx(np.hypot(1.0, 0.2), rel=1e-5)


def test_a_gas_presses_on_the_glass_with_two_thirds_of_its_energy_in_a_unit_of_volume() -> None:
    cluster = gas()
    cluster.advance(20.0, AT_REST)
    assert cluster.pressed / cluster.time == pytest.approx(2.0 * cluster.now.inner, rel=0.03)
    assert np.all(np.linalg.norm(cluster.place, axis=1) <= 1.0 + 1e-9)
    assert cluster.now.kinetic == pytest.approx(cluster.start, rel=1e-6)


def test_what_leaves_an_open_glass_is_gone_with_its_energy() -> None:
    cluster = gas(LETS_GO)
    cluster.advance(1.0, AT_REST)
    gone = int((~cluster.inside).sum())
    assert 100 < gone < 400
    assert cluster.closed.let_go == pytest.approx(cluster.start - cluster.energy, rel=1e-6)
    assert abs(cluster.residual) < 1e-9 * cluster.start
    assert cluster.closed.drive == 0.0


def test_a_bound_body_is_lifted_out_and_that_is_drive() -> None:
    orb = Galaxy("plummer", 300, 2, wall=1.2, lets_go=True)
    orb.advance(4.0)
    books = orb.ledger()
    assert orb.figures()["bodies_let_go"].value > 20
    assert books.drive_j > 0.0
    assert abs(books.residual_j) < 2e-3 * orb.scale.joule * 0.25


def test_an_accelerating_glass_does_not_move_what_it_does_not_touch() -> None:
    still, shaken = (Galaxy("uniform", 200, 2, wall=6.0) for _ in range(2))
    shove = Ground(acceleration=(0.02, -0.01, 0.0))
    still.advance(0.5)
    reaction = shaken.advance(0.5, shove)
    left_behind = shaken.places() - still.places()
    assert np.allclose(left_behind, -0.5 * 0.5**2 * np.array(shove.acceleration), atol=1e-9)
    assert np.allclose(shaken.velocities(), still.velocities(), atol=1e-8)
    assert reaction.force == (0.0, 0.0, 0.0)
    assert shaken.ledger().stand_j == 0.0


def test_a_turning_stand_carries_the_glass_along_by_its_arm_and_lets_it_rest_where_it_ends() -> None:
    """Tilted about its foot by 0.4 rad and stopped, the middle of the glass has gone from (0, h) to h (-sin, cos)."""
    orb, twin = (Galaxy("uniform", 50, 2, wall=6.0) for _ in range(2))
    steps, dt, tilt = 800, 0.001, 0.4
    rate = 0.0
    for k in range(steps):
        s = (k + 0.5) / steps
        mean = tilt * s**3 * (10 - 15 * s + 6 * s * s)
        end = (k + 1) / steps
        now = tilt * 30 * end**2 * (1 - end) ** 2 / (steps * dt)
        reaction = orb.advance(dt, Ground(tilt=(0.0, 0.0, mean), turning=(0.0, 0.0, (now - rate) / dt)))
        twin.advance(dt)
        rate = now
        assert reaction.force == (0.0, 0.0, 0.0)
    moved = 0.15 * np.array([-np.sin(tilt), np.cos(tilt) - 1.0, 0.0])
    assert np.allclose(orb.places() - twin.places(), -moved, atol=1e-5)
    assert np.allclose(orb._cluster.glass, 0.0, atol=1e-9)


def test_tilt_turns_the_glass_about_the_bodies() -> None:
    orb = Galaxy("plummer", 100, 2)
    upright = orb.seen().reshape(-1, 3)
    orb.advance(1e-9, Ground(tilt=(0.0, 0.0, np.pi / 2)))
    tilted = orb.seen().reshape(-1, 3)
    assert np.allclose(tilted[:, 0], upright[:, 1], atol=1e-5)
    assert np.allclose(tilted[:, 1], -upright[:, 0], atol=1e-5)


def test_a_moving_glass_does_work_and_the_shelf_feels_it() -> None:
    orb = Galaxy("plummer", 400, 2, wall=1.5)
    force, dt = np.zeros(3), 0.002
    momentum = orb._cluster.momentum()
    for k in range(1_500):
        swing = 0.4 * np.cos(2.0 * np.pi * 0.5 * k * dt)
        reaction = orb.advance(dt, Ground(acceleration=(swing, 0.0, 0.0)))
        force += np.array(reaction.force) * dt
        assert reaction.moment[2] == pytest.approx(-0.15 * reaction.force[0])
    books = orb.ledger()
    handed = (orb._cluster.momentum() - momentum) * orb.scale.momentum
    assert np.linalg.norm(handed) > 1e-5
    assert np.allclose(force, -handed, atol=2e-3 * np.linalg.norm(handed))
    assert abs(books.stand_j) > 1e-6
    assert abs(books.residual_j) < 0.01 * abs(books.stand_j)


def test_the_shelf_feels_it_in_its_own_frame() -> None:
    upright, lying = (Galaxy("plummer", 300, 2, wall=1.2) for _ in range(2))
    for _ in range(40):
        one = upright.advance(0.01)
        two = lying.advance(0.01, Ground(tilt=(0.0, 0.0, np.pi / 2)))
        assert np.allclose(two.force, [one.force[1], -one.force[0], one.force[2]], atol=1e-12)
        assert np.allclose(two.moment, [0.15 * two.force[2], 0.0, -0.15 * two.force[0]], atol=1e-12)


# ------------------------------------------------------------------------------------------------- the work


def test_it_is_a_work() -> None:
    orb = Galaxy("plummer", 100, 1, name="first orb")
    assert isinstance(orb, Work)
    assert (orb.kind, orb.name, orb.n, orb.status) == ("galaxy", "first orb", 100, "running")
    assert orb.seen().shape == (300,) and orb.seen().dtype == np.float32
    assert np.abs(orb.seen()).max() <= 1.0
    assert orb.group.shape == (100,)
    assert orb.mass > 0.0 and orb.radius > 0.0
    assert orb.heard(480, 48_000).shape == (480,)


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    runs = []
    for seed in (1, 1, 2):
        orb = Galaxy("plummer", 100, seed, pulse=0.1)
        orb.advance(1.0)
        runs.append((orb.seen(), orb.heard(4_800, 48_000)))
    assert np.array_equal(runs[0][0], runs[1][0]) and np.array_equal(runs[0][1], runs[1][1])
    assert not np.array_equal(runs[0][0], runs[2][0])


def test_how_finely_it_is_asked_does_not_matter() -> None:
    coarse, fine = (Galaxy("plummer", 100, 4) for _ in range(2))
    coarse.advance(1.0)
    for _ in range(500):
        fine.advance(0.002)
    assert np.allclose(coarse.places(), fine.places(), atol=1e-7)
    assert fine.time == pytest.approx(1.0)


def test_the_map_of_units_is_that_of_the_glass_and_the_pulse() -> None:
    orb = Galaxy("plummer", 50, 1, radius=0.2, wall=5.0, pulse_s=4.0, mass=0.5)
    assert orb.scale.metre == pytest.approx(0.04)
    assert orb.pulse_s == pytest.approx(4.0)
    assert orb.scale.joule == pytest.approx(0.5 * (0.04 / orb.scale.second) ** 2)
    assert orb.scale.gravity == pytest.approx(0.04**3 / (0.5 * orb.scale.second**2) / 6.6743e-11)


def test_deeds_are_booked_and_told() -> None:
    orb = Galaxy("plummer", 300, 1)
    kinetic = orb._cluster.now.kinetic * orb.scale.joule
    assert "20%" in orb.do("pulse", strength=0.2)
    assert orb.ledger().drive_j == pytest.approx(0.44 * kinetic, rel=1e-9)
    orb.advance(0.05)
    orb.do("stir", turns=0.1)
    orb.advance(0.5)
    assert orb._cluster.spin()[1] > 0.02
    orb.do("shake", speed=0.01)
    orb.advance(0.5)
    assert (orb.places().mean(axis=0))[0] < -1e-3
    assert abs(orb.ledger().residual_j) < 2e-3 * orb.scale.joule * 0.25
    orb.do("let_go")
    assert "300" in orb.do("reflect")


def test_a_scattered_galaxy_is_gathered_and_what_that_takes_is_drive() -> None:
    orb = Galaxy("plummer", 200, 1, lets_go=True, pulse=1.5)
    made_of = Galaxy("plummer", 200, 1)
    orb.advance(4.013)
    assert orb.left < 150
    before = orb.ledger()
    orb.do("reflect")
    orb.do("gather")
    orb.advance(orb.step_s)
    after = orb.ledger()
    assert orb.left == 200
    assert np.abs(orb.places() - made_of.places()).max() < 0.02
    assert after.stored_j < before.stored_j and after.drive_j < before.drive_j
    assert abs(after.residual_j - before.residual_j) < 1e-3 * orb.scale.joule * 0.25


@pytest.mark.parametrize(
    "deed, amounts, told",
    [("burst", {}, "pulse"), ("pulse", {"strength": 3.0}, "-0.5 to 0.5"), ("stir", {"speed": 1.0}, "turns")],
)
def test_deeds_that_it_does_not_know_are_refused(deed: str, amounts: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Galaxy("plummer", 20, 1).do(deed, **amounts)


def test_crossing_and_relaxation_times_are_the_fields_own() -> None:
    """2 sqrt(2) in Henon units where the energy is -1/4 [heggie1986]; 0.138 N r^(3/2) / ln L [spitzer1987]."""
    orb = Galaxy("plummer", 2_000, 1, wall=20.0)
    figures, cluster = orb.figures(), orb._cluster
    assert figures["crossing_time"].value == pytest.approx(2.0 * 2.0**0.5 * orb.scale.second, rel=0.06)
    r = cluster.now.half_mass
    assert r == pytest.approx(0.769, rel=0.05)
    assert figures["half_mass_radius"].value == pytest.approx(r * orb.scale.metre)
    low, high = figures["half_mass_radius"].low, figures["half_mass_radius"].high
    assert low is not None and high is not None and low < 0.769 * orb.scale.metre < high
    want = 0.138 * 2_000 * r**1.5 / np.log(r / orb.softening) * orb.scale.second
    assert figures["relaxation_time"].value == pytest.approx(want, rel=0.02)


def test_light_follows_the_densest_part() -> None:
    lights = []
    for strength in (-0.3, 0.3):
        orb = Galaxy("uniform", 500, 1)
        assert orb.light == pytest.approx(0.75)
        orb.do("pulse", strength=strength)
        for _ in range(20):
            orb.advance(0.25)
            lights.append(orb.light)
    assert max(lights[:20]) == 1.0 and min(lights[20:]) < 0.4
    shine, r = orb.brightness(), np.linalg.norm(orb.places(), axis=1)
    assert shine.min() >= 0.0 and shine.max() <= 1.0
    assert shine[r < np.median(r)].mean() > shine[r > np.median(r)].mean() + 0.05


def test_all_gone_is_a_state_with_advice() -> None:
    orb = Galaxy("plummer", 10, 1, lets_go=True, pulse=2.0)
    orb.advance(30.0)
    assert orb.status == "stopped" and "glass" in orb.advice
    assert orb.light == 0.0 and orb.brightness().max() == 0.0
    assert all(np.isfinite(f.value) for f in orb.figures().values())


# ------------------------------------------------------------------------------------------------- sound


def test_the_tone_has_the_centres_frequency_octaves_up_and_the_loudness_of_the_imbalance() -> None:
    throb = Throb(slow_s=1e9)
    t = np.linspace(0.1, 2.0, 20)
    swell = np.concatenate([[0.0], np.full(19, 0.5)])
    throb.feed(t, swell, np.zeros(20), np.full(20, 0.5))
    sound = throb.heard(96_000, 48_000)[24_000:]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    peak = np.argmax(spectrum) * 48_000 / len(sound)
    assert peak == pytest.approx(0.5 * 2**OCTAVES, abs=1.0)
    assert np.abs(sound).max() == pytest.approx(0.5 * LOUDEST, rel=0.02)


def test_what_is_flattened_sounds_an_octave_higher_and_a_lasting_imbalance_is_not_heard() -> None:
    t = np.linspace(0.01, 4.0, 400)
    throb = Throb(slow_s=1e9)
    throb.feed(t, np.zeros(400), np.concatenate([[0.0], np.full(399, 0.5)]), np.full(400, 0.5))
    sound = throb.heard(96_000, 48_000)[48_000:]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * 48_000 / len(sound) == pytest.approx(2**OCTAVES, abs=1.5)
    lasting = Throb(slow_s=0.2)
    lasting.feed(t, np.concatenate([[0.0], np.full(399, 0.5)]), np.zeros(400), np.full(400, 0.5))
    heard = np.abs(lasting.heard(4 * 48_000, 48_000))
    assert heard[:9_600].max() > 0.3 * LOUDEST and heard[-9_600:].max() < 1e-4 * LOUDEST


def test_a_pulse_is_heard_and_rest_is_not() -> None:
    loud = []
    for strength in (0.0, 0.2):
        orb = Galaxy("uniform", 1_000, 1, pulse=strength)
        orb.advance(3.0)
        loud.append(float(np.sqrt(np.mean(orb.heard(3 * 48_000, 48_000).astype(float) ** 2))))
    assert loud[1] > 4.0 * loud[0]
    assert 1e-3 < loud[1] < 0.1


def test_sound_goes_on_without_a_jump_between_blocks() -> None:
    orb, twin = (Galaxy("plummer", 100, 1, pulse=0.2) for _ in range(2))
    orb.advance(1.0)
    twin.advance(1.0)
    whole = orb.heard(9_600, 48_000)
    parts = np.concatenate([twin.heard(480, 48_000) for _ in range(20)])
    assert np.allclose(whole, parts, atol=1e-7)
