"""The mobile page: one shell for every address, its words, and what makes it a thing on the home screen.

All of the page's addresses are one document: going from one to another must not stop what is being sent.
Which part shows first is said here, so that it is right before any script runs.
"""

import json
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api import release
from api.disguise import LOOKS, look_of
from api.display import Display, display_of
from api.parts import Parts, parts_of
from api.sessions import COOKIE
from dispatch.errors import Refused
from dispatch.settings import Settings
from dispatch.words import Words, others
from web.headers import policy
from web.kept import Kept
from web.languages import page_language, remember

# Every module that the first screen needs, named in the page: one round of requests instead of a chain of them.
MODULES: Final = (
    "protocol",
    "protocol/attachments",
    "protocol/drafts",
    "protocol/http",
    "protocol/live",
    "protocol/my",
    "protocol/owners",
    "protocol/outbox",
    "protocol/patience",
    "protocol/turns",
    "protocol/uploads",
    "covert-entry",
    "covert-signs",
    "covert-switch",
    "disguise",
    "display",
    "exactness",
    "files",
    "filing",
    "home",
    "kept",
    "ladder",
    "later",
    "lifeline",
    "location-code",
    "media",
    "outcome",
    "page",
    "placing",
    "position",
    "progress",
    "questions",
    "report",
    "sharing",
    "signing",
    "storage",
    "talk",
    "transmit",
    "waking",
    "ways",
    "where",
    "whose",
    "withdrawal",
    "words",
    "writing",
)
# What the page needs besides while it pretends to be another; else it comes as soon as the page is idle.
DISGUISED: Final = (
    "covert",
    "covert-calculator",
    "covert-lines",
    "covert-look",
    "covert-media",
    "covert-need",
)
# Modules that come when they are first wanted, or when the page has nothing better to do.
LATER: Final = (
    *DISGUISED,
    "account",
    "attaching",
    "consents",
    "covert-film",
    "cutting",
    "entries",
    "exif",
    "finder",
    "fraud",
    "law",
    "looking",
    "lost",
    "map",
    "marked",
    "mine",
    "mydata",
    "mydata-acts",
    "offers",
    "panel",
    "photo-place",
    "photos",
    "picker",
    "picking",
    "place-fields",
    "protocol/wishes",
    "receipt",
    "receipt-check",
    "receipt-keys",
    "recorder",
    "saving",
    "shrink",
    "take",
    "taken",
    "tip",
    "tiles",
    "video",
    "voice",
    "worker",
)
# Areas of the catalogue that the scripts speak.
SPOKEN: Final = ("citizen", "terms.status")
# What in them only the server says: pages of its own, longer than all the rest.
UNSPOKEN: Final = ("citizen.law.", "citizen.plain.", "citizen.privacy.")


def routes() -> list[Route]:
    return [
        Route("/", home, methods=["GET"]),
        Route("/reports", mine, methods=["GET"]),
        Route("/reports/{id}", report, methods=["GET"]),
        Route("/law", law, methods=["GET"]),
        Route("/my-data", my_data, methods=["GET"]),
        Route("/receipt", receipt, methods=["GET"]),
        *(Route(f"/{look}", home, methods=["GET"]) for look in LOOKS),
        Route("/manifest.webmanifest", manifest, methods=["GET"]),
    ]


async def home(request: Request) -> Response:
    """The first screen: one decision."""
    return _page(request, "home")


async def mine(request: Request) -> Response:
    """My reports (我的报警记录). The scripts ask for them; a signed-out reader is asked to sign in there."""
    return _page(request, "mine")


async def report(request: Request) -> Response:
    """One report of one's own. Whether there is such a report is answered by `/api/v1/reports/{id}`."""
    return _page(request, "report")


async def law(request: Request) -> Response:
    """The rules on reporting, and the notice on personal information (个人信息保护法 17, 30). Needs no scripts."""
    return _page(request, "law")


async def my_data(request: Request) -> Response:
    """My data. What is held is asked for by the scripts, and is the reporter's alone."""
    return _page(request, "mydata")


async def receipt(request: Request) -> Response:
    """A receipt, verified on the phone that opens this: nothing of it is sent here."""
    return _page(request, "receipt")


async def manifest(request: Request) -> Response:
    """What a phone needs to put the page on its home screen (W3C Web App Manifest).

    Raises Refused `not_found` while the page is disguised: nothing then offers to install what it is.
    """
    if look_of(request):
        raise Refused("not_found")
    words = Words.of(page_language(request))
    drawings = [{"src": release.asset("citizen/icon.svg"), "sizes": "any", "type": "image/svg+xml"}]
    for size in (192, 512):
        of_size = {"src": f"/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        drawings += [{**of_size, "purpose": "any"}, {**of_size, "purpose": "maskable"}]
    shortcuts = [
        {"name": words("citizen.install.quick"), "url": "/", "icons": [drawings[1]]},
        {"name": words("citizen.install.mine"), "url": "/reports", "icons": [drawings[1]]},
    ]
    return JSONResponse(
        {
            "id": "/",
            "name": words("citizen.page.title"),
            "short_name": words("citizen.install.short_name"),
            "description": words("citizen.install.description"),
            "lang": words.language,
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f2f4f7",
            "theme_color": "#0b3a8f",
            "categories": ["government", "utilities"],
            "icons": drawings,
            "shortcuts": shortcuts,
        },
        media_type="application/manifest+json",
    )


def _page(request: Request, view: str) -> Response:
    # The scripts cannot see the cookie. It may have expired: then the server says so when it is asked.
    answer = document(request, view, look=look_of(request), session=COOKIE in request.cookies)
    remember(request, answer)
    return answer


def document(request: Request, view: str, *, look: str | None, session: bool) -> Response:
    """The shell. `look`: what it pretends to be; `session`: whether somebody may be signed in."""
    parts, language, display = parts_of(request), page_language(request), display_of(request)
    key = (view, look, session, language, display)
    # A few hundred at most: whoever is new in the middle of a rush gets what the one before got.
    if key not in parts.documents:
        text = _rendered(parts, view, look, language, display, session=session)
        parts.documents[key] = Kept.of(text.encode(), "text/html")
    answer = parts.documents[key].answer(request.headers)
    answer.headers["content-language"] = language
    answer.headers["x-desk110-version"] = release.version()
    if parts.settings.tiles_origin:
        answer.headers["content-security-policy"] = policy(images=parts.settings.tiles_origin)
    answer.headers.add_vary_header("accept-language, cookie")
    return answer


def _rendered(
    parts: Parts, view: str, look: str | None, language: str, display: Display, *, session: bool
) -> str:
    words = Words.of(language)
    return parts.templates.get_template("citizen/page.html").render(
        {
            "view": "covert" if look else view,
            "look": look,
            "session": session,
            "language": language,
            "languages": others(language),
            "t": words,
            "words": _for_scripts(words),
            "modules": (*MODULES, *DISGUISED) if look else MODULES,
            "tiles": parts.settings,
            **operator(parts.settings, words),
            "display": display,
        }
    )


def operator(settings: Settings, words: Words) -> dict[str, str]:
    """Who runs the installation and how they are reached, as the notice on personal information names them."""
    return {
        "operator": settings.operator_name or words("citizen.privacy.demo_operator"),
        "contact": settings.operator_contact or words("citizen.privacy.demo_contact"),
    }


def _for_scripts(words: Words) -> Markup:
    """The catalogue as JSON that can stand inside `<script>`: nothing in it can end the element."""
    spoken = {
        key: text
        for area in SPOKEN
        for key, text in words.under(area).items()
        if not key.startswith(UNSPOKEN) or key == "citizen.law.title"
    }
    text = json.dumps(spoken, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped above, and read as JSON alone
