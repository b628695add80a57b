"""Opening and decoding what came as a video or a voice note: what decodes is one, whatever it was called.

Nothing that a header says is believed: how long it lasts, how large it is and whether there is anything in it is told
by the frames that come out. Only containers and codecs of a list are opened, none of which refers to another file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any, NoReturn

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dispatch.errors import Refused
from dispatch.media_bounds import BOUNDS, MediaKind

SLACK_S = 0.5  # encoders end a little after they were told to
# 4,096 × 2,304: the widest that phones film by themselves but for 8K, of which 60 MiB hold a few seconds.
MAX_PIXELS = 4096 * 2304
MAX_FRAMES = 4000  # 15 s at 240 a second, and a little
MAX_SAMPLE_RATE = 192_000
MAX_CHANNELS = 8
THREADS = 2  # on a machine of many processors, each would cost memory
MOST_BROKEN = 0.2  # of all packets; a file cut off in the middle has a few

# By demuxer, as libavformat names them. None of them opens anything else.
_CONTAINERS: dict[MediaKind, frozenset[str]] = {
    "video": frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}),
    "voice": frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "ogg", "amr", "aac", "mp3", "wav"}),
}
_PICTURES = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "h263", "mjpeg"})
_SOUNDS = frozenset(
    {
        "aac",
        "opus",
        "libopus",
        "vorbis",
        "amrnb",
        "amrwb",
        "libopencore_amrnb",
        "libopencore_amrwb",
        "mp3",
        "mp3float",
    }
) | {f"pcm_{name}" for name in ("s16le", "s16be", "u8", "s24le", "s32le", "f32le", "alaw", "mulaw")}
_MOV_BRANDS = {"qt": "video/quicktime", "3g": "video/3gpp"}


@dataclass(slots=True)
class Opened:
    """A container that was opened, and what of it is decoded."""

    container: InputContainer
    picture: VideoStream | None
    sound: AudioStream | None
    packets: int = 0
    broken: int = 0  # packets that did not decode
    hidden: int = 0  # pictures that an edit of the container leaves out

    @property
    def whole(self) -> bool:
        """Whether everything that was read so far decoded."""
        return self.broken == 0

    def again(self) -> None:
        """Back to the beginning."""
        self.container.seek(0)
        self.packets = self.broken = self.hidden = 0


def opened(source: IO[bytes], kind: MediaKind) -> Opened:
    """Open what came as a `video` or `voice`.

    Raises Refused: `…_unreadable` for what is none, `video_too_many_pixels` with the `limit` in megapixels.
    """
    names = ",".join(sorted(_CONTAINERS[kind]))
    try:
        container = av.open(
            source,
            metadata_errors="replace",
            io_open=_no_other,
            container_options={
                "format_whitelist": names,
                "codec_whitelist": ",".join(sorted(_PICTURES | _SOUNDS)),
                "protocol_whitelist": "none",
                "max_streams": "32",
            },
            options={"max_pixels": str(MAX_PIXELS)},
        )
    except FFmpegError:
        raise Refused(f"{kind}_unreadable") from None
    for stream in (*container.streams.video, *container.streams.audio):
        stream.codec_context.thread_count = THREADS
    assert isinstance(container, InputContainer)  # noqa: S101 - it was opened for reading
    if container.format.name not in _CONTAINERS[kind]:
        raise Refused(f"{kind}_unreadable")
    found = Opened(container, _picture(container, kind), _sound(container))
    if (found.picture if kind == "video" else found.sound) is None or (kind == "voice" and found.picture):
        raise Refused(f"{kind}_unreadable")
    return found


def packets(found: Opened) -> Iterator["Packet[Any]"]:
    """All packets of what is decoded, as far as the file goes."""
    streams = [stream for stream in (found.picture, found.sound) if stream is not None]
    try:
        for packet in found.container.demux(streams):
            found.packets += 1
            found.hidden += packet.is_discard and packet.stream is found.picture
            yield packet
    except FFmpegError:
        found.broken += 1  # cut off, or damaged from here on; what came before stands


def frames(found: Opened, kind: MediaKind) -> Iterator[VideoFrame | AudioFrame]:
    """All frames, each kind in the order of time. Raises Refused: `…_unreadable`, `…_too_long`."""
    watch = Watch(kind)
    for packet in packets(found):
        try:
            decoded = packet.decode()
        except FFmpegError:
            found.broken += 1
            continue
        for frame in decoded:
            if isinstance(frame, VideoFrame | AudioFrame):
                watch.see(frame)
                yield frame
    if found.broken > MOST_BROKEN * max(found.packets, 1):
        raise Refused(f"{kind}_unreadable")


class Watch:
    """Sees to it that nothing is larger or longer than it may be, frame by frame."""

    def __init__(self, kind: MediaKind) -> None:
        self._kind = kind
        seconds = BOUNDS[kind].seconds
        self._limit = seconds or 0
        self._pictures = 0
        self._first: Fraction | None = None
        self._sounded = Fraction(0)

    def see(self, frame: VideoFrame | AudioFrame) -> None:
        if isinstance(frame, AudioFrame):
            self._hear(frame)
            return
        self._pictures += 1
        if frame.width * frame.height > MAX_PIXELS:
            raise too_many_pixels()
        if self._pictures > MAX_FRAMES:
            raise Refused(f"{self._kind}_unreadable")
        if (at := moment(frame)) is not None:
            self._first = at if self._first is None else min(self._first, at)
            self._check(at - self._first)

    def _hear(self, frame: AudioFrame) -> None:
        if not 0 < frame.sample_rate <= MAX_SAMPLE_RATE or frame.layout.nb_channels > MAX_CHANNELS:
            raise Refused(f"{self._kind}_unreadable")
        self._sounded += Fraction(frame.samples, frame.sample_rate)
        self._check(self._sounded)

    def _check(self, seconds: Fraction) -> None:
        if seconds > self._limit + SLACK_S:
            raise Refused(f"{self._kind}_too_long", limit=self._limit)


def moment(frame: VideoFrame | AudioFrame) -> Fraction | None:
    """When a frame is to be shown or heard, in seconds; None where it does not say."""
    return None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base


def too_many_pixels() -> Refused:
    """The refusal of a video that is larger than any phone's."""
    return Refused("video_too_many_pixels", limit=MAX_PIXELS // 1_000_000)


def true_type(found: Opened, kind: MediaKind) -> str:
    """The content type of the container that was opened."""
    name = found.container.format.name
    if name.startswith("mov"):
        brand = found.container.metadata.get("major_brand", "").strip()[:2]
        return "audio/mp4" if kind == "voice" else _MOV_BRANDS.get(brand, "video/mp4")
    family = "video" if kind == "video" else "audio"
    return {"mp3": "audio/mpeg", "matroska,webm": f"{family}/webm"}.get(name, f"audio/{name}")


def _picture(container: InputContainer, kind: MediaKind) -> VideoStream | None:
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue  # a cover, not a film
        if stream.codec_context.name not in _PICTURES:
            raise Refused(f"{kind}_unreadable")
        if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
            raise too_many_pixels() if kind == "video" else Refused(f"{kind}_unreadable")
        return stream
    return None


def _sound(container: InputContainer) -> AudioStream | None:
    for stream in container.streams.audio:
        if stream.codec_context.name in _SOUNDS:
            return stream
    return None


def _no_other(_url: str, _flags: int, _options: dict[str, Any]) -> NoReturn:
    raise PermissionError("one file is all there is")
