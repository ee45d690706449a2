"""What an orb is made with: spheres and discs against their closed forms, the pulse, and snapshots of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks.galaxy.run import first_pulse
from benchmarks.galaxy.virial import Plummer
from heartwright.records import Floats
from heartwright.works.galaxy import Galaxy, pulse
from heartwright.works.galaxy import disc as disc_
from heartwright.works.galaxy.disc import circular2
from heartwright.works.galaxy.force import Forces
from heartwright.works.galaxy.models import MODELS, made, softening
from heartwright.works.galaxy.snapshot import SnapshotError, read
from heartwright.works.galaxy.spheres import HERNQUIST_SCALE, PLUMMER_SCALE, UNIFORM_RADIUS, Bodies

N = 6_000
WALL = 5.0


def polar(bodies: Bodies) -> tuple[Floats, Floats, Floats]:
    """Radius, radial speed and speed of each body."""
    r = np.linalg.norm(bodies.place, axis=1)
    return r, np.sum(bodies.place * bodies.velocity, axis=1) / r, np.linalg.norm(bodies.velocity, axis=1)


def spheres(model: str, n: int = N, wall: float = WALL) -> Bodies:
    """A model as it is drawn, before its centre is brought to rest."""
    return MODELS[model](n, wall, np.random.default_rng(11))


@pytest.mark.parametrize("model", ["plummer", "hernquist", "uniform"])
def test_radii_are_drawn_from_the_models_mass(model: str) -> None:
    held = {
        "plummer": lambda r: (1.0 + (PLUMMER_SCALE / np.maximum(r, 1e-9)) ** 2) ** -1.5,
        "hernquist": lambda r: (r / (r + HERNQUIST_SCALE)) ** 2,
        "uniform": lambda r: np.minimum(r / UNIFORM_RADIUS, 1.0) ** 3,
    }[model]
    bodies = spheres(model)
    r = polar(bodies)[0]
    assert stats.kstest(r, lambda x: held(x) / held(WALL)).pvalue > 0.01
    assert bodies.mass.sum() == pytest.approx(held(WALL))


def test_a_plummer_spheres_speeds_are_those_of_its_distribution() -> None:
    r, _, speed = polar(spheres("plummer"))
    share = speed / np.sqrt(2.0) * (r**2 + PLUMMER_SCALE**2) ** 0.25
    assert stats.kstest(share**2, stats.beta(1.5, 4.5).cdf).pvalue > 0.01


@pytest.mark.parametrize("model", ["plummer", "hernquist", "uniform"])
def test_dispersion_at_every_radius_is_that_of_the_jeans_equation(model: str) -> None:
    def hernquist(r: Floats) -> Floats:  # [hernquist1990], eq. 10
        x = r / HERNQUIST_SCALE
        tail = x / (1 + x) * (25 + 52 * x + 42 * x**2 + 12 * x**3)
        return (12 * x * (1 + x) ** 3 * np.log1p(1 / x) - tail) / (12 * HERNQUIST_SCALE)

    sigma2 = {
        "plummer": lambda r: (r**2 + PLUMMER_SCALE**2) ** -0.5 / 6.0,
        "hernquist": hernquist,
        "uniform": lambda r: UNIFORM_RADIUS**-3 * (UNIFORM_RADIUS**2 - r**2) / 4.0,
    }[model]
    r, radial, speed = polar(spheres(model, 40_000))
    edges = np.quantile(r, np.linspace(0.02, 0.98, 9))
    for low, high in zip(edges, edges[1:], strict=False):
        ring = (r > low) & (r < high)
        want = float(sigma2(r[ring]).mean())
        assert np.mean(radial[ring] ** 2) == pytest.approx(want, rel=4.0 * np.sqrt(2.0 / ring.sum())), (low, high)
        across = 0.25 / UNIFORM_RADIUS if model == "uniform" else want  # the uniform sphere alone is not isotropic
        found = 0.5 * np.mean(speed[ring] ** 2 - radial[ring] ** 2)
        assert found == pytest.approx(across, rel=4.0 * np.sqrt(1.0 / ring.sum())), (low, high)


@pytest.mark.parametrize("model", ["plummer", "hernquist", "uniform"])
def test_a_whole_sphere_has_henons_energy(model: str) -> None:
    bodies = spheres(model, wall=200.0)
    kinetic = 0.5 * float(bodies.mass @ np.sum(bodies.velocity**2, axis=1))
    potential = 0.5 * float(bodies.mass @ Forces(1e-3).of(bodies.mass, bodies.place)[:, 3])
    assert kinetic == pytest.approx(0.25, rel=0.04)
    assert potential == pytest.approx(-0.5, rel=0.04)


def test_a_hernquist_spheres_speeds_go_all_ways_alike() -> None:
    r, radial, speed = polar(spheres("hernquist"))
    assert stats.kstest(radial / speed, stats.uniform(-1, 2).cdf).pvalue > 0.01
    assert np.all(speed**2 <= 2.0 / (r + HERNQUIST_SCALE) * (1 + 1e-9))


@pytest.mark.parametrize("model", ["plummer", "hernquist", "uniform", "disc"])
def test_a_model_is_in_virial_balance_with_its_softening_and_its_wall(model: str) -> None:
    orb = Galaxy(model, 2_000, 3)
    ratios = [orb.figures()["virial_ratio"]]
    for _ in range(6):
        orb.advance(1.5)
        ratios.append(orb.figures()["virial_ratio"])
    assert ratios[0].value == pytest.approx(1.0, abs=0.08 if model == "disc" else 0.05)
    assert np.mean([q.value for q in ratios]) == pytest.approx(1.0, abs=0.02)
    low, high = ratios[0].low, ratios[0].high
    assert low is not None and high is not None and low < ratios[0].value < high


def test_what_the_wall_alone_holds_is_in_balance_with_its_press() -> None:
    orb = Galaxy("plummer", 300, 3, wall=1.5, pulse=1.2)
    orb.advance(60.0)
    ratios = []
    for _ in range(8):
        orb.advance(2.0)
        ratios.append(orb.figures()["virial_ratio"].value)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("halo", [True, False])
def test_a_discs_rotation_curve_is_freemans_and_its_energy_henons(halo: bool) -> None:
    n = 12_000
    bodies = made("disc", n, wall=4.0, seed=2, soft=0.01, halo=halo)
    field = Forces(0.01).of(bodies.mass, bodies.place)
    kinetic = 0.5 * float(bodies.mass @ np.sum(bodies.velocity**2, axis=1))
    assert kinetic + 0.5 * float(bodies.mass @ field[:, 3]) == pytest.approx(-0.25, rel=0.06)
    c, s = np.cos(disc_.TIPPED), np.sin(disc_.TIPPED)
    flat = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    thin = bodies.group == 0
    x, v, a = (table[thin] @ flat for table in (bodies.place, bodies.velocity, field[:, :3]))
    r = np.hypot(x[:, 0], x[:, 2])
    inward = -(x[:, 0] * a[:, 0] + x[:, 2] * a[:, 2])  # r times the pull
    turning = (x[:, 2] * v[:, 0] - x[:, 0] * v[:, 2]) / r
    length = disc_.LENGTH_IN_HALO if halo else disc_.LENGTH_BARE
    mass = disc_.DISC_SHARE if halo else 1.0
    for at in (2.0, 3.0, 4.0):
        ring = np.abs(r / length - at) < 0.2
        want = circular2(r[ring], length, mass, disc_.HALO_SCALE * length, 1.0 - mass).mean()
        assert np.sqrt(inward[ring].mean()) == pytest.approx(np.sqrt(want), rel=0.08)
        assert 0.65 < turning[ring].mean() / np.sqrt(want) < 1.02  # behind it by the asymmetric drift
        radial = (x[ring, 0] * v[ring, 0] + x[ring, 2] * v[ring, 2]) / r[ring]
        surface = mass / (2 * np.pi * length**2) * np.exp(-r[ring] / length).mean()
        curve = np.sqrt(inward[ring].mean()) / r[ring].mean()
        toomre = radial.std() * np.sqrt(2.0) * curve / (3.36 * surface)  # kappa^2 is near 2 W^2 where it is flat
        assert 0.8 < toomre < 1.8


def test_the_softening_is_near_the_best_for_a_plummer_sphere() -> None:
    """The mean square error of the pull has its least where [merritt1996] says."""
    n, errors = 1_000, {}
    for factor in (0.4, 1.0, 2.5):
        off = []
        for seed in range(4):
            bodies = made("plummer", n, wall=4.0, seed=seed)
            r2 = np.sum(bodies.place**2, axis=1)
            pull = -bodies.place * ((r2 + PLUMMER_SCALE**2) ** -1.5)[:, None]
            field = Forces(factor * softening("plummer", n)).of(bodies.mass, bodies.place)
            off.append(np.mean((field[:, :3] - pull) ** 2))
        errors[factor] = np.mean(off)
    assert errors[1.0] < 0.75 * min(errors[0.4], errors[2.5])


# ------------------------------------------------------------------------------------------------- the pulse


def test_a_uniform_sphere_pulses_with_the_period_of_the_exact_solution() -> None:
    """R'' = -GM/R^2 + h^2/R^3 [sridhar1989] is Kepler's: period 2 pi a^(3/2) with a = 3 G M^2 / (10 |E|)."""
    orb = Galaxy("uniform", 1_500, 2, pulse=0.08, softening=0.05, step=0.06)
    energy = orb._cluster.energy
    orb.advance(32.0 * orb.scale.second)
    beat = orb.figures()["pulse_period"]
    exact = 2.0 * np.pi * (0.3 / -energy) ** 1.5 * orb.scale.second
    assert beat.value == pytest.approx(exact, rel=0.02)
    assert beat.low is not None and beat.high is not None and beat.high - beat.low < 0.06 * exact
    assert orb.figures()["pulse_damping"].value < 0.15 / beat.value


def test_a_plummer_spheres_pulse_dies_in_about_a_beat() -> None:
    """Steep polytropes are damped by the mixing of phases [straub2024]; a Plummer sphere is that of exponent 7/2."""
    orb = Galaxy("plummer", 1_500, 2, pulse=0.1)
    orb.advance(20.0 * orb.scale.second)
    radius = np.array([k.half_mass for k in orb._history])
    time = np.array([k.time for k in orb._history])
    final = radius[time > 14.0].mean()
    over = radius[time < 6.0].max() - final
    assert over > 0.03
    assert np.abs(radius[time > 10.0] - final).max() < 0.6 * over


def test_a_damped_cosine_is_measured_with_errors_that_cover() -> None:
    random = np.random.default_rng(3)
    time = np.arange(0.0, 40.0, 0.1)
    inside = 0
    for _ in range(20):
        noise = np.convolve(random.standard_normal(len(time) + 30), np.ones(30) / 30**0.5, "same")[: len(time)]
        radius = 1.0 + 0.1 * np.exp(-0.03 * time) * np.cos(0.7 * time + 0.4) + 0.01 * noise
        found = pulse.measure(time, radius, near=0.75)
        assert found is not None
        inside += abs(found.omega - 0.7) < 2.5 * found.omega_error
        assert found.damping == pytest.approx(0.03, abs=0.015)
    assert inside >= 17


def test_no_pulse_is_told_where_there_is_none() -> None:
    random = np.random.default_rng(4)
    time = np.arange(0.0, 40.0, 0.1)
    told = [pulse.measure(time, 1.0 + 0.01 * random.standard_normal(len(time)), near=0.7) for _ in range(20)]
    assert sum(found is not None for found in told) <= 1
    assert pulse.measure(time[:40], np.ones(40), near=0.7) is None


def test_a_large_swing_is_told_only_from_more_than_a_period_and_a_half() -> None:
    """A uniform sphere's radius is 1 - e cos E at t = E - e sin E: within one period a damped cosine fits it anyhow."""
    swing, anomaly = 0.18, np.linspace(0.0, 7.0 * np.pi, 1400)
    time, radius = anomaly - swing * np.sin(anomaly), 1.0 - swing * np.cos(anomaly)
    for cycles in (1.0, 1.3):
        short = time < 2.0 * np.pi * cycles
        assert pulse.measure(time[short], radius[short], near=1.0) is None
    found = pulse.measure(time, radius, near=1.0)
    assert found is not None and abs(found.omega - 1.0) < min(0.01, 1.96 * found.omega_error)


def test_the_homologous_period_is_that_of_the_uniform_sphere() -> None:
    radius = 1.2
    assert pulse.homologous(-0.6 / radius, 0.6 * radius**2) == pytest.approx(radius**-1.5)


# ------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "options, told",
    [
        ({"model": "plumer"}, "did you mean 'plummer'"),
        ({"n": 1}, "2 to 200000"),
        ({"n": 10**7}, "2 to 200000"),
        ({"wall": 0.0}, "wall=0"),
        ({"radius": -1.0}, "radius=-1"),
        ({"step": 0.0}, "step=0"),
        ({"wall": float("nan")}, "wall=nan"),
        ({"softening": -0.1}, "softening=-0.1"),
        ({"model": "uniform", "wall": 1.0}, "1.8 or more"),
        ({"model": "disc", "toomre_q": 0.0}, "toomre_q=0"),
        ({"halo": True}, "takes no 'halo'"),
    ],
)
def test_what_makes_no_galaxy_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Galaxy(**{"n": 50, **options})  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------- snapshots

HEAD = "m,x,y,z,vx,vy,vz\n"
ROWS = "2,1,0,0,0,0.5,0\n2,-1,0,0,0,-0.5,0\n1,0,2,0,0.3,0,0\n"


def written(folder: Path, text: str, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_table_is_read_in_its_own_units_and_goes_on(tmp_path: Path) -> None:
    orb = Galaxy.read(written(tmp_path, "id,vz,vy,vx,z,y,x,m\n" + "\n".join(
        f"{k},{','.join(reversed(row.split(',')))}" for k, row in enumerate(ROWS.split())
    )))  # fmt: skip
    plain = Galaxy.read(written(tmp_path, HEAD + ROWS))
    assert np.array_equal(orb.seen(), plain.seen())
    assert (plain.n, plain.name) == (3, "mine")
    cluster = plain._cluster
    assert cluster.mass.sum() == pytest.approx(1.0)
    assert np.allclose(cluster.mass @ cluster.velocity, 0.0, atol=1e-12)
    exact = Forces(1e-4).of(cluster.mass, cluster.place)
    energy = 0.5 * cluster.mass @ np.sum(cluster.velocity**2, axis=1) + 0.5 * cluster.mass @ exact[:, 3]
    assert energy == pytest.approx(-0.25, rel=1e-3)
    plain.advance(0.5)
    assert plain.status == "running"


@pytest.mark.parametrize(
    "text, told",
    [
        (HEAD + ROWS + "1,nan,0,0,0,0,0\n", "row 5: x is nan"),
        (HEAD + ROWS + "1,0,0,0,0,inf,0\n", "row 5: vy is inf"),
        (HEAD + ROWS + "1,0,0,zero,0,0,0\n", "row 5: z is 'zero'"),
        (HEAD + "0,1,0,0,0,0,0\n" + ROWS, "row 2: mass 0"),
        (HEAD + ROWS + "-1,1,0,0,0,0,0\n", "row 5: mass -1"),
        (HEAD + ROWS + "1,2,3\n", "row 5: 3 cells"),
        ("m,x,y,z,vx\n1,2,3,4,5\n", "no vy, vz"),
        (HEAD, "0 bodies; at least 2"),
        ("", "no m, x, y"),
        (HEAD + "1,0,0,0,0,0,0\n1,0,0,0,0,0,0\n", "all bodies are in one place"),
    ],
)
def test_a_bad_table_is_refused_with_its_row(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SnapshotError, match=told):
        Galaxy.read(written(tmp_path, text))


def test_bodies_beyond_the_glass_are_left_out_and_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROWS + "0.01,50,0,0,0,0,0\n")
    orb = Galaxy.read(path, wall=5.0)
    assert orb.n == 3 and "1 of 4 bodies lie beyond the glass" in orb.notes[0]
    assert Galaxy.read(path, wall=100.0).n == 4
    with pytest.raises(ValueError, match="make it wider"):
        Galaxy.read(path, wall=0.1)
    with pytest.raises(ValueError, match="take no halo"):
        Galaxy.read(path, halo=True)


def test_two_bodies_in_one_place_need_a_softening(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROWS + "1,0,2,0,0.1,0,0\n")
    orb = Galaxy.read(path)
    assert "bodies 3 and 4 are in one place" in orb.notes[0]
    orb.advance(0.2)
    assert np.all(np.isfinite(orb.places()))
    with pytest.raises(ValueError, match="bodies 3 and 4 are in one place"):
        Galaxy.read(path, softening=0.0)


def test_too_many_bodies_are_told_and_may_be_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heartwright.works.galaxy.snapshot.MOST", 50)
    random = np.random.default_rng(1)
    rows = "".join(f"1,{','.join(f'{v:.6f}' for v in row)}\n" for row in random.standard_normal((80, 6)) * 0.5)
    path = written(tmp_path, HEAD + rows)
    with pytest.raises(SnapshotError, match="more than 50 bodies"):
        read(path)
    bodies, notes = read(path, thin=40)
    assert len(bodies) == 40 and "40 of 80" in notes[0]
    assert np.array_equal(read(path, thin=40)[0].place, bodies.place)
    monkeypatch.setattr("heartwright.works.galaxy.snapshot.MOST", 100)
    few, all_ = (float(np.mean(b.velocity**2)) for b in (bodies, read(path)[0]))
    assert few == pytest.approx(all_, rel=0.3)  # the mass of all is in the few


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"\.csv"):
        read(written(tmp_path, "x", "mine.fits"))
    with pytest.raises(SnapshotError, match="not readable as a snapshot"):
        read(written(tmp_path, "no such thing", "mine.hdf5"))
    with pytest.raises(SnapshotError, match="not a table"):
        read(written(tmp_path, HEAD + '1,"' + "9" * 200_000 + '",0,0,0,0,0\n'))
    with pytest.raises(OSError):
        read(tmp_path / "none.csv")


def test_gadget_and_swift_snapshots_are_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    random = np.random.default_rng(2)
    place, velocity = random.standard_normal((2, 40, 3))
    gadget, swift, far = (tmp_path / f"{name}.hdf5" for name in ("gadget", "swift", "far"))
    with h5py.File(gadget, "w") as file:
        head = file.create_group("Header")
        head.attrs["MassTable"] = [0.0, 2.0, 0.0, 0.0, 0.0, 0.0]
        head.attrs["Redshift"] = 0.0
        for kind in (1, 4):
            part = file.create_group(f"PartType{kind}")
            part["Coordinates"], part["Velocities"] = place * kind, velocity * 50.0
        file["PartType4/Masses"] = np.full(40, 0.5)
    bodies, _ = read(gadget)
    assert len(bodies) == 80 and set(bodies.group) == {1, 4}
    assert bodies.mass[0] == pytest.approx(4.0 * bodies.mass[-1])
    assert np.allclose(read(gadget, g=43_007.1)[0].velocity, bodies.velocity, rtol=1e-3)
    with h5py.File(swift, "w") as file:
        units = file.create_group("Units").attrs
        units["Unit length in cgs (U_L)"] = np.array([3.085678e21])
        units["Unit mass in cgs (U_M)"] = np.array([1.989e43])
        units["Unit time in cgs (U_t)"] = np.array([3.085678e16])
        for kind, mass in ((1, 2.0), (4, 0.5)):
            part = file.create_group(f"PartType{kind}")
            part["Coordinates"], part["Velocities"] = place * kind, velocity * 50.0
            part["Masses"] = np.full(40, mass)
    assert np.allclose(read(swift)[0].velocity, bodies.velocity)
    with h5py.File(far, "w") as file:
        file.create_group("Header").attrs["Redshift"] = 2.0
    with pytest.raises(SnapshotError, match="cosmological"):
        read(far)


def test_a_cut_plummer_spheres_virial_and_inertia_have_closed_forms() -> None:
    a = PLUMMER_SCALE
    whole = Plummer.cut(1e9, a)
    assert whole.pull == pytest.approx(0.5) and whole.force2 == pytest.approx(8.0 / 105.0 / a**4)
    law = Plummer.cut(WALL, a)
    r = np.linspace(1e-6, WALL, 100_001)
    mass, shell = (1.0 + (a / r) ** 2) ** -1.5, 3.0 * a**2 * r**2 * (r**2 + a**2) ** -2.5
    assert law.pull == pytest.approx(np.trapezoid(mass * shell / r, r), rel=1e-6)
    assert law.inertia == pytest.approx(np.trapezoid(r**2 * shell, r), rel=1e-6)
    assert law.force2 == pytest.approx(np.trapezoid((mass / r**2) ** 2 * shell, r), rel=1e-6)
    bodies = spheres("plummer", 40_000)
    assert float(bodies.mass @ polar(bodies)[0] ** 2) == pytest.approx(law.inertia, rel=0.03)
    kinetic = 0.5 * float(bodies.mass @ np.sum(bodies.velocity**2, axis=1))
    assert 2.0 * kinetic == pytest.approx(law.pull + law.press, rel=0.02)


def test_a_plummer_spheres_pulse_starts_as_the_virial_theorem_says_and_leaves_it_as_it_must() -> None:
    """w^2 = |W| / I [chandrasekhar1972] of the moment of inertia, by bodies and by shells; then by s^2 = Q / |W|."""
    found = first_pulse(2, 2_000, 15_000, end=1.1)
    for name in ("bodies", "shells"):
        assert found[f"{name}_start"] == pytest.approx(1.0, abs=0.05), name
        assert found[f"{name}_at_one"] == pytest.approx(1.0, abs=0.05), name  # 1.09 had it kept its shape
