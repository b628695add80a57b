"""Develops one photo, in a process of its own that can do nothing else.

A photo from the internet is decoded here and nowhere else: bytes come on standard input, the result leaves on
standard output. By then the process has given up opening files and sockets, writing files, and more than its
share of memory and time; it serves one photo and ends. What decodes is a photo, whatever it was called, and only
pixels get out: both pictures are encoded anew, so nothing hidden in the original can follow.
"""

import io
import math
import os
import re
import resource
import signal
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pillow_heif

# Pillow imports its parts when it meets the first file of a kind; after `_confine` it could not.
from PIL import (
    ExifTags,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
)

from dispatch.developed import Developed, Taken, packed
from dispatch.errors import Refused
from dispatch.likeness import photo_digest
from dispatch.webp import fitted, webp

_NEEDED = (ImageFile, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin)

# Pillow calls a JPEG with further pictures behind (a gain map, a depth map) MPO; its first is the photo.
TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
}
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
ANIMATED = ("PNG", "WEBP")

# 12,000 × 9,000 is the largest that phones make by themselves. Memory is bounded apart from this.
MAX_PIXELS = 12_000 * 9_000
VIEW_SIDE = 2048
THUMB_SIDE = 320
# A JPEG decodes straight to 1/2, 1/4 or 1/8; no smaller than this is sharp enough to read a number plate.
DRAFT_SIDE = 1600

MEMORY_BYTES = 1024**3  # a 48-Mpx HEIC needs 600 MB
CPU_S = 10  # a 48-Mpx HEIC needs 2 s
WALL_S = 30
NICENESS = 10  # a report's text goes before anybody's photo

_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def main() -> None:
    """Develop the photo on standard input; the result goes to standard output."""
    Image.preinit()
    _confine()
    try:
        result: Developed | Refused = develop(sys.stdin.buffer)
    except Refused as refused:
        result = refused
    sys.stdout.buffer.write(packed(result))
    sys.stdout.buffer.flush()


def _confine() -> None:
    """Give up what developing does not need. It takes three open files: what comes, what leaves, and errors."""
    os.nice(NICENESS)
    signal.alarm(WALL_S)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not three: whoever closed one of them could open another thing in its place.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def develop(source: Path | IO[bytes]) -> Developed:
    """Decode a photo and make the pictures that may be shown.

    Raises Refused: `photo_unreadable` (no photo, another kind of file, cut off or broken), `photo_too_many_pixels`
    with the `limit` in megapixels, `photo_animated`.
    """
    _prepare()
    with warnings.catch_warnings():
        # A broken header that Pillow guesses its way around is for the decoder to judge.
        warnings.simplefilter("ignore")
        try:
            return _develop(source)
        except Refused:
            raise
        except (MemoryError, Image.DecompressionBombError):
            raise _too_many_pixels() from None
        except Exception:  # noqa: BLE001 - decoders raise whatever the bytes made them stumble over
            raise Refused("photo_unreadable") from None


def _prepare() -> None:
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    # Pillow raises at twice this number; `_check` is exact.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def _develop(source: Path | IO[bytes]) -> Developed:
    with Image.open(source, formats=FORMATS) as image:
        _check(image)
        kind = image.format or ""
        exif = _exif(image)
        profile = image.info.get("icc_profile")
        if kind in {"JPEG", "MPO"}:
            image.draft(None, _at_least(image.size, DRAFT_SIDE))
        image.load()
        view = fitted(_opaque(image), VIEW_SIDE)
    view = _in_srgb(view, profile)
    if (turn := _ORIENTATIONS.get(_orientation(exif))) is not None:
        view = view.transpose(turn)
    return Developed(
        view=webp(view, quality=80),
        thumb=webp(fitted(view, THUMB_SIDE), quality=70),
        width=view.width,
        height=view.height,
        content_type=TYPES[kind],
        taken=_taken(exif),
        likeness=photo_digest(view),
    )


def _check(image: Image.Image) -> None:
    """What the header alone tells, before a pixel is decoded."""
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    if image.format in ANIMATED and getattr(image, "is_animated", False):
        raise Refused("photo_animated")


def _too_many_pixels() -> Refused:
    return Refused("photo_too_many_pixels", limit=MAX_PIXELS // 1_000_000)


def _at_least(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return math.ceil(size[0] * scale), math.ceil(size[1] * scale)


def _opaque(image: Image.Image) -> Image.Image:
    """As RGB; what is transparent lies on white, as it did on the phone's screen."""
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I;16"):
        return image.point(lambda level: level / 256).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as seen, without the profile that says how: an iPhone's are Display P3."""
    if not profile:
        return image
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a broken profile (or one for another kind of colours) costs hues, not the photo
    return turned or image


def _exif(image: Image.Image) -> dict[int, Any]:
    """EXIF's first directory, the one of the exposure and, under `ExifTags.IFD.GPSInfo`, that of the position.

    Metadata that cannot be read is none: it never costs the photo.
    """
    try:
        exif = image.getexif()
        found = dict(exif)
        found.update(exif.get_ifd(ExifTags.IFD.Exif))
        found[ExifTags.IFD.GPSInfo] = dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except Exception:  # noqa: BLE001 - as in `develop`
        return {}
    return found


def _orientation(exif: dict[int, Any]) -> int:
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) else 1


def _taken(exif: dict[int, Any]) -> Taken | None:
    gps = exif.get(ExifTags.IFD.GPSInfo) or {}
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "NS")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "EW")
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None
    if not (abs(lat) <= 90 and abs(lon) <= 180) or (lat == 0 and lon == 0):
        return None
    return Taken(lat, lon, _accuracy(gps), _moment(exif, gps))


def _degrees(parts: Any, reference: Any, signs: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        raise ValueError("no number")
    return -value if signs.index(str(reference).strip("\0 ").upper()) else value


def _accuracy(gps: dict[int, Any]) -> float | None:
    try:
        metres = float(gps[ExifTags.GPS.GPSHPositioningError])
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None
    return metres if math.isfinite(metres) and 0 <= metres < 1e6 else None


def _moment(exif: dict[int, Any], gps: dict[int, Any]) -> datetime | None:
    """When: the satellites' UTC, or the camera's clock where it says its offset."""
    try:
        year, month, day = _numbers(gps[ExifTags.GPS.GPSDateStamp])
        hour, minute, second = (int(float(part)) for part in gps[ExifTags.GPS.GPSTimeStamp])
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (KeyError, ValueError, TypeError, ArithmeticError):
        pass
    try:
        date, _, time = str(exif[ExifTags.Base.DateTimeOriginal]).partition(" ")
        offset = str(exif[ExifTags.Base.OffsetTimeOriginal])
        local = datetime.fromisoformat(f"{date.replace(':', '-')}T{time}{offset}")
        return local.astimezone(UTC) if local.tzinfo else None
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None


def _numbers(text: Any) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(text))]
