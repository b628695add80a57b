"""What a client offers to send, and whether it may: by type and length, before the first byte."""

import mimetypes
import re
import unicodedata
from dataclasses import dataclass

from dispatch.errors import Refused

PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"})
PHOTO_BYTES = 20 * 1024 * 1024

_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
# Phones leave the type out where they do not know it, and say octet-stream for HEIC; the decoder will know.
_UNNAMED = {"", "application/octet-stream", "binary/octet-stream"}
_SUFFIXES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
}
_OTHERS = mimetypes.MimeTypes()  # without the machine's own lists
_NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client means to send: its own id for it, what it calls it, and how many bytes it has."""

    client_id: str
    filename: str
    content_type: str
    length: int


def checked_type(offer: Offer) -> str:
    """The content type that the offer goes by.

    Raises Refused: `media_type_unsupported`, `photo_unreadable` (no bytes), `photo_too_large`.
    """
    content_type = offer.content_type.partition(";")[0].strip().lower()
    content_type = _ALIASES.get(content_type, content_type)
    if content_type in _UNNAMED:
        content_type = _by_name(offer.filename)
    if content_type not in PHOTO_TYPES and content_type not in _UNNAMED:
        raise Refused("media_type_unsupported")
    if offer.length <= 0:
        raise Refused("photo_unreadable")
    if offer.length > PHOTO_BYTES:
        raise Refused("photo_too_large", limit=PHOTO_BYTES // 1024**2)
    return content_type


def _by_name(filename: str) -> str:
    suffix = filename.rpartition(".")[2].lower()
    guessed, _encoding = _OTHERS.guess_type(f"name.{suffix}")
    return _SUFFIXES.get(suffix) or guessed or "application/octet-stream"


def plain_name(filename: str) -> str:
    """A name for people: no folders, no control or direction characters, not long. It is never a path."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", filename))[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()
    if len(name) > _NAME_LENGTH:
        stem, dot, suffix = name.rpartition(".")
        name = name[:_NAME_LENGTH] if not dot or len(suffix) > 8 else stem[: _NAME_LENGTH - 9] + dot + suffix
    return name
