"""Who may do what: a table of every route and socket of both apps, and what each role is answered there.

`ok`: the right is there, whatever else may be wrong with the request (2xx, 303, 304, 400, 409, 412, 415, 422). `door`:
the page leads to signing in. A number is a status, and a close code for a socket. Each row is asked for a report of
西湖区 and a photo of it, from the first column to the last, and row by row.

Where even who has the right is answered 404, there is nothing of that number there: no such request, code, note or
other report; a photo that the row before took away.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

GRANTED: Final = frozenset({200, 201, 202, 204, 206, 303, 304, 400, 409, 412, 415, 422})

# nobody; whose report it is; another reporter; a dispatcher with the console's session
REPORTERS: Final = ("nobody", "own", "other", "desk")
CITIZEN: Final = """
GET     /                                    ok   ok   ok   ok
GET     /.well-known/jwks.json               ok   ok   ok   ok
GET     /api/v1/asyncapi.json                ok   ok   ok   ok
GET     /api/v1/desks/nearest                ok   ok   ok   ok
WS      /api/v1/live                         4401 ok   ok   4401
GET     /api/v1/me                           401  ok   ok   401
PATCH   /api/v1/me                           401  ok   ok   401
POST    /api/v1/me                           401  405  405  401
GET     /api/v1/me/consents                  401  ok   ok   401
GET     /api/v1/me/consents/{purpose}        401  ok   ok   401
PUT     /api/v1/me/consents/{purpose}        401  ok   ok   401
GET     /api/v1/me/data                      401  ok   ok   401
GET     /api/v1/me/mark                      401  ok   ok   401
POST    /api/v1/me/mark/appeal               401  ok   ok   401
PUT     /api/v1/me/duress-word               401  ok   ok   401
PUT     /api/v1/me/identity                  401  ok   ok   401
POST    /api/v1/me/identity/corrections      401  ok   ok   401
PUT     /api/v1/me/phone                     401  ok   ok   401
GET     /api/v1/media/{media}                401  ok   404  401
GET     /api/v1/media/{media}/thumb          401  ok   404  401
GET     /api/v1/media/{media}/view           401  ok   404  401
GET     /api/v1/openapi.json                 ok   ok   ok   ok
POST    /api/v1/phone-codes                  ok   ok   ok   ok
GET     /api/v1/reports                      401  ok   ok   401
POST    /api/v1/reports                      401  ok   ok   401
GET     /api/v1/reports/{id}                 401  ok   404  401
POST    /api/v1/reports/{id}/answers         401  404  404  401
PUT     /api/v1/reports/{id}/covert          401  ok   404  401
POST    /api/v1/reports/{id}/locations       401  ok   404  401
OPTIONS /api/v1/reports/{id}/media           ok   ok   ok   ok
POST    /api/v1/reports/{id}/media           401  ok   404  401
POST    /api/v1/reports/{id}/media/form      401  ok   404  401
HEAD    /api/v1/reports/{id}/media/{media}   401  ok   404  401
OPTIONS /api/v1/reports/{id}/media/{media}   ok   ok   ok   ok
PATCH   /api/v1/reports/{id}/media/{media}   401  ok   404  401
POST    /api/v1/reports/{id}/messages        401  ok   404  401
POST    /api/v1/reports/{id}/withdrawal      401  ok   404  401
POST    /api/v1/reports/{id}/wechat-notice   401  501  404  401
POST    /api/v1/sessions                     ok   ok   ok   ok
GET     /calculator                          ok   ok   ok   ok
GET     /counties.geojson                    ok   ok   ok   ok
GET     /healthz                             ok   ok   ok   ok
GET     /icons/{size}.png                    ok   ok   ok   ok
GET     /law                                 ok   ok   ok   ok
GET     /manifest.webmanifest                ok   ok   ok   ok
GET     /my-data                             ok   ok   ok   ok
GET     /notes                               ok   ok   ok   ok
GET     /plain                               ok   ok   ok   ok
POST    /plain/codes                         403  ok   ok   ok
GET     /plain/identity                      401  ok   ok   401
POST    /plain/identity                      403  ok   ok   401
GET     /plain/mark                          401  ok   ok   401
POST    /plain/mark                          403  ok   ok   401
GET     /plain/reports                       401  ok   ok   401
POST    /plain/reports                       403  ok   ok   401
GET     /plain/reports/{id}                  401  ok   404  401
POST    /plain/reports/{id}/answers          403  ok   404  401
GET     /plain/reports/{id}/message          401  ok   404  401
POST    /plain/reports/{id}/message          403  ok   404  401
GET     /plain/reports/{id}/photos           401  ok   404  401
POST    /plain/reports/{id}/photos           403  ok   404  401
POST    /plain/reports/{id}/seen             403  ok   404  401
GET     /plain/reports/{id}/withdrawal       401  ok   404  401
POST    /plain/reports/{id}/withdrawal       403  ok   404  401
POST    /plain/sessions                      403  401  401  401
GET     /plain/sign-in                       ok   ok   ok   ok
POST    /plain/sign-out                      403  door door 401
GET     /readyz                              ok   ok   ok   ok
GET     /receipt                             ok   ok   ok   ok
GET     /reports                             ok   ok   ok   ok
GET     /reports/{id}                        ok   ok   ok   ok
GET     /shell                               ok   ok   ok   ok
GET     /shell/law                           ok   ok   ok   ok
MOUNT   /static                              ok   ok   ok   ok
GET     /sw.js                               ok   ok   ok   ok
GET     /weather                             ok   ok   ok   ok
POST    /api/v1/reports/{id}/media/{media}   401  ok   404  401
DELETE  /api/v1/me                           401  ok   ok   401
DELETE  /api/v1/me/identity                  401  ok   ok   401
DELETE  /api/v1/reports/{id}/media/{media}   401  404  404  401
DELETE  /api/v1/sessions/current             401  ok   ok   401
DELETE  /api/v1/sessions/others              401  ok   ok   401
"""

# nobody; a reporter with their session; a dispatcher of the desk, of the next one; the desk's shift leader; the others
DESKS: Final = ("nobody", "reporter", "own", "next", "leader", "auditor", "admin")
CONSOLE: Final = """
GET     /                                           ok   ok   ok   ok   ok   ok   ok
GET     /console                                    door door ok   ok   ok   ok   ok
GET     /console/account                                      door door ok   ok   ok   ok   ok
POST    /console/account/password                             401  401  ok   ok   ok   ok   ok
POST    /console/account/second-factor                        401  401  ok   ok   ok   ok   ok
POST    /console/account/second-factor/confirmation           401  401  ok   ok   ok   ok   ok
POST    /console/account/recovery-codes                       401  401  ok   ok   ok   ok   ok
POST    /console/account/passkey-options                      401  401  ok   ok   ok   ok   ok
POST    /console/account/passkeys                             401  401  ok   ok   ok   ok   ok
POST    /console/account/passkeys/{key}/name                  401  401  404  404  404  404  404
POST    /console/account/passkeys/{key}/removal               401  401  404  404  404  404  404
GET     /console/admin                                        401  401  403  403  403  403  ok
GET     /console/admin/accounts                               401  401  403  403  403  403  ok
POST    /console/admin/accounts                               401  401  403  403  403  403  ok
GET     /console/admin/accounts/{number}                      401  401  403  403  403  403  404
POST    /console/admin/accounts/{number}/{act}                401  401  403  403  403  403  404
GET     /console/admin/cities                                 401  401  403  403  403  403  ok
GET     /console/admin/cities/{desk}                          401  401  403  403  403  403  404
POST    /console/admin/cities/{desk}/opening                  401  401  403  403  403  403  404
GET     /console/admin/desks                                  401  401  403  403  403  403  ok
GET     /console/admin/desks/{desk}                           401  401  403  403  403  403  404
POST    /console/admin/desks/{desk}/hours                     401  401  403  403  403  403  404
POST    /console/admin/desks/{desk}/opening                   401  401  403  403  403  403  404
GET     /console/admin/desks/{desk}/settings                  401  401  403  403  403  403  404
POST    /console/admin/desks/{desk}/settings/{section}        401  401  403  403  403  403  404
GET     /console/admin/new-account                            401  401  403  403  403  403  ok
GET     /console/appeals                            401  401  403  403  ok   403  403
POST    /console/appeals/{mark}                     401  401  403  403  ok   403  403
GET     /console/audit                              door door 403  403  403  ok   403
POST    /console/audit                              401  401  403  403  403  ok   403
GET     /console/audit/reports/{id}                 401  401  403  403  403  ok   403
GET     /console/colleagues                         401  401  ok   ok   ok   403  403
GET     /console/counties.geojson                   401  401  ok   ok   ok   403  403
WS      /console/live                               4401 4401 ok   ok   ok   4403 4403
GET     /console/figures                            door door 403  403  ok   ok   ok
GET     /console/figures.csv                        401  401  403  403  ok   ok   ok
GET     /console/figures.xlsx                       401  401  403  403  ok   ok   ok
GET     /console/first-sign-in                                door door door door door door door
POST    /console/first-sign-in/password                       401  401  401  401  401  401  401
POST    /console/first-sign-in/second-factor                  401  401  401  401  401  401  401
GET     /console/location-codes/{code}              401  401  404  404  404  403  403
GET     /console/media/{id}                         401  401  ok   404  ok   403  403
POST    /console/media/{id}/original                401  401  403  404  ok   403  403
GET     /console/media/{id}/thumb                   401  401  ok   404  ok   403  403
GET     /console/media/{id}/view                    401  401  ok   404  ok   403  403
GET     /console/queue                              401  401  ok   ok   ok   403  403
GET     /console/reports/{id}                       401  401  ok   404  ok   403  403
POST    /console/reports/{id}/acknowledgement       401  401  ok   404  ok   403  403
POST    /console/reports/{id}/closing               401  401  ok   404  ok   403  403
POST    /console/reports/{id}/duress-acknowledgement 401  401  ok   404  ok   403  403
POST    /console/reports/{id}/export                401  401  403  404  ok   ok   403
GET     /console/reports/{id}/flood                 401  401  ok   404  ok   403  403
POST    /console/reports/{id}/flood-act             401  401  ok   404  ok   403  403
POST    /console/reports/{id}/mark                  401  401  403  404  ok   403  403
POST    /console/reports/{id}/mark-removal          401  401  403  404  ok   403  403
POST    /console/reports/{id}/hold                  401  401  403  404  ok   ok   ok
POST    /console/reports/{id}/hold/{hold}/lifting   401  401  403  404  404  404  404
POST    /console/reports/{id}/incident              401  401  404  404  404  403  403
POST    /console/reports/{id}/incident/leaving      401  401  ok   404  ok   403  403
POST    /console/reports/{id}/incident/messages     401  401  404  404  404  403  403
POST    /console/reports/{id}/messages              401  401  ok   404  ok   403  403
POST    /console/reports/{id}/notes                 401  401  ok   404  ok   403  403
POST    /console/reports/{id}/phone                 401  401  ok   404  ok   403  403
POST    /console/reports/{id}/pick-up               401  401  ok   404  ok   403  403
POST    /console/reports/{id}/release               401  401  ok   404  ok   403  403
POST    /console/reports/{id}/reopening             401  401  ok   404  ok   403  403
POST    /console/reports/{id}/requests              401  401  ok   404  ok   403  403
POST    /console/reports/{id}/scene                 401  401  ok   404  ok   403  403
POST    /console/reports/{id}/take-over             401  401  ok   404  ok   403  403
GET     /console/reports/{id}/units                 401  401  ok   404  ok   403  403
POST    /console/reports/{id}/arrivals              401  401  404  404  404  403  403
POST    /console/reports/{id}/clearings             401  401  404  404  404  403  403
POST    /console/reports/{id}/sendings              401  401  ok   404  ok   403  403
POST    /console/reports/{id}/proposal                        401  401  ok   404  ok   403  403
POST    /console/reports/{id}/proposal-confirmation           401  401  ok   404  ok   403  403
POST    /console/reports/{id}/proposal-refusal                401  401  ok   404  ok   403  403
POST    /console/reports/{id}/proposal-withdrawal             401  401  ok   404  ok   403  403
POST    /console/reports/{id}/transfer                        401  401  ok   404  ok   403  403
POST    /console/reports/{id}/transfer-acceptance             401  401  404  404  404  403  403
GET     /console/reports/{id}/transfer-desks                  401  401  ok   404  ok   403  403
POST    /console/reports/{id}/transfer-recall                 401  401  404  404  404  403  403
POST    /console/reports/{id}/transfer-return                 401  401  404  404  404  403  403
GET     /console/retention                          door door 403  403  403  ok   ok
POST    /console/retention/holds                    401  401  403  403  403  ok   ok
POST    /console/retention/rules                    401  401  403  403  403  403  ok
GET     /console/search                             401  401  ok   ok   ok   403  403
GET     /console/settings                           door door ok   ok   ok   403  403
POST    /console/settings/{section}                 401  401  403  403  ok   403  403
GET     /console/shift                              401  401  ok   ok   ok   403  403
POST    /console/shift                              401  401  ok   ok   ok   403  403
POST    /console/shift/end                          401  401  ok   ok   ok   403  403
POST    /console/shift/notes/done                   401  401  404  404  404  403  403
GET     /console/sign-in                            ok   ok   ok   ok   ok   ok   ok
POST    /console/sign-in                            403  403  403  403  403  403  403
GET     /console/sign-in/oidc                       404  404  404  404  404  404  404
GET     /console/sign-in/oidc/back                  404  404  404  404  404  404  404
POST    /console/sign-in/passkey                    ok   ok   ok   ok   ok   ok   ok
POST    /console/sign-in/passkey-options            ok   ok   ok   ok   ok   ok   ok
POST    /console/sign-out                           401  401  door door door door door
GET     /console/units                              401  401  ok   ok   ok   403  403
POST    /console/sound                              401  401  ok   ok   ok   403  403
GET     /console/wallboard                          door door ok   ok   ok   403  403
GET     /console/wallboard/board                    401  401  ok   ok   ok   403  403
GET     /healthz                                    ok   ok   ok   ok   ok   ok   ok
GET     /metrics                                    ok   ok   ok   ok   ok   ok   ok
GET     /readyz                                     ok   ok   ok   ok   ok   ok   ok
MOUNT   /static                                     ok   ok   ok   ok   ok   ok   ok
"""

# Once done, whoever did it is no longer who they were: somebody new does it.
SPENDS: Final = frozenset(
    {
        ("DELETE", "/api/v1/sessions/current"),
        ("DELETE", "/api/v1/me"),
        ("POST", "/plain/sign-out"),
        ("POST", "/console/sign-out"),
    }
)


def table(text: str, roles: tuple[str, ...]) -> dict[tuple[str, str], dict[str, str]]:
    """The rows by method and path: what each role is answered."""
    found = {}
    for line in text.strip().splitlines():
        method, path, *answers = line.split()
        assert len(answers) == len(roles), line
        assert (method, path) not in found, line
        found[method, path] = dict(zip(roles, answers, strict=True))
    return found


def routes_of(app: Starlette) -> list[tuple[str, str]]:
    """Every method and path of the app itself. What answers HEAD with the head of a GET tells no more than that."""
    found = []
    for route in app.routes:
        if isinstance(route, Mount):
            found.append(("MOUNT", route.path))
        elif isinstance(route, WebSocketRoute):
            found.append(("WS", route.path))
        else:
            assert isinstance(route, Route)
            methods = route.methods or set()
            found += [(method, route.path) for method in methods - ({"HEAD"} if "GET" in methods else set())]
    return sorted(found)


def filled(path: str, ids: Mapping[str, str]) -> str:
    """The path with identifiers in it: those of a medium where it says so, else of the report."""
    if "/media/{id}" in path:
        path = path.replace("{id}", ids["media"])
    return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], ids["id"]), path)


def said(status: int, location: str = "") -> str:
    """An answer as the table writes it."""
    if status == 303 and location.endswith("/sign-in"):
        return "door"
    return "ok" if status in GRANTED else str(status)


def form_token(session: str) -> str:
    """What the plain pages' forms carry for a session."""
    return hmac.new(session.encode(), b"desk110 plain form", hashlib.sha256).hexdigest()[:32]
