"""Photos and what pretends to be one, made here."""

import io
import struct
import zlib
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageCms, ImageDraw

# Where EXIF says that the photos below were taken: 30°14′30″ N, 120°8′24″ E, on 2026-11-23 at 10:00:01 UTC.
LAT, LON = 30 + 14 / 60 + 30 / 3600, 120 + 8 / 60 + 24 / 3600

SCRIPT = b"<html><script>alert(document.cookie)</script></html>"
SECRET = b"serial 4711 of Zhang San"


def scene(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """A picture that shows which way is up: red above, blue below, a white square at the upper left."""
    image = Image.new("RGB", size, (200, 30, 30))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, size[1] // 2, size[0], size[1]), fill=(30, 30, 200))
    draw.rectangle((0, 0, size[0] // 8, size[1] // 8), fill="white")
    return image.convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The file of a picture: JPEG, PNG, WEBP, GIF, MPO or HEIF."""
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    into = io.BytesIO()
    image.save(into, kind, **options)
    return into.getvalue()


def opened(data: bytes) -> Image.Image:
    """A picture as the apps hand it out: WebP, and nothing else."""
    return Image.open(io.BytesIO(data), formats=("WEBP",))


def jpeg(size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    """A plain photo."""
    return encoded(scene(size), "JPEG", quality=85, **options)


def exif(orientation: int = 1, *, position: bool = True, **gps: Any) -> Image.Exif:
    """Metadata as a phone writes it."""
    found = Image.Exif()
    found[ExifTags.Base.Orientation] = orientation
    found[ExifTags.Base.Make] = SECRET.decode()
    if position:
        found.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N",
                ExifTags.GPS.GPSLatitude: (30.0, 14.0, 30.0),
                ExifTags.GPS.GPSLongitudeRef: "E",
                ExifTags.GPS.GPSLongitude: (120.0, 8.0, 24.0),
                ExifTags.GPS.GPSHPositioningError: 12.5,
                ExifTags.GPS.GPSDateStamp: "2026:11:23",
                ExifTags.GPS.GPSTimeStamp: (10.0, 0.0, 1.0),
                **{getattr(ExifTags.GPS, name): value for name, value in gps.items()},
            }
        )
    return found


def lying_on_its_side(orientation: int) -> bytes:
    """A JPEG stored turned, with the orientation that sets it upright again."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = scene() if undo is None else scene().transpose(undo)
    return encoded(image, "JPEG", quality=90, exif=exif(orientation))


def swapped_profile() -> bytes:
    """A colour profile, as an iPhone's photos carry one."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def animated(kind: str) -> bytes:
    """Two frames."""
    other = scene().transpose(Image.Transpose.ROTATE_180)
    return encoded(scene(), kind, save_all=True, append_images=[other], duration=200)


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few kilobytes whose header announces far more pixels than follow."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def honest_bomb(side: int = 10_000) -> bytes:
    """A PNG that has every pixel it announces: small to send, 400 MB decoded."""
    return encoded(Image.new("RGBA", (side, side)), "PNG", compress_level=9)


def polyglot() -> bytes:
    """A JPEG that a careless browser would read as a page: script in its comment and behind its end."""
    return jpeg(comment=SCRIPT) + SCRIPT


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
