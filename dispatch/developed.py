"""What a photo becomes before anyone sees it, and how that crosses from the process that made it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from dispatch.errors import Refused


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a photo says it was taken: WGS-84 degrees, metres of error where the camera gave them, when (aware)."""

    lat: float
    lon: float
    accuracy_m: float | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Developed:
    """A photo as it may be shown: two WebP files without metadata, upright, in sRGB.

    `width` and `height` are the view's, in pixels. `content_type` is what the original truly is, whatever it was
    called. `taken` is its EXIF position, which stands in neither picture; `likeness` is what `dispatch.likeness` says.
    """

    view: bytes
    thumb: bytes
    width: int
    height: int
    content_type: str
    taken: Taken | None
    likeness: bytes | None = None


def packed(result: Developed | Refused) -> bytes:
    """One line of JSON, then the view, then the thumb; a refusal is the line alone."""
    if isinstance(result, Refused):
        return json.dumps({"refused": result.code, "values": result.values}).encode() + b"\n"
    head = {
        "view": len(result.view),
        "thumb": len(result.thumb),
        "width": result.width,
        "height": result.height,
        "content_type": result.content_type,
        "taken": taken_said(result.taken),
        "likeness": result.likeness.hex() if result.likeness else None,
    }
    return json.dumps(head).encode() + b"\n" + result.view + result.thumb


def unpacked(data: bytes) -> Developed | Refused:
    """What `packed` made. Raises ValueError, KeyError or TypeError for anything else."""
    line, _, pictures = data.partition(b"\n")
    head = json.loads(line)
    if "refused" in head:
        return Refused(str(head["refused"]), **head["values"])
    if len(pictures) != head["view"] + head["thumb"]:
        raise ValueError("the pictures are not as long as announced")
    return Developed(
        view=pictures[: head["view"]],
        thumb=pictures[head["view"] :],
        width=int(head["width"]),
        height=int(head["height"]),
        content_type=str(head["content_type"]),
        taken=taken_from(head["taken"]),
        likeness=bytes.fromhex(head["likeness"]) if head["likeness"] else None,
    )


def taken_said(taken: Taken | None) -> dict[str, object] | None:
    """As JSON has it."""
    if taken is None:
        return None
    return {**asdict(taken), "at": taken.at and taken.at.isoformat()}


def taken_from(fields: dict[str, object] | None) -> Taken | None:
    """What `taken_said` made. Raises ValueError, KeyError or TypeError for anything else."""
    if fields is None:
        return None
    at = fields["at"]
    accuracy = fields["accuracy_m"]
    return Taken(
        lat=float(str(fields["lat"])),
        lon=float(str(fields["lon"])),
        accuracy_m=None if accuracy is None else float(str(accuracy)),
        at=None if at is None else datetime.fromisoformat(str(at)),
    )
