"""A voice note, cut: AAC in an MP4 that every browser plays, and how loud it is from beginning to end."""

import io
import math
from fractions import Fraction
from typing import IO

import av
import numpy as np
from av.audio.frame import AudioFrame

from dispatch.decoding import frames, opened, true_type
from dispatch.errors import Refused
from dispatch.footage import WAVES, Footage
from dispatch.sounds import Sound

RATE = 24_000  # a voice has nothing above
BITS = 48_000


def cut(source: IO[bytes]) -> Footage:
    """Decode a voice note and make what may be played.

    Raises Refused: `voice_unreadable`, `voice_too_long` with the `limit` in seconds.
    """
    found = opened(source, "voice")
    into, loudness = io.BytesIO(), _Loudness()
    with av.open(into, "w", format="mp4", options=room_for(61 * RATE // 1024)) as container:
        sound = Sound(container, RATE, 1, BITS)
        for frame in frames(found, "voice"):
            if isinstance(frame, AudioFrame):
                loudness.hear(sound.take(frame, Fraction(0)))
        loudness.hear(sound.end())
        if not loudness.samples:
            raise Refused("voice_unreadable")
    return Footage(
        play=into.getvalue(),
        duration_ms=round(loudness.samples * 1000 / RATE),
        content_type=true_type(found, "voice"),
        waveform=loudness.waveform(),
    )


def room_for(packets: int) -> dict[str, str]:
    """Options of an MP4 that can be played while it comes: its table of contents stands in front.

    The place for it is kept before what it tells of is written; it takes at most 48 bytes a packet.
    """
    return {"moov_size": str(8192 + 48 * packets), "fflags": "+bitexact"}


class _Loudness:
    """The peaks of 20 ms each, then of the whole in `WAVES` steps."""

    def __init__(self) -> None:
        self.samples = 0
        self._peaks: list[float] = []

    def hear(self, pieces: list[AudioFrame]) -> None:
        for piece in pieces:
            self.samples += piece.samples
            samples = np.abs(piece.to_ndarray()).max(axis=0)
            step = RATE // 50
            self._peaks += [float(samples[at : at + step].max()) for at in range(0, len(samples), step)]

    def waveform(self) -> bytes:
        """`WAVES` bytes. By the square root, as ears hear: a low voice is to be seen too."""
        steps = np.array_split(np.array(self._peaks), WAVES)
        loud = [float(step.max()) if len(step) else 0.0 for step in steps]
        return bytes(min(255, round(255 * math.sqrt(min(max(level, 0.0), 1.0)))) for level in loud)
