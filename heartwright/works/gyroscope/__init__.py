"""A gyroscope: a rigid body on a point or in gimbals, spun up by a cord or a motor, as a work of the room.

toy = Gyroscope(rpm=8000, lean_deg=70, seed=3)
toy.do("cord", force_n=20.0)
toy.advance(0.002)
"""

from heartwright.works.gyroscope.gyroscope import RPM, Gyroscope

__all__ = ["RPM", "Gyroscope"]
