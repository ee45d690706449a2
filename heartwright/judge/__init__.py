"""Judging: `weigh(reading, design=...) -> Verdict`. It reads the reading and the design, never the trace."""

from heartwright.judge.limits import LimitsError
from heartwright.judge.weighing import weigh

__all__ = ["LimitsError", "weigh"]
