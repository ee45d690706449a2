"""A reading of a session straight from the microphone: it waits for the watch to settle, then listens so long."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from heartwright.cli import hearing
from heartwright.cli.console import Refused, messages

if TYPE_CHECKING:
    from heartwright.listen.hours.live import Live
    from heartwright.listen.take.microphone import Listening
    from heartwright.records import Reading


def hear(seconds: float, told: hearing.Known, *, settle_s: float, device: str | None, quiet: bool) -> Reading:
    """The reading of `seconds` of live sound, after `settle_s` of waiting. Raises Refused without a microphone."""
    from heartwright.listen.take import microphone

    try:
        with microphone.from_device(device) as source:
            if settle_s > 0.0:
                messages().print(f"Settling for {settle_s:g} s ...")
            ear = hearing.live(source.rate_hz, told, window_s=seconds)
            _listen(source, ear, seconds, settle_s, quiet=quiet)
    except microphone.NoMicrophone as error:
        raise Refused(f"{error}.") from None
    reading = ear.reading()
    if reading is None:
        raise Refused(f"Only {ear.seconds:.1f} s were heard; two are needed for a first figure, 60 are good.")
    warnings = tuple(dict.fromkeys((*reading.warnings, *ear.trouble())))
    return hearing.over_lifts(replace(reading, warnings=warnings, source="live"), told)


def _listen(source: Listening, ear: Live, seconds: float, settle_s: float, *, quiet: bool) -> None:
    """Take blocks until enough was heard after settling; Ctrl-C ends it earlier."""
    from heartwright.cli.live_screen import Screen

    begun = time.monotonic() + settle_s
    with Screen(source.name, quiet=quiet) as screen:
        for block in source.blocks:
            if time.monotonic() < begun:
                continue
            if block.lost:
                ear.lost()
            if len(block.samples):
                ear.add(block.samples, at_s=block.at_s)
            if ear.due:
                ear.reading()
            screen.show(ear, block.at_s)
            if ear.seconds >= seconds:
                break
        ear.finish()
