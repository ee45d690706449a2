"""People: who is here, by which link, and what each may do.

A link carries a token that cannot be guessed (256 bits). Without one, a person at this machine is the maker, and from
elsewhere nobody. The maker invites critics and onlookers; the table `RIGHTS` is the only place that says who may what.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Role = Literal["maker", "critic", "onlooker"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

_LOOK: Final = frozenset({"name", "blind"})
_JUDGE: Final = _LOOK | {"verdict", "focus"}
_MAKE: Final = _JUDGE | {
    "speed", "halt", "go", "beat", "place", "slider", "fault", "repair", "undo", "contest", "touch", "rehearse",
    "cancel", "breathe", "dream", "act", "invite", "upload", "nudge", "listen", "told", "enough",
    "deed",
}  # fmt: skip
RIGHTS: Final[dict[Role, frozenset[str]]] = {"maker": _MAKE, "critic": _JUDGE, "onlooker": _LOOK}
LINKS_MOST = 64
NAME_MOST = 40


@dataclass(slots=True)
class Person:
    """One who is here. `id` counts from 1 in the order of coming."""

    id: int
    role: Role
    name: str

    def may(self, command: str) -> bool:
        return command in RIGHTS[self.role]

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "name": self.name, "role": self.role}


@dataclass(slots=True)
class People:
    """The links that were given out, and who is here. `open_here` False asks for a token at this machine too."""

    open_here: bool = True
    here: dict[int, Person] = field(default_factory=dict)
    _links: list[tuple[str, Role]] = field(default_factory=list)
    _next: int = 1

    def invite(self, role: Role) -> str:
        """A fresh token for `role`. Raises ValueError where too many were given out."""
        if len(self._links) >= LINKS_MOST:
            raise ValueError(f"{LINKS_MOST} links were given out, and that is the most; use one of them again")
        token = secrets.token_urlsafe(32)
        self._links.append((token, role))
        return token

    def admit(self, token: str, role: Role) -> None:
        """Give `role` to who comes with this token. Raises ValueError for a token that could be guessed."""
        if len(token) < 16:
            raise ValueError(f"a token of {len(token)} characters can be guessed; 16 are the least")
        self._links.append((token, role))

    def role_of(self, token: str | None, *, local: bool) -> Role | None:
        """The role of who comes with `token`; None: not admitted. All links are compared, in constant time each."""
        if not token:
            return "maker" if local and self.open_here else None
        found: Role | None = None
        for known, role in self._links:
            if hmac.compare_digest(known.encode(), token.encode()):
                found = role
        return found

    def come(self, role: Role) -> Person:
        """Somebody comes in."""
        person = Person(self._next, role, f"{role} {self._next}")
        self._next += 1
        self.here[person.id] = person
        return person

    def leave(self, person: Person) -> None:
        self.here.pop(person.id, None)

    def as_json(self) -> list[dict[str, object]]:
        return [person.as_json() for person in self.here.values()]


def clean_text(text: str, most: int) -> str:
    """Text that a person typed, as one line: control characters out, runs of blanks joined, cut to `most`."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return re.sub(r"\s+", " ", kept).strip()[:most].strip()
