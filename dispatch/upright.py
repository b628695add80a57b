"""Frames as they are to be seen: upright, of a size that a desk's screen shows, in one kind of colours."""

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

FILM_SIDE = 1280
SMALLEST_SIDE = 16
BLACK, GREY = 16, 128

Plane = NDArray[np.uint8]


class Upright:
    """Makes each frame of a film like the first: 8-bit yuv420p in BT.709, square pixels, turned as the camera says.

    A film that changes its size on its way (a phone that was turned) keeps the first one's, with bars at its sides.
    """

    def __init__(self, stream: VideoStream | None) -> None:
        ratio = stream.sample_aspect_ratio if stream is not None else None
        self._ratio = ratio if ratio and Fraction(1, 4) <= ratio <= 4 else Fraction(1)
        self._size: tuple[int, int] | None = None

    def of(self, frame: VideoFrame) -> VideoFrame:
        """The frame, upright; without a time."""
        turns = round(frame.rotation / 90) % 4
        size = self._fitted(frame, turns)
        across = size if turns % 2 == 0 else (size[1], size[0])
        plain = frame.reformat(
            width=across[0],
            height=across[1],
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        if turns or size != self._size:
            planes = [np.rot90(plane, turns) for plane in _planes(plain)]
            plain = _frame(planes, self._size or size)
            plain.colorspace, plain.color_range = Colorspace.ITU709, ColorRange.MPEG
        return plain

    def _fitted(self, frame: VideoFrame, turns: int) -> tuple[int, int]:
        """Width and height, upright, in the frame of the first."""
        width, height = frame.width * self._ratio, Fraction(frame.height)
        if turns % 2:
            width, height = height, width
        most = self._size or (FILM_SIDE, FILM_SIDE)
        scale = min(Fraction(most[0]) / width, Fraction(most[1]) / height)
        scale = scale if self._size else min(scale, Fraction(1))
        size = _even(width * scale), _even(height * scale)
        if self._size is None:
            self._size = size
        return min(size[0], self._size[0]), min(size[1], self._size[1])


def picture_of(frame: VideoFrame) -> Image.Image:
    """An upright frame as a picture."""
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


def _even(length: Fraction) -> int:
    return max(SMALLEST_SIDE, round(length / 2) * 2)


def _planes(frame: VideoFrame) -> list[Plane]:
    """Luma and the two chromas, each as it lies: rows of `line_size` bytes, of which `width` are pixels."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


def _frame(planes: list[Plane], size: tuple[int, int]) -> VideoFrame:
    """A frame of this size with the planes in its middle."""
    made = VideoFrame(size[0], size[1], "yuv420p")
    for plane, into, ground in zip(planes, _planes(made), (BLACK, GREY, GREY), strict=True):
        into[:] = ground
        top, left = (into.shape[0] - plane.shape[0]) // 2, (into.shape[1] - plane.shape[1]) // 2
        into[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return made
