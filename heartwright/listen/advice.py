"""What to say where a figure could not be had: why, and what would mend it. One line each, in plain words."""

from __future__ import annotations

from heartwright.records import Interval

HOW_TO_RECORD = (
    "record 60 s in a quiet room with the phone's microphone on the crown or against the back of the case, "
    "as a lossless voice memo with every enhancement off"
)


def too_short(duration_s: float, beats: int) -> str:
    return (
        f"The take is {duration_s:.1f} s long and holds {beats} beats; at least 3 s and 5 beats are needed, "
        f"60 s are good: {HOW_TO_RECORD}."
    )


def silent() -> str:
    return f"The take is silent: nothing moves in it. Check the input and its level, then {HOW_TO_RECORD}."


def no_beat() -> str:
    return (
        "No beat between 1,800 and 72,000 an hour stands out of this take, and no tone of a tuning fork. Is the "
        f"movement running, and the microphone on it? {HOW_TO_RECORD.capitalize()}."
    )


def too_noisy(snr_db: float | None) -> str:
    level = "" if snr_db is None else f" (the beat's peak stands {snr_db:.0f} dB over the noise; 3 dB are needed)"
    return f"Something beats here, but too faintly to count it without slips{level}: {HOW_TO_RECORD}."


def no_nominal(bph: float) -> str:
    return (
        f"{bph:,.0f} beats an hour is within 0.5 % of no standard rate, so the gain a day is not given: "
        "say what it should beat (--bph 18000) or which movement it is (--movement nh35)."
    )


def told_otherwise(told: float, heard: float) -> str:
    return f"Told {told:,.0f} beats an hour, heard {heard:,.0f}: is the right movement named?"


def no_lift() -> str:
    return (
        "No amplitude without the lift angle: give it (--lift-deg 52), or find the movement's "
        "(heartwright movements nh35)."
    )


def any_lift(amplitude: Interval, kind: str, reach_deg: tuple[float, float], movements: int) -> str:
    return (
        f"Lift unknown: over the {reach_deg[0]:g}-{reach_deg[1]:g} deg of {kind} ({movements} of the table) the "
        f"amplitude is {amplitude.low:.0f} to {amplitude.high:.0f} deg. Give the lift (--lift-deg 52), or find the "
        "movement's (heartwright movements nh35)."
    )


def no_pattern(beats: int) -> str:
    return "No amplitude: the first and third sounds of a lever were not both found in the beat" + (
        f" ({beats} beats are few; 60 s are good)." if beats < 40 else ". One sound a beat was timed, the loudest."
    )


def one_side() -> str:
    return (
        "No beat error: the sound of every other beat alone shows, noise hides the beats between. A quieter room, the "
        "microphone nearer, or a longer take."
    )


def third_buried(snr_db: float) -> str:
    return (
        f"No amplitude: the first or third sound is buried in the noise (peak {snr_db:.0f} dB over it; about 20 dB "
        "are needed): a quieter room, or the microphone on the crown."
    )


def gated() -> str:
    return (
        "No amplitude: a noise gate opens at the beat and may have cut its first sound off. Switch noise cancelling or "
        "voice enhancement off."
    )


def implausible(amplitude_deg: float, lift_deg: float) -> str:
    return (
        f"No amplitude: the sounds would mean {amplitude_deg:.0f} deg with a lift of {lift_deg:g} deg. "
        "Is the lift angle right, and is it a lever escapement?"
    )


def lock_or_banking() -> str:
    return (
        "Lock and banking could not be told apart in the third sound: the amplitude's interval holds both. "
        "A sample rate of 96 kHz and a quieter take part them."
    )


def short_for_amplitude(duration_s: float) -> str:
    return f"No amplitude from {duration_s:.1f} s: its sounds must be averaged over 5 s or more; 60 s are good."


def unsettled(half_width: float | None) -> str:
    if half_width is not None and half_width > 2.0:
        return f"The rate has not settled (+-{half_width:.1f} s/d without the recorder's clock): listen longer."
    return "The rate has not settled: the last third of the take differs from the first two. Let it lie, then listen."
