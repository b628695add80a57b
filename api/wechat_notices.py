"""已接收 in WeChat, for who leaves before it: asked for by a tap of the reporter's own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import WechatNoticeBody
from api.parts import parts_of
from api.reports import id_of, own_report
from api.sessions import require_reporter
from dispatch import wechat_notices
from dispatch.errors import Refused
from web.bodies import read_json
from web.problems import language_of


def routes() -> list[Route]:
    return [Route("/api/v1/reports/{id}/wechat-notice", ask, methods=["POST"])]


async def ask(request: Request) -> Response:
    """`{wechat_code}` → 204: whose that code is will be told once, if the page is gone by then."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    body = await read_json(request, WechatNoticeBody)
    await own_report(parts, report, reporter.id)
    if parts.wechat is None or not parts.settings.wechat_received_template:
        raise Refused("wechat_unavailable")
    await parts.limits.take("message_person", str(reporter.id))
    openid = await parts.wechat.openid_of(body.wechat_code)
    language = language_of(request)
    await parts.writer.do(
        lambda session: wechat_notices.ask(session, parts.cipher, report, reporter.id, openid, language)
    )
    return Response(status_code=204)
