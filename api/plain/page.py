"""How a plain page is made: words, the token of its forms, and every refusal as a page with whom to call."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.disguise import look_of
from api.display import display_of
from api.parts import parts_of
from api.plain import guard
from api.plain.draft import Draft
from dispatch.errors import Refused
from dispatch.words import Words, others
from web.languages import page_language, remember
from web.origins import SAFE
from web.problems import STATUS, refused_by, sentence, text_number

Handler = Callable[[Request], Awaitable[Response]]

# The page that is asked for again is told apart from the one that a reader has stopped.
STILL: Final = "still"


def words_of(request: Request) -> Words:
    """The catalogue in the language of the page."""
    return Words.of(page_language(request))


def page(
    request: Request,
    name: str,
    /,
    *,
    status: int = 200,
    again_s: int = 0,
    session: str | None = None,
    **values: object,
) -> Response:
    """The page `templates/plain/<name>.html`.

    `again_s`: seconds after which the browser asks for it anew, 0 for never; by the header, which browsers have
    known since 1995. `session`: the token of a session that this answer opens.
    """
    words = words_of(request)
    token = guard.token_for(request, session)
    answer = parts_of(request).templates.TemplateResponse(
        request,
        f"plain/{name}.html",
        {
            "t": words,
            "language": words.language,
            # An answer to a form has no address of its own: another language would lose what was typed.
            "languages": others(words.language) if request.method in SAFE else [],
            "display": display_of(request),
            "form_token": token,
            "again_s": again_s,
            "sms": text_number(request),
            **values,
        },
        status,
    )
    answer.headers["content-language"] = words.language
    if again_s:
        answer.headers["refresh"] = str(again_s)
    if session is None:
        guard.keep(request, answer, token)
    remember(request, answer)
    return answer


def to(address: str) -> Response:
    """See there: what was sent is not sent again by a reload."""
    return RedirectResponse(address, 303)


def said(request: Request, refused: Refused) -> str:
    """What a reader of a plain page is told of a refusal."""
    words = words_of(request)
    own = words.get(f"citizen.plain.problem.{refused.code}")
    return own or sentence(words, refused)


def status_of(refused: Refused) -> int:
    """The status that the API gives it."""
    return STATUS.get(refused.code, 422)


def told(handler: Handler) -> Handler:
    """The handler, with whatever it raises as a page: a person reads it."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        # While the page is disguised no address shows what it is. What a form brings is taken all the same.
        if request.method in SAFE and look_of(request):
            return to("/")
        try:
            return await handler(request)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - a defect too is told on a page, with whom to call
            return refusal(request, refused_by(error))

    return answer


def refusal(request: Request, refused: Refused) -> Response:
    """The page of a refusal with nothing typed to keep; who is signed out signs in and comes back."""
    if refused.code == "sign_in_required":
        return sign_in(request, refused, report=request.path_params.get("id", ""))
    # What the path names is one's own report, or there is none: the page of it says which.
    report = request.path_params.get("id", "") if refused.code != "report_unknown" else ""
    return page(
        request, "problem", status=status_of(refused), sentence=said(request, refused), report=report[:36]
    )


def sign_in(
    request: Request,
    refused: Refused | None = None,
    *,
    draft: Draft | None = None,
    report: str = "",
    phone: str = "",
) -> Response:
    """Where the phone is asked for. `draft`: what is to be kept; `report`: which page to come back to."""
    # On the way in nobody is refused anything: the phone is asked for first.
    first = refused is None or refused.code == "sign_in_required"
    return page(
        request,
        "sign_in",
        status=status_of(refused) if refused else 200,
        error=None if first or refused is None else said(request, refused),
        again=draft is not None or bool(report),
        draft=draft,
        report=report[:36],
        phone=phone[:32],
    )


def identity(
    request: Request,
    refused: Refused | None = None,
    draft: Draft | None = None,
    name: str = "",
    id_number: str = "",
) -> Response:
    """Where name and number are asked for; `draft` is what is sent once they are verified."""
    first = refused is None or refused.code == "identity_required"
    return page(
        request,
        "identity",
        status=status_of(refused) if refused else 200,
        error=None if first or refused is None else said(request, refused),
        draft=draft,
        name=name[:100],
        id_number=id_number[:64],
    )
