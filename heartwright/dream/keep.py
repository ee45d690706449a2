"""The record of a dream (JSON), what a page shows of it, and replaying a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartwright.dream.scenario import Critic, Scenario

if TYPE_CHECKING:
    from heartwright.dream.play import Play

VERSION = 1


def record(play: Play) -> dict[str, Any]:
    """What was heard, said and done, how it ended, and enough to replay it."""
    told = play.told
    return {
        "version": VERSION,
        "scenario": play.scenario.model_dump(),
        "critic": play.critic.model_dump(),
        "seed": play.seed,
        "heart_seed": play.live.seed,
        "design": play.before.name,
        "inputs": list(told.inputs),
        "said": [line.as_json() for line in told.lines],
        "heard": list(told.sentences),
        "done": [t.as_json() for t in told.touches],
        "rehearsed": [{k: v for k, v in o.as_json().items() if k != "dots"} for o in told.odds],
        "contested": list(told.contests),
        "arousal": [list(row) for row in told.arousal],
        "late_strokes_s": list(play.late),
        "really_stuttered": play.stuttered,
        "seconds": play.time,
        "ending": play.ending.as_json() if play.ending else None,
    }


def replay(data: dict[str, Any], *, ears: bool = False) -> Play:
    """Dream a record again from its seed and inputs. Raises ValueError for a record of another version."""
    from heartwright.dream.heart import heart
    from heartwright.dream.play import QUANTUM_S, Play

    if data.get("version") != VERSION:
        raise ValueError(f"record of version {data.get('version')!r}; {VERSION} is read here")
    scenario, critic = Scenario.model_validate(data["scenario"]), Critic.model_validate(data["critic"])
    play = Play(heart(data["heart_seed"], poses_hz=0.0), scenario, seed=data["seed"], critic=critic, ears=ears)
    queue = list(data["inputs"])
    while play.ending is None:
        while queue and play.time >= queue[0]["time_s"] - 1e-6:
            step = dict(queue.pop(0))
            name = step.pop("act")
            step.pop("time_s")
            if name == "rehearse" or (name == "contest" and not ears):
                continue  # neither changes the heart; a rehearsal only moves the count that seeds the next
            play.act(name, **step)
        play.step(QUANTUM_S)
    return play


def shown(play: Play) -> dict[str, Any]:
    """The dream as a page shows it."""
    p = play.here
    choices = [{"name": name, "title": name.capitalize(), "says": _SAYS[name]} for name in play.choices]
    critic = {"name": play.critic.name, "face": play.critic.face, "visible": play.watched}
    ending = None if play.ending is None else {**play.ending.as_json(), "record": record(play)}
    return {
        "phase": play.phase,
        "time_s": play.time,
        "lines": [line.as_json() for line in play.lines],
        "words": play.words,
        "gaze": play.gaze,
        "arousal": play.arousal,
        "throat_open": play.throat_open,
        "choices": choices,
        "senses": {"air": p.air, "scent": p.scent, "cold": p.cold, "heat": p.heat},
        "room": play.room,
        "critic": critic,
        "ending": ending,
    }


_SAYS = {
    "breathe": "Breathe slowly: arousal falls, the hand grows steadier, the throat opens.",
    "rehearse": "Try a touch on copies of the heart and see the odds.",
    "touch": "Touch the heart, with the hand as it is now.",
    "contest": "Explain: the beat error is meant. The judge tests it against what was heard.",
    "wait": "Do nothing.",
    "leave": "Leave the room.",
}
