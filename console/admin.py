"""Administration (`/console/admin`): who may come here, and what its pages share.

Plain pages that work without a script: a form is posted, and the page comes again with what holds now, or with what was
typed and why it cannot be taken. Each form carries what stood before the administrator's eyes (`seen`), so that of two
who change the same the second is told.
"""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.own_account import said
from console.parts import parts_of
from console.sections import Sentence
from console.sign_in import on_duty, require_act
from dispatch.accounts import ADMIN
from dispatch.administration import LONGEST_REASON
from dispatch.desks import DESKS
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from web.languages import page_language, remember

PAGES: Final = ("desks", "cities", "accounts")


def routes() -> list[Route]:
    return [Route("/console/admin", to_desks, methods=["GET"])]


async def to_desks(request: Request) -> Response:
    """Signing in comes first."""
    await require_admin(request)
    return RedirectResponse("/console/admin/desks", 303)


async def require_admin(request: Request) -> OnDuty:
    """The administrator who looks. Raises Refused: `sign_in_required`, `role_refused`."""
    who = await on_duty(request)
    if who is None:
        raise Refused("sign_in_required")
    return _admin(who)


async def require_admin_act(request: Request) -> OnDuty:
    """The administrator who does something, from our own page. Raises Refused as above and as `require_act`."""
    return _admin(await require_act(request))


def actor(who: OnDuty) -> str:
    """As the log names them."""
    return f"dispatcher:{who.number}"


def desk_in(request: Request) -> str:
    """The desk that the path names. Raises Refused `desk_unknown`."""
    desk = str(request.path_params["desk"])
    if desk not in DESKS:
        raise Refused("desk_unknown", desk="")
    return desk


def refusal(refused: Refused) -> Sentence:
    """A refusal of the domain as the fault of a form: its own sentence."""
    if refused.code == "reason_required":  # elsewhere it is chosen from a list
        return Sentence("console.admin.fault.reason")
    return Sentence(f"problems.{refused.code}", refused.values)


def page(
    request: Request,
    who: OnDuty,
    template: str,
    *,
    at: str,
    faults: Mapping[str, Sentence] | None = None,
    **values: object,
) -> Response:
    """A page of the administration; 422 when something that was typed cannot be taken. `at`: which of `PAGES`."""
    language = page_language(request)
    html = parts_of(request).rendering.page(
        language,
        f"console/admin/{template}.html",
        csrf_token=who.csrf,
        who=who,
        at=at,
        pages=PAGES,
        faults=said(language, faults),
        longest_reason=LONGEST_REASON,
        **values,
    )
    answer = HTMLResponse(html, 422 if faults else 200)
    remember(request, answer)
    return answer


def _admin(who: OnDuty) -> OnDuty:
    if who.role != ADMIN:
        raise Refused("role_refused")
    return who
