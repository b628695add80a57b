"""Sound made anew: AAC, one or two channels, at a rate that every browser plays."""

from fractions import Fraction

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer


class Sound:
    """The sound track of what is made. Its samples follow one another, from the moment of the first."""

    def __init__(self, into: OutputContainer, rate: int, channels: int, bits: int) -> None:
        """`rate` in samples a second, `bits` a second of the result."""
        layout = "mono" if channels == 1 else "stereo"
        self._into = into
        self._stream: AudioStream = into.add_stream("aac", rate=rate, layout=layout, bit_rate=bits)
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=rate)
        self._rate = rate
        self._next: int | None = None

    def take(self, frame: AudioFrame, at: Fraction) -> list[AudioFrame]:
        """Add a frame that begins `at` seconds; gives it as it is encoded."""
        if self._next is None:
            self._next = max(0, round(at * self._rate))
        return self._add(frame)

    def end(self) -> list[AudioFrame]:
        """Nothing more comes; gives what was still held back."""
        if self._next is None:
            return []
        rest = self._add(None)
        self._into.mux(self._stream.encode(None))
        return rest

    def _add(self, frame: AudioFrame | None) -> list[AudioFrame]:
        made = self._resampler.resample(frame)
        for piece in made:
            assert self._next is not None  # noqa: S101 - `take` set it
            piece.pts, piece.time_base = self._next, Fraction(1, self._rate)
            self._next += piece.samples
            self._into.mux(self._stream.encode(piece))
        return made
