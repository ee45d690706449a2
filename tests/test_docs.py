"""Documentation is tested: every command in it runs, the README's example runs, links and citations hold."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from heartwright import sessions
from heartwright.cli import main
from heartwright.cli.hearing import find
from heartwright.records import Interval, Reading

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = ("run", "listen", "judge", "designs", "movements", "lift")
VERBS = ("session", *(f"session {verb}" for verb in "new add remove show poise dial report compare".split()))


def _help(command: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([*command.split(), "--help"]) == 0
    return out.getvalue()


def _documented() -> list[str]:
    """Every line of a sh block, and every example of a help text, each once."""
    lines: list[str] = []
    for page in PAGES:
        for block in re.findall(r"^ *```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            lines += [line.strip() for line in block.splitlines() if line.strip()]
    for command in (*COMMANDS, *VERBS):
        found = re.findall(r"^    (heartwright .*?)(?:  +[a-z].*)?$", _help(command), re.MULTILINE)
        lines += [line.strip() for line in found]
    return list(dict.fromkeys(lines))


@pytest.fixture(scope="module", name="desk")
def _desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the examples are run."""
    return tmp_path_factory.mktemp("desk")


def _provide(desk: Path, name: str) -> None:
    """Make the recording or design that an example names, at its first use."""
    path = desk / name
    if name in ("watch.toml", "before.toml", "after.toml"):
        _write_session(path)  # each line finds it new
    if path.exists():
        return
    samples, rate = soundfile.read(find("demo"), dtype="float32")
    if name in ("watch.wav", "ch.wav", "6h.wav"):
        soundfile.write(path, samples, rate)
    elif name == "two-watches.wav":
        soundfile.write(path, np.stack([samples[::-1], samples], axis=1), rate)
    elif name == "my-watch.m4a":
        _write_m4a(path, samples, rate)
    elif name == "mine.toml":
        shutil.copy(ROOT / "heartwright" / "designs" / "watch-6497.toml", path)
    elif name in ("clock.wav", "heart.wav"):
        design = {"clock.wav": "graham", "heart.wav": "heart"}[name]
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(["run", design, "--seconds", "30", "--sound", str(path), "--rate-hz", "48000"]) == 0


def _write_session(path: Path) -> None:
    """Two flat positions and four verticals of 165 deg, one of them slow, and two readings of the dial."""
    rates = {"CH": 3.0, "CB": 4.0, "3H": 1.0, "6H": -4.0, "9H": 0.0, "12H": 5.0}
    days = [datetime(2026, 11, day, 10, tzinfo=UTC) for day in (25, 26)]
    entries = []
    for position, rate in rates.items():
        take = Reading(
            "ok",
            (),
            60.0,
            rate_s_per_day=Interval(rate, rate - 5.0, rate + 5.0),
            rate_low_repeat=rate - 0.4,
            rate_high_repeat=rate + 0.4,
            amplitude_deg=Interval(165.0, 163.0, 167.0),
        )
        entries.append(sessions.entry(take, position=position, wind_h=0.0, time=days[0]))
    dial = [sessions.DialReading(time=day, shown_s=3.0 + 4.0 * i) for i, day in enumerate(days)]
    watch = sessions.Watch(nominal_bph=18_000.0)
    sessions.save(sessions.Session(created=days[0], watch=watch, reading=entries, dial=dial), path)


def _write_m4a(path: Path, samples: np.ndarray, rate: int) -> None:
    """AAC in an M4A, as a phone would write it; nothing where the media extra is not installed."""
    with contextlib.suppress(ImportError):
        import av

        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=rate, bit_rate=192_000, layout="mono")
            for start in range(0, len(samples), 1024):
                block = np.ascontiguousarray(samples[None, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = rate, start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


@pytest.mark.parametrize("line", _documented())
def test_every_documented_command_runs(line: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(line)
    target = None
    if ">" in words:
        target, words = words[words.index(">") + 1], words[: words.index(">")]
    assert words[0] == "heartwright"
    for name in words[2:]:
        _provide(desk, name)
    if "my-watch.m4a" in words and not (desk / "my-watch.m4a").exists():
        pytest.skip("the media extra is not installed")
    with contextlib.chdir(desk):
        assert main(words[1:]) == 0, capsys.readouterr().err
        if target:
            (desk / target).write_text(capsys.readouterr().out, "utf-8")


def test_every_option_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for command in (*COMMANDS, "long", "live", "clock"):
        section = page.split(f"\n## {command}\n")[1].split("\n## ")[0]
        inherited = page.split("\n## listen\n")[1].split("\n## ")[0] if command == "judge" else ""
        for option in re.findall(r"^  (--[a-z-]+)", _help(command), re.MULTILINE):
            assert option == "--help" or option in section + inherited, f"{command} {option} is not in commands.md"


def test_the_readme_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    statements = [line for line in code.splitlines() if line.strip()]
    assert len(statements) <= 17
    script = tmp_path / "example.py"
    script.write_text(code, "utf-8")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(script))
    assert re.match(r"rate [+-]\d+\.\d s/d, amplitude \d+ deg\n", out.getvalue())
    assert "beat error" in out.getvalue()


def test_the_page_of_designs_is_that_of_the_models() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_designs_page.py"))["page"]()
    assert (ROOT / "docs" / "designs.md").read_text("utf-8") == made, "run: python docs/make_designs_page.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_hold(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        assert "://" in link or (page.parent / link).exists(), f"{page.name} points to {link}"


def test_citations_stand_in_the_bibliography() -> None:
    key = r"(?:[a-z]+\d{4}[a-z]?)"
    known = set(re.findall(rf"^\| ({key}) \|", (ROOT / "docs" / "bibliography.md").read_text("utf-8"), re.MULTILINE))
    texts = [*PAGES, *(ROOT / "heartwright").rglob("*.py")]
    for path in texts:
        for keys in re.findall(rf"\[({key}(?:,\s+{key})*)\]", path.read_text("utf-8")):
            missing = set(re.split(r",\s+", keys)) - known
            assert not missing, f"{path.name} cites {missing}, which docs/bibliography.md does not have"
