"""Videos and voice notes made by the tests: as phones make them, and as nobody should."""

import io
import math
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

HEVC_QUIET = {"x265-params": "log-level=none"}
PLACE = "+30.2500+120.1200+012.000/"


def film(
    codec: str = "libx264",
    container: str = "mp4",
    *,
    size: tuple[int, int] = (320, 180),
    rate: int = 30,
    seconds: float = 2,
    sound: str | None = "aac",
    sound_seconds: float | None = None,
    notes: dict[str, str] | None = None,
    turned: int = 0,
    pts: list[int] | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """A video whose left half is red and right half blue, with a tone. `pts` in milliseconds replaces the rate."""
    into = io.BytesIO()
    with av.open(into, "w", format=container, options={"movflags": "use_metadata_tags"}) as made:
        made.metadata.update(notes or {})
        options = {**(HEVC_QUIET if codec == "libx265" else {}), **(options or {})}
        stream = made.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if turned:
            stream.set_display_rotation(turned)
        if pts is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        tone = _tone_in(made, sound) if sound else None
        moments = pts or [round(at * 1000 / rate) for at in range(round(seconds * rate))]
        for at, moment in enumerate(moments):
            picture = VideoFrame.from_ndarray(_picture(size, at / len(moments)), format="rgb24")
            picture.pts, picture.time_base = (
                (moment, Fraction(1, 1000)) if pts is not None else (at, Fraction(1, rate))
            )
            made.mux(stream.encode(picture))
        made.mux(stream.encode(None))
        if tone is not None:
            _say(made, tone, sound_seconds or seconds)
    return into.getvalue()


def voice(
    codec: str = "aac", container: str = "mp4", *, seconds: float = 3, options: dict[str, str] | None = None
) -> bytes:
    """A tone that grows louder from silence."""
    into = io.BytesIO()
    with av.open(into, "w", format=container) as made:
        stream = _tone_in(made, codec, options)
        _say(made, stream, seconds)
    return into.getvalue()


def opened(data: bytes) -> InputContainer:
    """A container, to look into."""
    found = av.open(io.BytesIO(data))
    assert isinstance(found, InputContainer)
    return found


def pictures(data: bytes) -> list[Image.Image]:
    """Every frame of a video, as a player shows it that knows of no turning."""
    with opened(data) as found:
        return [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in found.decode(video=0)]


def heard(data: bytes) -> float:
    """How many seconds of sound come out."""
    with opened(data) as found:
        return float(sum(Fraction(frame.samples, frame.sample_rate) for frame in found.decode(audio=0)))


def wav(seconds: float, rate: int = 8000) -> bytes:
    """As WeChat's recorder makes it."""
    return voice("pcm_s16le", "wav", seconds=seconds, options={"rate": str(rate)})


def giant(width: int = 16_000, height: int = 16_000) -> bytes:
    """A video whose header says that it is far larger than it is."""
    data = bytearray(film(sound=None, seconds=0.2))
    for box in (b"tkhd", b"avc1"):
        at = data.index(box) + 4
        if box == b"tkhd":
            struct.pack_into(">II", data, at + 76, width << 16, height << 16)
        else:
            struct.pack_into(">HH", data, at + 24, width, height)
    return bytes(data)


def _picture(size: tuple[int, int], done: float) -> Any:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2], picture[:, width // 2 :] = (200, 30, 30), (30, 30, 200)
    picture[-max(1, height // 8) :, : max(1, round(width * done))] = (30, 200, 30)
    return picture


def _tone_in(made: OutputContainer, codec: str, options: dict[str, str] | None = None) -> Any:
    options = dict(options or {})
    narrow = "amrnb" in codec
    rate = int(options.pop("rate", "8000" if narrow else "48000"))
    stream = made.add_stream(codec, rate=rate, layout="mono")
    assert isinstance(stream, AudioStream)
    if narrow:
        stream.bit_rate = 12_200
    return stream


def _say(made: OutputContainer, stream: Any, seconds: float) -> None:
    rate = stream.codec_context.sample_rate
    count = math.ceil(seconds * rate)
    # Bit by bit, or an hour of it would not fit into memory.
    for at in range(0, count, rate):
        moments = np.arange(at, min(at + rate, count))
        loud = np.sin(2 * np.pi * 440 * moments / rate) * (moments / count) * 0.8 * 32767
        frame = AudioFrame.from_ndarray(loud.astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        made.mux(stream.encode(frame))
    made.mux(stream.encode(None))
