"""Numbers and small words of the judge's sentences: enough digits for the interval, and never more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heartwright.records import Interval

_SMALL: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def plain(value: float, digits: int) -> str:
    """`value` with `digits` decimals, thousands parted, and no minus before a nought."""
    text = f"{value:,.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def signed(value: float, digits: int) -> str:
    """As `plain`, with a plus where the value is above nought."""
    text = plain(value, digits)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def span(figure: Interval, digits: int, *, sign: bool = False) -> str:
    """ "279 (278 to 280)": a value and its 95 % interval."""
    show = signed if sign else plain
    return f"{show(figure.value, digits)} ({ends(figure, digits, sign=sign)})"


def ends(figure: Interval, digits: int, *, sign: bool = False) -> str:
    """ "278 to 280"."""
    show = signed if sign else plain
    return f"{show(figure.low, digits)} to {show(figure.high, digits)}"


def digits_for(figure: Interval, *, most: int) -> int:
    """Decimals that the interval deserves, 0 to `most`: the first figure that moves inside it, and one more."""
    half = abs(figure.half_width)
    digits = most
    while digits > 0 and half >= 10.0 ** (2 - digits):
        digits -= 1
    return digits


def count(number: int, one: str, many: str) -> str:
    """ "one beat", "three beats", "40 beats"."""
    word = _SMALL[number] if 0 <= number < len(_SMALL) else f"{number:,}"
    return f"{word} {one if number == 1 else many}"


def listed(items: Sequence[str], *, joint: str = "and") -> str:
    """ "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"


def opened(text: str) -> str:
    """The text with a capital letter at its head."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """The text as a clause: no capital at its head unless it is an acronym's, no full stop at its end."""
    text = text.rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
