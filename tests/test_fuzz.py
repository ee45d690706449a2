"""A few hundred damaged files of the fuzz bench (benchmarks/fuzz), tried in this process; the bench tries 110,000."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
if not (ROOT / "benchmarks" / "fuzz").is_dir():
    pytest.skip("the benchmarks are not in the source distribution", allow_module_level=True)


@pytest.fixture(name="fuzz")
def _fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    import benchmarks.fuzz.trials as trials
    from heartwright.cli import app
    from heartwright.sessions import store

    monkeypatch.setattr(app, "app", app.app)  # put back after the test
    monkeypatch.setattr(store, "parse", store.parse)
    trials.prepare()
    return trials


@pytest.mark.filterwarnings("default")
def test_damaged_sound_is_heard_or_refused(fuzz: ModuleType, tmp_path: Path) -> None:
    ended = [fuzz.hear(1, number, tmp_path) for number in range(250)]
    assert {fuzz.REFUSED, fuzz.LOADED, fuzz.MEASURED} == set(ended)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("default")
def test_damaged_sessions_are_read_or_refused(fuzz: ModuleType, tmp_path: Path) -> None:
    ended = [fuzz.keep(1, number, tmp_path) for number in range(40)]
    assert {fuzz.REFUSED, fuzz.LOADED} == set(ended)


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork beside threads that this process has from before
def test_endings_leave_whole_files(fuzz: ModuleType, tmp_path: Path) -> None:
    from benchmarks.fuzz import endings

    for name in ("kills", "disks"):
        (tmp_path / name).mkdir()
    assert endings.killed(tmp_path / "kills", 10, seed=1) == []
    assert endings.full(tmp_path / "disks", 10, seed=1) == []


def test_a_bench_that_finds_something_says_so(
    fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heartwright import listen

    def broken(path: Path) -> None:
        raise KeyError(path)

    monkeypatch.setattr(listen, "load", broken)
    with pytest.raises(KeyError):
        fuzz.hear(1, 1, tmp_path)


def test_a_case_is_always_the_same(fuzz: ModuleType) -> None:
    from benchmarks.fuzz import audio, text

    assert audio.case(5, 77) == audio.case(5, 77) and audio.case(5, 77) != audio.case(6, 77)
    assert text.case(5, 77) == text.case(5, 77)
    made = " ".join(audio.case(1, n).made for n in range(300))
    for change in ("flip", "cut", "splice", "lie", "wav_field", "not_numbers", "rubbish"):
        assert change in made
