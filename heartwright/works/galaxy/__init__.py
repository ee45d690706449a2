"""A galaxy in an orb: self-gravitating bodies inside a glass sphere, as a work of the room."""

from heartwright.works.galaxy.orb import Galaxy
from heartwright.works.galaxy.spheres import Bodies

__all__ = ["Bodies", "Galaxy"]
