"""Which train a user means: tooth counts as text, a bundled design, or a movement of the table."""

from __future__ import annotations

import re

from heartwright.cli.catalogue import Movement
from heartwright.cli.console import Refused
from heartwright.listen.periods.trains import Train, TrainError, read


def told(text: str) -> Train:
    """A train from tooth counts, or from the name of a bundled design. Raises Refused."""
    if not re.search(r"\d\s*/|\s\d", text):
        from heartwright.design import Design
        from heartwright.design.errors import DesignError

        try:
            design = Design.load(text)
        except DesignError as error:
            raise Refused(
                f'--train {text!r}: neither tooth counts ("centre 80/12, third 60/10, fourth 70/8, escape 15/7") nor a '
                f"design ({error})."
            ) from None
        arbors = [f"{arbor.name} {arbor.wheel}/{arbor.pinion}" for arbor in design.train.arbors]
        text = ", ".join([*arbors, f"escape {design.escapement.teeth}/{design.train.escape_pinion}"])
    try:
        return read(text)
    except TrainError as error:
        raise Refused(f"--train: {error}.") from None


def of_movement(movement: Movement) -> Train | None:
    """The train of a movement of the table, from the escape wheel as far as its counts are known; None without them."""
    known: list[str] = []
    for part in reversed(movement.train.split(", ")):
        # a star in the table marks a count that follows from the others
        found = re.fullmatch(r"(\w+) (\d+)\*?(?:/(?:(\d+)\*?|\?))?", part)
        if not found:
            break
        known.insert(0, f"{found[1]} {found[2]}" + (f"/{found[3]}" if found[3] else ""))
    try:
        return read(", ".join(known)) if known else None
    except TrainError:
        return None
