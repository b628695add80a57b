"""Every state of the pages, by name. `tests/states/scene.py` says how to add one."""

from tests.states import (
    a_report,
    account,
    at_the_desk,
    covert,
    entries,
    first_screen,
    media,
    mine,
    papers,
    talking,
    whereabouts,
)
from tests.states.scene import STATES, Scene, State, scene, state

__all__ = [
    "STATES",
    "Scene",
    "State",
    "a_report",
    "account",
    "at_the_desk",
    "covert",
    "entries",
    "first_screen",
    "media",
    "mine",
    "papers",
    "scene",
    "state",
    "talking",
    "whereabouts",
]
