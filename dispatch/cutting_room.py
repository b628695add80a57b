"""The cutting room: videos and voice notes are cut in processes of their own. `dispatch.cutting` runs there.

A video takes seconds to a minute of a processor. So each process of ours has one room for them, below everything
else's priority, and a queue of its own: neither a photo nor a voice note waits behind a video.
"""

from typing import Literal

from dispatch.footage import Footage, unpacked
from dispatch.rooms import Room


class CuttingRoom(Room[Footage]):
    """Cuts videos, or voice notes, one at a time.

    Refuses with `video_unreadable`, `video_too_long`, `video_too_many_pixels`; `voice_unreadable`, `voice_too_long`.
    """

    waiting = 16
    patience_s = 320.0  # the child ends itself after 300
    result_bytes = 24 * 1024 * 1024

    def __init__(self, kind: Literal["video", "voice"], rooms: int = 1) -> None:
        super().__init__("dispatch.cutting", kind, unpacked, f"{kind}_unreadable", rooms)
