"""A section of the desk's settings page: what it shows, and what a shift leader can change in it.

A section is a module of its own (`console/settings_times.py` is one) with a `Section`, a template
`templates/console/settings/<name>.html`, and words under `console.settings.<name>` (`title` and `why` at least). It is
named in `SECTIONS` of `console/desk_settings.py`. The page, the right to change and the way back are the frame's.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from console.parts import Parts
from console.sign_in import AtDesk


@dataclass(frozen=True, slots=True)
class Section:
    """One subject of the page.

    `read(session, desk)` gives what its template finds as `shown`. `act(parts, leader, form)` does what one of its
    forms asks for, by a command of the writer that records an event; it raises `Unfitting` for what cannot be taken.
    Its forms are `<form method="post" action="/console/settings/<name>">` with a `csrf_token`.
    """

    name: str
    read: Callable[[Session, str], Any]
    act: Callable[[Parts, AtDesk, Mapping[str, str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the catalogue and the values in it."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


class Unfitting(Exception):
    """What was typed cannot be taken: why, by field (`""`: not of one field). The page comes again with it."""

    def __init__(self, faults: Mapping[str, Sentence]) -> None:
        super().__init__("unfitting")
        self.faults = faults
