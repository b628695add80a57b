"""The page's icon as PNG, drawn here: iPhones take no SVG, and old launchers neither."""

from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.errors import Refused
from web.assets import FOR_GOOD

# Pixels: Apple's home screen, Android's, and the splash screen.
SIZES: Final = (180, 192, 512)

# As static/citizen/icon.svg has it, on a square of 512: a siren, within the circle that a mask leaves.
_GROUND, _INK = "#0b3a8f", "#ffffff"
_WIDTH: Final = 34
_LINES: Final = (
    ((150, 356), (150, 256)),
    ((362, 256), (362, 356)),
    ((256, 110), (256, 104)),
    ((150, 154), (146, 150)),
    ((362, 154), (366, 150)),
    ((256, 256), (256, 356)),
    ((168, 356), (344, 356)),
    ((122, 402), (390, 402)),
)
# Left, top, right, bottom of the circle, and from where to where, in degrees clockwise from the right.
_ARCS: Final = (
    ((150, 150, 362, 362), 180, 360),
    ((122, 356, 214, 448), 180, 270),
    ((298, 356, 390, 448), 270, 360),
)
_FINER: Final = 4  # drawn so much larger, then made smaller: edges are smooth


def routes() -> list[Route]:
    return [Route("/icons/{size}.png", show, methods=["GET"])]


async def show(request: Request) -> Response:
    """The icon in one of its sizes. Raises Refused `not_found` for another."""
    name = request.path_params["size"]
    if name not in {str(size) for size in SIZES}:
        raise Refused("not_found")
    return Response(drawn(int(name)), media_type="image/png", headers={"cache-control": FOR_GOOD})


@cache
def drawn(size: int) -> bytes:
    """The icon as a PNG of `size` × `size` pixels."""
    scale = size * _FINER / 512
    picture = Image.new("RGB", (size * _FINER, size * _FINER), _GROUND)
    draw = ImageDraw.Draw(picture)

    def at(*numbers: float) -> list[float]:
        return [number * scale for number in numbers]

    half = _WIDTH / 2
    for (x1, y1), (x2, y2) in _LINES:
        draw.line(at(x1, y1, x2, y2), _INK, round(_WIDTH * scale))
        for x, y in ((x1, y1), (x2, y2)):
            draw.ellipse(at(x - half, y - half, x + half, y + half), _INK)
    for (left, top, right, bottom), begin, end in _ARCS:
        box = at(left - half, top - half, right + half, bottom + half)
        draw.arc(box, begin, end, _INK, round(_WIDTH * scale))
    into = BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(into, "PNG", optimize=True)
    return into.getvalue()
