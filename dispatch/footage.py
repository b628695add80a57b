"""What a video or a voice note becomes before anyone plays it, and how that crosses from the process that made it."""

import json
from dataclasses import dataclass

from dispatch.developed import Taken, taken_from, taken_said
from dispatch.errors import Refused


@dataclass(frozen=True, slots=True)
class Footage:
    """A video or voice note as it may be played: an MP4 without metadata, upright, H.264 and AAC.

    `poster` and `thumb` are WebP pictures of a video, `width` and `height` its pixels; a voice note has none, but a
    `waveform` of `WAVES` bytes: how loud it is from beginning to end. `content_type` is what the original truly is.
    """

    play: bytes
    duration_ms: int
    content_type: str
    poster: bytes = b""
    thumb: bytes = b""
    width: int | None = None
    height: int | None = None
    waveform: bytes | None = None
    taken: Taken | None = None


WAVES = 64


def packed(result: Footage | Refused) -> bytes:
    """One line of JSON, then the film, the poster and the thumb; a refusal is the line alone."""
    if isinstance(result, Refused):
        return json.dumps({"refused": result.code, "values": result.values}).encode() + b"\n"
    head = {
        "play": len(result.play),
        "poster": len(result.poster),
        "thumb": len(result.thumb),
        "duration_ms": result.duration_ms,
        "content_type": result.content_type,
        "width": result.width,
        "height": result.height,
        "waveform": result.waveform and result.waveform.hex(),
        "taken": taken_said(result.taken),
    }
    return json.dumps(head).encode() + b"\n" + result.play + result.poster + result.thumb


def unpacked(data: bytes) -> Footage | Refused:
    """What `packed` made. Raises ValueError, KeyError or TypeError for anything else."""
    line, _, parts = data.partition(b"\n")
    head = json.loads(line)
    if "refused" in head:
        return Refused(str(head["refused"]), **head["values"])
    film, poster = int(head["play"]), int(head["play"]) + int(head["poster"])
    if len(parts) != poster + int(head["thumb"]):
        raise ValueError("the parts are not as long as announced")
    return Footage(
        play=parts[:film],
        poster=parts[film:poster],
        thumb=parts[poster:],
        duration_ms=int(head["duration_ms"]),
        content_type=str(head["content_type"]),
        width=None if head["width"] is None else int(head["width"]),
        height=None if head["height"] is None else int(head["height"]),
        waveform=bytes.fromhex(head["waveform"]) if head["waveform"] else None,
        taken=taken_from(head["taken"]),
    )
