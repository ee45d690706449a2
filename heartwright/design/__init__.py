"""Declared movements: `Design.load("heart")`, `Design.load("mine.toml")`. See `heartwright.design.model`."""

from heartwright.design.errors import DesignError
from heartwright.design.model import Design, bundled

__all__ = ["Design", "DesignError", "bundled"]
