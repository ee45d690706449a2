"""A web of thread, built from any graph: strings under tension that hum, and thoughts that travel them.

web = Web.read("notes/")                     # GraphML, an edge list, or a folder of Markdown notes
web.do("thought", node=12, strength=1.0)
web.advance(0.002)
"""

from heartwright.works.web.modes import Modes
from heartwright.works.web.net import Net
from heartwright.works.web.web import Web

__all__ = ["Modes", "Net", "Web"]
