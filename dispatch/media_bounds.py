"""What a client offers to send, and whether it may: by type and length, before the first byte."""

import mimetypes
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from dispatch.errors import Refused

MediaKind = Literal["photo", "video", "voice"]

MIB = 1024 * 1024
PHOTO_BYTES = 20 * MIB
VIDEO_BYTES = 60 * MIB
VOICE_BYTES = 6 * MIB  # a minute as WAV, at 48 kHz of 16 bits
LARGEST_BYTES = VIDEO_BYTES

PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"})
VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm", "video/3gpp"})
VOICE_TYPES = frozenset(
    f"audio/{name}" for name in ("webm", "ogg", "mp4", "x-m4a", "aac", "amr", "mpeg", "wav")
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a report may have of a kind: how many, of how many bytes, of how many seconds (None: it has none)."""

    count: int
    bytes: int
    seconds: int | None = None


# `protocol.md` fixes them.
BOUNDS: dict[MediaKind, Bounds] = {
    "photo": Bounds(8, PHOTO_BYTES),
    "video": Bounds(1, VIDEO_BYTES, 15),
    "voice": Bounds(4, VOICE_BYTES, 60),
}

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "video/x-m4v": "video/mp4",
    "video/3gp": "video/3gpp",
    "video/x-matroska": "video/webm",  # what Chromium calls H.264 that it has recorded
    "audio/3gpp": "audio/amr",  # what Android records voice as
    "audio/amr-wb": "audio/amr",
    "audio/aacp": "audio/aac",
    "audio/x-aac": "audio/aac",
    "audio/m4a": "audio/x-m4a",
    "audio/mp4a-latm": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
}
# Phones leave the type out where they do not know it, and say octet-stream for HEIC; the decoder will know.
UNKNOWN_TYPE = "application/octet-stream"
_UNNAMED = {"", UNKNOWN_TYPE, "binary/octet-stream"}
_SUFFIXES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "3gp": "video/3gpp",
    "m4a": "audio/x-m4a",
    "aac": "audio/aac",
    "amr": "audio/amr",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
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


def checked(offer: Offer) -> tuple[MediaKind, str]:
    """What the offer is of, and the content type that it goes by.

    Raises Refused, by the kind as `photo_…`, `video_…` or `voice_…`: `media_type_unsupported`, `…_unreadable`
    (no bytes), `…_too_large` with the `limit` in MiB.
    """
    content_type = plain_type(offer.content_type, offer.filename)
    kind = kind_of(content_type)
    if kind is None:
        raise Refused("media_type_unsupported")
    if offer.length <= 0:
        raise Refused(f"{kind}_unreadable")
    if offer.length > BOUNDS[kind].bytes:
        raise too_large(kind)
    return kind, content_type


def plain_type(content_type: str, filename: str) -> str:
    """A content type in its usual spelling, without parameters; by the name where the client knows none."""
    plain = content_type.partition(";")[0].strip().lower()
    plain = _ALIASES.get(plain, plain)
    return _by_name(filename) if plain in _UNNAMED else plain


def kind_of(content_type: str) -> MediaKind | None:
    """What is sent under this type; None for what is not taken. An unknown one is a photo until it is decoded."""
    if content_type in PHOTO_TYPES or content_type in _UNNAMED:
        return "photo"
    if content_type in VIDEO_TYPES:
        return "video"
    return "voice" if content_type in VOICE_TYPES else None


def too_large(kind: MediaKind) -> Refused:
    """The refusal of more bytes than a photo, video or voice note may have."""
    return Refused(f"{kind}_too_large", limit=BOUNDS[kind].bytes // MIB)


def refusal(code: str | None) -> Refused:
    """The refusal of an upload that was rejected with this code, said once more."""
    kind = kind_of_code(code or "")
    if code is None or kind is None or not code.endswith("_too_long"):
        return Refused(code or "photo_unreadable")
    return Refused(code, limit=BOUNDS[kind].seconds)


def kind_of_code(code: str) -> MediaKind | None:
    """What a code such as `video_too_long` speaks of."""
    return next((kind for kind in BOUNDS if code.startswith(f"{kind}_")), None)


def _by_name(filename: str) -> str:
    suffix = filename.rpartition(".")[2].lower()
    guessed, _encoding = _OTHERS.guess_type(f"name.{suffix}")
    return _SUFFIXES.get(suffix) or guessed or UNKNOWN_TYPE


def plain_name(filename: str) -> str:
    """A name for people: no folders, no control or direction characters, not long. It is never a path."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", filename))[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()
    if len(name) > _NAME_LENGTH:
        stem, dot, suffix = name.rpartition(".")
        name = name[:_NAME_LENGTH] if not dot or len(suffix) > 8 else stem[: _NAME_LENGTH - 9] + dot + suffix
    return name
