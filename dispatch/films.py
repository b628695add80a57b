"""A video, cut: an MP4 of H.264 and AAC that every browser plays, upright and without metadata, and its poster.

What is that already is copied packet by packet, after every frame of it has been decoded; all else is encoded anew.
"""

import io
from fractions import Fraction
from typing import IO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from dispatch.decoding import SLACK_S, Opened, frames, moment, opened, packets, true_type
from dispatch.errors import Refused
from dispatch.footage import Footage
from dispatch.media_bounds import BOUNDS
from dispatch.recordings import room_for
from dispatch.sounds import Sound
from dispatch.upright import FILM_SIDE, Upright, picture_of
from dispatch.webp import fitted, webp
from dispatch.whereabouts import taken_of

THUMB_SIDE = 320
POSTER_AT = Fraction(1)  # seconds: what a phone films first is often its owner's foot
RATE, BITS = 48_000, 96_000
FASTEST = Fraction(1, 31)  # seconds between two pictures: 30 a second are kept, of more every other
CLOCK = 90_000
BT709 = 1  # of matrix, primaries and transfer alike (ITU-T H.273)
MADE_PACKETS = 16 * (31 + 47)  # of pictures and of sound, in as many seconds
COPY_BYTES = 12 * 1024 * 1024  # beyond, it is too heavy to be played over a desk's line

# One processor's worth of work: 720p at 30 a second takes some seconds for 15.
_H264 = {"preset": "veryfast", "crf": "23", "maxrate": "4M", "bufsize": "8M", "g": "60", "threads": "2"}
_COPIED_PICTURES = frozenset({"yuv420p", "yuvj420p"})
_NO_NOTES = (
    "filter_units=remove_types=6|12"  # supplemental information and filler: where a camera's notes stand
)


class _Seen:
    """What the frames of a film tell of it."""

    def __init__(self, start: Fraction | None) -> None:
        self.start = start
        self.pictures = 0
        self.sizes: set[tuple[int, int]] = set()
        self.turned = False
        self.poster: VideoFrame | None = None
        self._at = Fraction(0)
        self._gap = Fraction(1, 30)
        self._sounded_from: Fraction | None = None
        self._sounded = Fraction(0)

    def see(self, frame: VideoFrame) -> Fraction:
        """Gives when it is to be shown, in seconds of the film."""
        at = self._since(moment(frame), self._at + self._gap if self.pictures else Fraction(0))
        if self.pictures and at > self._at:
            self._gap = min(at - self._at, Fraction(1))
        self._at = max(self._at, at)
        if self.poster is None or at <= POSTER_AT:
            self.poster = frame
        self.pictures += 1
        self.sizes.add((frame.width, frame.height))
        self.turned |= frame.rotation % 360 != 0
        return at

    def hear(self, frame: AudioFrame) -> Fraction:
        """Likewise."""
        if self._sounded_from is None:
            self._sounded_from = self._since(moment(frame), Fraction(0))
        at = self._sounded_from + self._sounded
        self._sounded += Fraction(frame.samples, frame.sample_rate)
        return at

    @property
    def sounds(self) -> bool:
        return self._sounded > 0

    @property
    def seconds(self) -> Fraction:
        """From the first to the last that is seen or heard."""
        return max(self._at + self._gap, (self._sounded_from or Fraction(0)) + self._sounded)

    def _since(self, at: Fraction | None, otherwise: Fraction) -> Fraction:
        if at is None:
            return otherwise
        if self.start is None:
            self.start = at
        return max(Fraction(0), at - self.start)


def cut(source: IO[bytes]) -> Footage:
    """Decode a video and make what may be played.

    Raises Refused: `video_unreadable`, `video_too_long` with the `limit` in seconds, `video_too_many_pixels`.
    """
    length = source.seek(0, io.SEEK_END)
    source.seek(0)
    found = opened(source, "video")
    may_be_copied = length <= COPY_BYTES and _plays_as_it_is(found)
    play, seen = (_as_it_is(found) if may_be_copied else None) or _made_anew(found)
    assert seen.poster is not None  # noqa: S101 - `_check` saw to it
    poster = picture_of(Upright(found.picture).of(seen.poster))
    return Footage(
        play=play,
        duration_ms=round(seen.seconds * 1000),
        content_type=true_type(found, "video"),
        poster=webp(poster, quality=75),
        thumb=webp(fitted(poster, THUMB_SIDE), quality=70),
        width=poster.width,
        height=poster.height,
        taken=taken_of(found.container.metadata),
    )


def _plays_as_it_is(found: Opened) -> bool:
    """Whether every browser plays it, as far as headers tell."""
    picture, sound = found.picture, found.sound
    assert picture is not None  # noqa: S101 - `opened` saw to it
    return (
        picture.sample_aspect_ratio in {None, 0, 1}
        and picture.codec_context.name == "h264"
        and picture.codec_context.pix_fmt in _COPIED_PICTURES
        and max(picture.codec_context.width, picture.codec_context.height) <= FILM_SIDE
        and (sound is None or (sound.codec_context.name == "aac" and sound.profile in {"LC", None}))
    )


def _as_it_is(found: Opened) -> tuple[bytes, _Seen] | None:
    """The film itself, if every frame of it is as it should be; else None, and back at the beginning."""
    seen = _Seen(_start(found))
    for frame in frames(found, "video"):
        if isinstance(frame, VideoFrame):
            seen.see(frame)
        else:
            seen.hear(frame)
    _check(seen)
    alike = len(seen.sizes) == 1 and not seen.turned and seen.sounds == (found.sound is not None)
    plain = alike and found.whole and not found.hidden
    count = found.packets
    found.again()
    if not plain:
        return None
    play = _copied(found, count)
    whole = found.whole
    found.again()
    return (play, seen) if whole else None


def _copied(found: Opened, count: int) -> bytes:
    """The film's `count` packets in a container of ours."""
    into = io.BytesIO()
    streams = [stream for stream in (found.picture, found.sound) if stream is not None]
    with av.open(into, "w", format="mp4", options=room_for(count)) as container:
        made: dict[int, Stream] = {}
        for stream in streams:
            made[stream.index] = container.add_stream_from_template(stream)
            made[stream.index].metadata.clear()
        assert found.picture is not None  # noqa: S101 - as above
        notes = BitStreamFilterContext(_NO_NOTES, found.picture, made[found.picture.index])
        for packet in packets(found):
            if packet.dts is None:
                continue
            into_stream = made[packet.stream.index]
            for clean in notes.filter(packet) if packet.stream is found.picture else [packet]:
                clean.stream = into_stream
                container.mux(clean)
        for clean in notes.filter(None):
            clean.stream = made[found.picture.index]
            container.mux(clean)
    return into.getvalue()


def _made_anew(found: Opened) -> tuple[bytes, _Seen]:
    """The film, encoded anew; without a sound track if nothing was to be heard."""
    play, seen = _encoded(found, found.sound)
    if found.sound is not None and not seen.sounds:
        found.again()
        play, seen = _encoded(found, None)
    return play, seen


def _encoded(found: Opened, sound: AudioStream | None) -> tuple[bytes, _Seen]:
    into, seen = io.BytesIO(), _Seen(_start(found))
    early: list[tuple[AudioFrame, Fraction]] = []
    with av.open(into, "w", format="mp4", options=room_for(MADE_PACKETS)) as container:
        film = _Film(container, Upright(found.picture))
        track = None
        if sound is not None:
            track = Sound(container, RATE, min(2, sound.codec_context.channels), BITS)
        for frame in frames(found, "video"):
            if isinstance(frame, VideoFrame):
                film.take(frame, seen.see(frame))
            elif track is not None:
                early.append((frame, seen.hear(frame)))
            # An MP4 is begun when its first packet is written; by then the film has its size.
            while track is not None and early and film.begun:
                track.take(*early.pop(0))
        _check(seen)
        film.end()
        if track is not None:
            track.end()
    return into.getvalue(), seen


class _Film:
    """The moving picture of what is made."""

    def __init__(self, into: OutputContainer, upright: Upright) -> None:
        self._into = into
        self._upright = upright
        self._stream = into.add_stream("libx264", rate=30, options=_H264)
        self._last: Fraction | None = None

    @property
    def begun(self) -> bool:
        return self._last is not None

    def take(self, frame: VideoFrame, at: Fraction) -> None:
        """Add a frame that is shown `at` seconds, unless it follows too closely."""
        if self._last is not None and at - self._last < FASTEST:
            return
        shown = self._upright.of(frame)
        if self._last is None:
            self._stream.width, self._stream.height = shown.width, shown.height
            self._stream.pix_fmt = "yuv420p"
            coder = self._stream.codec_context
            coder.time_base = Fraction(1, CLOCK)
            coder.colorspace = coder.color_primaries = coder.color_trc = BT709
            coder.color_range = ColorRange.MPEG
        self._last = at
        shown.pts, shown.time_base = round(at * CLOCK), Fraction(1, CLOCK)
        self._into.mux(self._stream.encode(shown))

    def end(self) -> None:
        """Nothing more comes."""
        if self.begun:
            self._into.mux(self._stream.encode(None))


def _check(seen: _Seen) -> None:
    if seen.poster is None:
        raise Refused("video_unreadable")
    limit = BOUNDS["video"].seconds or 0
    if seen.seconds > limit + SLACK_S:
        raise Refused("video_too_long", limit=limit)


def _start(found: Opened) -> Fraction | None:
    """When the earliest of its streams begins, in seconds; None where none says."""
    begins = [
        stream.start_time * stream.time_base
        for stream in (found.picture, found.sound)
        if stream is not None and stream.start_time is not None and stream.time_base is not None
    ]
    return min(begins, default=None)
