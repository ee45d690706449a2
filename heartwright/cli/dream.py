"""`heartwright dream`: the short dream as text, played by hand or by a rule, as fast as it computes."""

from __future__ import annotations

import json as json_
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heartwright.cli import options
from heartwright.cli.console import Refused, answers, compiling, print_json
from heartwright.cli.files import check_writable, write_text
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.dream.play import Play

_KEYS = {"b": "breathe", "r": "rehearse", "t": "touch", "e": "contest", "w": "wait", "l": "leave"}


def dream(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario, or a TOML file.")] = "the-short-dream",
    policy: Annotated[
        str | None, typer.Option("--policy", help="Dream by a rule: panic, patient, still or control.")
    ] = None,
    critic: Annotated[str | None, typer.Option("--critic", help="A bundled critic, or a TOML file.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed and same deeds, same dream.")] = 1,
    deaf: Annotated[bool, typer.Option("--deaf", help="Leave listening and judging out: quicker, same heart.")] = False,
    record: Annotated[Path | None, typer.Option("--record", help="Write the record to this JSON file.")] = None,
    replay: Annotated[Path | None, typer.Option("--replay", help="Dream a record again.")] = None,
    json: options.AsJson = False,
) -> None:
    """Dream the short dream in the terminal: some five minutes of a heart, in less.

    \b
      heartwright dream --policy patient --seed 3 --deaf
      heartwright dream --policy panic --seed 2 --deaf --json
      heartwright dream                     played by hand, where there is a terminal

    What the scenario sets is critic, gaze, tilt, cold and light; what the heart does then is physics.
    """
    bounded("--seed", seed, 0, 2**53, "3")
    if record is not None:
        check_writable(record)
    from heartwright import dream as d

    try:
        with compiling("heart"):
            if replay is not None:
                play = d.replay(_read(replay))
                if not json:
                    _tell_rest(play, 0)
            else:
                play = _dream(scenario, policy, critic, seed, ears=not deaf, quiet=json)
    except ValueError as error:
        raise Refused(str(error)) from None
    if record is not None:
        write_text(record, json_.dumps(play.record(), indent=1))
    if json:
        print_json(_plain(play.record()))
        return
    _tell_end(play)


def _dream(scenario: str, policy: str | None, critic: str | None, seed: int, *, ears: bool, quiet: bool) -> Play:
    from heartwright.dream import Play, heart
    from heartwright.dream.policy import chosen, finish

    by_hand = policy is None and sys.stdin.isatty() and not quiet
    choose, who = chosen(policy or "patient")
    play = Play(heart(seed, poses_hz=0.0), scenario, seed=seed, critic=critic if who is None else who, ears=ears)
    return finish(play, _Asker() if by_hand else choose, _Teller(quiet=quiet))


class _Teller:
    """Prints what is new: phases, lines, late strokes."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.said, self.phase = quiet, 0, ""

    def __call__(self, play: Play) -> None:
        if self.quiet:
            return
        if play.phase != self.phase and play.ending is None:
            self.phase = play.phase
            room, p = play.room, play.here
            head = f"{_clock(play.time)}  {self.phase}   {p.tilt_deg:g} deg, {p.temperature_c:g} C"
            head += f", light {room['light']:.2f}, arousal {play.arousal:.2f}"
            answers().print(head, style="dim", markup=False)
            for sense in (p.air, p.scent, p.cold, p.heat):
                if sense:
                    answers().print(f"       {sense}", style="dim", markup=False)
        self.said = _tell_rest(play, self.said)


class _Asker:
    """Asks a person, once a phase and after each act, until one waits."""

    def __init__(self) -> None:
        self.waits = ""

    def __call__(self, play: Play) -> None:
        from heartwright.dream import Refused as NotNow

        while play.choices and self.waits != play.phase and play.ending is None:
            keys = {k: name for k, name in _KEYS.items() if name in play.choices}
            shown = ", ".join(f"{k} {name}" for k, name in keys.items())
            given = _answer(f"       arousal {play.arousal:.2f}; {shown}: ").strip().lower()[:1] or "w"
            name = keys.get(given, "wait")
            try:
                self._do(play, name)
            except (NotNow, ValueError) as error:
                answers().print(f"       {error}.", markup=False)
            if name == "breathe":
                return
            if name == "wait":
                self.waits = play.phase

    def _do(self, play: Play, name: str) -> None:
        if name not in ("touch", "rehearse"):
            play.act(name)
            return
        from heartwright.repair.touch import fitting

        touches = fitting(play.live.design)
        for i, touch in enumerate(touches):
            a = touch.amount
            answers().print(f"       {i + 1}  {touch.title}: {a.low:g} to {a.high:g} {a.unit}, e.g. {a.default:g}")
        which = int(_answer("       which: ") or "3") - 1
        amount = float(_answer("       how much: ") or touches[which].amount.default)
        steady = _answer("       rest the wrist and take the glass? y/n: ").strip().lower().startswith("y")
        aids: dict[str, Any] = {"support": "wrist", "magnification": 10.0} if steady else {}
        found = play.act(name, touch=touches[which].name, amount=amount, **aids)
        if name == "rehearse":
            shares = ", ".join(f"{k} {v.value:.0%} ({v.low:.0%} to {v.high:.0%})" for k, v in found.shares.items())
            answers().print(f"       {found.done} trials: {shares}", markup=False)


def _answer(question: str) -> str:
    """What a person types; nothing where the terminal is closed."""
    try:
        return input(question)
    except EOFError:
        return ""


def _tell_rest(play: Play, said: int) -> int:
    """Print lines from number `said` on; how many there are."""
    for line in play.lines[said:]:
        who = "" if line.who == "room" else f"{line.who}: "
        answers().print(f"       {who}{line.text}", markup=False)
    return len(play.lines)


def _tell_end(play: Play) -> None:
    end = play.ending
    assert end is not None
    answers().print(f"{_clock(play.time)}  {end.name}", style="bold", markup=False)
    answers().print(f"       {end.text}", markup=False)
    answers().print(f"       Your composure: {100 * end.composure:.0f} of 100.", markup=False)
    if end.better:
        answers().print(f"       {end.better}", markup=False)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json_.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise Refused(f"{path}: not JSON, so not a record of a dream.") from None
    if not isinstance(data, dict) or "inputs" not in data:
        raise Refused(f"{path}: not a record of a dream. 'heartwright dream --record FILE' writes one.")
    return data


def _plain(value: Any) -> Any:
    """The value without NaN, which JSON has not."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and value != value else value
