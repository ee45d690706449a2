"""The command line without its chain: help, movements, designs, options, exit states and the objects they print."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heartwright.cli import catalogue, files, main, payload, say
from heartwright.cli.console import Refused
from heartwright.cli.hearing import known, unreadable
from heartwright.records import BeatTable, Cause, Interval, Reading, Sentence, Verdict, Voice, VoiceSound, Word

LISTEN_FIELDS = {
    "status", "advice", "beats", "duration_s", "snr_db", "nominal_bph", "settled", "voices", "beat_rate_bph",
    "rate_s_per_day", "rate_low_repeat", "rate_high_repeat", "beat_error_ms", "amplitude_deg",
    "amplitude_any_lift_deg", "escapement", "marks", "leaps", "extras", "allan", "wheels",
    "rate_heard_s_per_day", "beat_error_heard_ms", "beat_timed", "amplitude_sides_deg", "count_odds", "rivals", "tone",
}  # fmt: skip
JUDGE_FIELDS = {"status", "reading", "intricacy", "words", "conviction", "sentences", "causes"}


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("command", ["", "run", "listen", "judge", "designs", "movements"])
def test_help_teaches_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert f"heartwright {command or 'listen'} " in text
    assert "--json" in text or not command


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], ("numba", "scipy", "pint")),
        (["listen", "demo", "--lift-deg", "44"], ("numba", "scipy.signal", "scipy.stats", "pint")),
    ],
)
def test_it_starts_without_what_takes_long_to_load(arguments: list[str], heavy: tuple[str, ...]) -> None:
    code = (
        f"import sys; from heartwright.cli import main; main({arguments}); "
        f"sys.exit(any(m in sys.modules for m in {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["listen", "x.wav", "--clock-ppm", "3"], "OFFSET,SIGMA"),
        (["listen", "x.wav", "--clock-ppm", "0,-3"], "SIGMA must be 0 or more"),
        (["listen", "x.wav", "--bph", "many"], "--bph"),
        (["listen", "x.wav", "--bph", "3"], "600 to 400000"),
        (["listen", "x.wav", "--lift-deg", "500"], "10 to 120"),
        (["listen", "x.wav", "--movement", "nh353"], "Did you mean 'Seiko NH35"),
        (["listen", "x.wav", "--movement", "eta"], "Write more of the name"),
        (["listen", "x.wav", "--lift", "52"], "--lift"),
        (["listen", "x.wav", "--report", "no-such-folder/a.html"], "there is no folder"),
        (["listen"], "file"),
        (["listen", "nowhere.wav"], "nowhere.wav"),
    ],
)
def test_listen_prints_its_object_on_bad_input_too(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--json"]) == 2
    found = _json(capsys)
    assert set(found) == LISTEN_FIELDS
    assert found["status"] == "unreadable"
    assert said in " ".join(found["advice"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["judge", "hart"], "neither a file nor a bundled design"),
        (["judge", "demo", "--design", "hart"], "no bundled design"),
        (["judge", "nowhere.toml"], "cannot be read"),
    ],
)
def test_judge_prints_its_object_on_bad_input_too(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--json"]) == 2
    found = _json(capsys)
    assert set(found) == JUDGE_FIELDS
    assert set(found["reading"]) == LISTEN_FIELDS
    assert said in " ".join(found["reading"]["advice"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "hart"], "There are: graham, heart"),
        (["run", "heart", "--seconds", "-1"], "--seconds"),
        (["run", "heart", "--sound", "out.mp3"], ".wav or .flac"),
        (["run", "heart", "--sound", "no-such-folder/out.wav"], "there is no folder"),
        (["run", "heart", "--edit", "escapement.lock"], "PATH=VALUE"),
        (["run", "heart", "--edit", "escapement.lok=2 deg"], "Did you mean 'lock'"),
        (["run", "heart", "--edit", "oscillator.inertia=-1 g cm2"], "greater than 0"),
        (["run", "heart", "--position", "up"], "allowed are CH"),
        (["hark"], "No such command"),
    ],
)
def test_run_refuses_in_words(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


def test_the_table_has_its_rows_and_its_disputes() -> None:
    assert len(catalogue.movements()) == 71
    (nh35,) = catalogue.search("nh35")
    assert (nh35.lifts_deg, nh35.rates_bph, nh35.disputed) == ((53.0,), (21600.0,), ())
    (unitas,) = catalogue.search("6497-1")
    assert unitas.lifts_deg == (44.0, 53.0)
    assert unitas.disputed == ("lift",)
    (rolex,) = catalogue.search("Rolex 1570")
    assert rolex.rates_bph == (18000.0, 19800.0)
    assert all(m.source for m in catalogue.movements())


def test_movements_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["movements", "6497"]) == 0
    assert "44 or 53*" in capsys.readouterr().out
    assert main(["movements", "nh35", "--json"]) == 0
    assert _json(capsys)["movements"][0]["lift_deg"] == [53.0]
    assert main(["movements", "no such thing"]) == 3


def test_designs_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["designs", "--json"]) == 0
    assert {d["name"] for d in _json(capsys)["designs"]} >= {"heart", "watch-6497", "watch-2824", "graham"}
    assert main(["designs", "heart", "--toml"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["name"] == "heart"


def test_a_disputed_lift_widens_what_is_known() -> None:
    told = known(bph=None, lift_deg=None, movement="6497-1", clock="0,30")
    assert (told.lift_deg, told.lifts_deg, told.movement_bph) == (44.0, (44.0, 53.0), 18000.0)
    assert "disputed" in told.remarks[0]
    assert known(bph=None, lift_deg=50.0, movement="6497-1", clock="0,30").lifts_deg == ()
    assert known(bph=None, lift_deg=None, movement="Rolex 1570", clock="1.5,2").movement_bph is None
    with pytest.raises(Refused, match="not in the table"):
        known(bph=None, lift_deg=None, movement="sundial", clock="0,30")


def test_payloads_hold_the_promised_fields_and_no_nan() -> None:
    nan = float("nan")
    sound = VoiceSound("S1", Interval(0.08, 0.07, 0.09), Interval(-30.0, nan, -28.0))
    reading = Reading(
        status="ok", advice=("a",), duration_s=60.0, beats=10, snr_db=nan, nominal_bph=21600.0, settled=True,
        beat_rate_bph=Interval(21600.0, 21599.0, 21601.0), rate_s_per_day=Interval(nan, nan, nan),
        voice=Voice(Interval(1.0, 0.99, 1.01), (sound,)),
    )  # fmt: skip
    found = payload.reading(reading)
    assert set(found) == LISTEN_FIELDS
    assert found["rate_s_per_day"] is None
    assert found["snr_db"] is None
    assert found["beat_rate_bph"] == {"value": 21600.0, "low": 21599.0, "high": 21601.0}
    assert found["voices"]["sounds"][0] == {
        "name": "S1",
        "time_s": {"value": 0.08, "low": 0.07, "high": 0.09},
        "level_db": None,
    }
    verdict = Verdict(
        "ok", reading, {"hollow": Word(None, None, None, None, "too short")}, (Sentence("t", {"x": nan}, (1.0,)),),
        (Cause("healthy", ("healthy",), 0.9),), None, {"parts": 9.0},
    )  # fmt: skip
    told = payload.verdict(verdict)
    assert set(told) == JUDGE_FIELDS
    assert told["words"]["hollow"] == {
        "score": None, "low": None, "high": None, "holds": None, "reason": "too short", "evidence_s": [],
    }  # fmt: skip
    assert told["sentences"][0]["figures"] == {"x": None}
    assert set(told["causes"][0]) == {"sound_class", "members", "probability"}
    json.dumps(told, allow_nan=False)
    assert set(payload.unjudged(unreadable("why"))) == JUDGE_FIELDS


def test_beats_csv_leaves_untimed_sounds_empty() -> None:
    row = np.array([1.0])
    nan = np.array([np.nan])
    side = np.array([1], dtype=np.int64)
    table = BeatTable(row, side, row, nan, nan, row, row, row, row, np.array(["late"]))
    head, line = say.beats_csv(table).splitlines()
    assert head.split(",")[:5] == ["beat", "time_s", "side", "impulse_s", "lock_s"]
    assert line == "0,1,1,1,,,1,1,1,1,late"


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    target = tmp_path / "a.csv"
    files.write_text(target, "first")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Refused, match=r"No space left on device.*Nothing was left behind"):
        files.write_text(target, "second")
    assert target.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device to write to")
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def onto_a_full_disk(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return opened(Path("/dev/full") if "w" in mode else path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", onto_a_full_disk)
    with pytest.raises(Refused, match="No space left"):
        files.write_text(tmp_path / "a.csv", "x" * 100_000)
    assert list(tmp_path.iterdir()) == []
