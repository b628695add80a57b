"""The darkroom: photos are developed in processes of their own. `dispatch.developing` is what runs there."""

from dispatch.developed import Developed, unpacked
from dispatch.rooms import Room

ROOMS = 2


class Darkroom(Room[Developed]):
    """Develops photos. Refuses with `photo_unreadable`, `photo_too_many_pixels`, `photo_animated`."""

    def __init__(self, rooms: int = ROOMS) -> None:
        super().__init__("dispatch.developing", "", unpacked, "photo_unreadable", rooms)
