"""What is asked of a damaged file: an answer, or a refusal in plain words; nothing else, and nothing half-written."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.fuzz import audio, text
from heartwright.sessions import store

_PARSE = store.parse

REFUSED, LOADED, MEASURED, BAD = 1, 2, 3, 9
SHARE_MEASURED = 0.1  # of the short takes; those of 3 s and more are all measured
SHARE_STREAMED = 0.05  # read as a long run too
STATUSES = {"ok", "too_short", "too_noisy", "no_beat", "unreadable"}
ALLOWED = (0, 2, 3)  # exit states of a command that did its work
_VERBS = (
    ["show", "{}", "--json"], ["poise", "{}", "--json"], ["dial", "{}", "--fast", "1", "--true", "2026-11-29T10:00:00"],
    ["compare", "{}", "{}", "--json"], ["report", "{}", "{}.html"], ["new", "{}"],
    ["add", "{}", "--rate", "1.5", "--position", "9H", "--wind", "full", "--json"], ["remove", "{}", "1"],
)  # fmt: skip
_MORE = (  # the same verbs in words, asked of what can be read
    ["show", "{}"], ["poise", "{}", "--inertia", "10 mg cm2"], ["dial", "{}", "--json"], ["compare", "{}", "{}"],
    ["report", "{}", "{}.html", "--before", "{}"],
)  # fmt: skip


class Wrong(AssertionError):
    """Something that no damaged file may bring about."""


def hear(seed: int, number: int, folder: Path) -> int:
    """Load case `number`, and measure a share of what loads. Raises whatever is wrong."""
    from heartwright import listen

    made = audio.case(seed, number)
    draw = np.random.default_rng([seed, number, 2]).random(2)
    path = folder / f"take.{made.suffix}"
    path.write_bytes(made.data)
    try:
        if draw[1] < SHARE_STREAMED:
            _stream(path)
        recording = listen.load(path)
    except listen.Unreadable as refused:
        if not str(refused) or "Traceback" in str(refused):
            raise Wrong(f"refused without a reason: {refused}") from None
        return REFUSED
    finally:
        path.unlink()
    if recording.samples.ndim != 1 or not np.isfinite(recording.samples).all() or not len(recording.samples):
        raise Wrong("loaded something else than finite samples of one channel")
    short = recording.seconds < 3.0
    if short and draw[0] > SHARE_MEASURED:
        return LOADED
    reading = listen.measure(recording, lift_deg=50.0)
    if reading.status not in STATUSES or not (reading.advice or reading.status == "ok"):
        raise Wrong(f"measured with status {reading.status!r} and advice {reading.advice!r}")
    return MEASURED


def _stream(path: Path) -> None:
    """The same file as the first of a long run."""
    from heartwright.listen.hours import long
    from heartwright.listen.take import streaming

    long.follow(streaming.Source(streaming.segments([path])[0]).pieces(), lift_deg=50.0)


def keep(seed: int, number: int, folder: Path) -> int:
    """Load case `number` of the session files and ask every verb of it. Raises whatever is wrong."""
    from heartwright import sessions

    data = text.case(seed, number)
    path = folder / "watch.toml"
    path.write_bytes(data)
    try:
        sessions.load(path)
        sound = True
    except sessions.SessionError as refused:
        sound = False
        if not str(refused) or "Traceback" in str(refused):
            raise Wrong(f"refused without a reason: {refused}") from None
    for verb in (*_MORE, *_VERBS) if sound else _VERBS:
        _ask([word.format(path) for word in verb])
        if not sound and path.read_bytes() != data:
            raise Wrong(f"{verb[0]} wrote over a file that it could not read")
        if sound:
            sessions.load(path)  # still whole after every verb
    left = [p.name for p in folder.iterdir() if p.name.endswith(".part")]
    if left:
        raise Wrong(f"left behind: {left}")
    return LOADED if sound else REFUSED


def _ask(words: list[str]) -> None:
    """One verb through the front door; its JSON must be JSON."""
    from heartwright.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["session", *words])
    if status not in ALLOWED:
        raise Wrong(f"{words[0]} ended with {status}")
    if "--json" in words:
        json.loads(out.getvalue())
    if "Traceback" in err.getvalue():
        raise Wrong(f"{words[0]} printed a traceback")


def prepare() -> None:
    """Once a process: put the commands together, which Typer else does at each call; leave warnings of numpy out.

    The same bytes of a session are parsed once (sessions are frozen); what cannot be parsed is tried each time.
    """
    import typer

    from heartwright.cli import app

    app.app = typer.main.get_command(app.app)
    parsed = lru_cache(maxsize=8)(lambda data: _PARSE(data, name="watch.toml"))
    store.parse = lambda data, *, name: parsed(data)
    warnings.simplefilter("ignore")
