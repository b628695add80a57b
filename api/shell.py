"""The shell: the one document of the mobile page, and the service worker that keeps it on the phone.

The worker keeps the document and all of its files by the version that the server names, so that the page opens
without a network, and a deployment replaces everything at once.
"""

from functools import cache
from typing import Final

import orjson
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from api import pages, release
from api.disguise import LOOKS
from api.parts import parts_of
from dispatch.errors import Refused
from dispatch.settings import CHECKOUT
from dispatch.words import Words
from web.languages import page_language

TEMPLATES: Final = CHECKOUT / "templates"
# The rules are the same for everybody and hold no secret, so they may be compressed.
COMPRESSED: Final = [Middleware(GZipMiddleware, minimum_size=1024)]


def routes() -> list[Route]:
    return [
        Route("/sw.js", worker, methods=["GET"]),
        Route("/shell", shell, methods=["GET"]),
        Route("/shell/law", law, methods=["GET"], middleware=COMPRESSED),
    ]


def templates() -> Jinja2Templates:
    """The citizen app's templates, which find a static file's address by `asset`."""
    found = Jinja2Templates(TEMPLATES)
    found.env.globals["asset"] = release.asset
    return found


async def worker(_request: Request) -> Response:
    """The service worker. A browser asks for it anew at each visit, and installs it when a byte is another."""
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/"}
    return Response(_code(), media_type="text/javascript", headers=headers)


@cache
def _code() -> str:
    """The worker's first module: what was deployed, handed to the others."""
    deployed = {
        "version": release.version(),
        "files": release.files(),
        "looks": LOOKS,
        "pages": sorted({route.path.split("/")[1] for route in pages.routes() if "." not in route.path}),
    }
    return (
        f'import {{ serveShell }} from "{release.asset("worker/shell.js")}";\n\n'
        f"serveShell({orjson.dumps(deployed).decode()});\n"
    )


async def shell(request: Request) -> Response:
    """The document to keep: `?lang=` and `?look=` say which, and no cookie does.

    It says that there may be a session: the scripts ask the server as soon as there is one to ask.
    Raises Refused `not_found` for a look that there is not.
    """
    look = request.query_params.get("look") or None
    if look is not None and look not in LOOKS:
        raise Refused("not_found")
    return pages.document(request, "home", look=look, session=True)


async def law(request: Request) -> Response:
    """The rules and the notice on personal information, alone, in the language that `?lang=` names."""
    language = page_language(request)
    parts, words = parts_of(request), Words.of(language)
    answer = parts.templates.TemplateResponse(
        request,
        "citizen/law.html",
        {"view": "law", "t": words, **pages.operator(parts.settings, words)},
    )
    answer.headers["content-language"] = language
    answer.headers["x-desk110-version"] = release.version()
    answer.headers["vary"] = "accept-language, cookie"
    return answer
