"""The calls of the HTTP API: signing in, oneself, desks, reports, and the documents."""

from typing import Final

from api import answers, bodies
from api.documents import examples
from api.documents.call import JSON_TYPE, Answer, Call
from dispatch.receipts import Jwks


def _report(says: str, example: str, value: answers.Report) -> Answer:
    return Answer(says, answers.Report, {example: (value["status_label"], value)})


ACCOUNT: Final = (
    Call(
        "POST",
        "/api/v1/phone-codes",
        "sendPhoneCode",
        "account",
        "获取验证码 · Ask for a code",
        "Sends six digits to the phone by SMS. They are good for five minutes and five tries.",
        {202: Answer("On its way.", answers.PhoneCodeSent, {"sent": ("已发送", examples.CODE_SENT)})},
        body=bodies.PhoneCodeBody,
        refuses=("phone_invalid", "code_too_soon", "too_many_requests", "sender_unavailable"),
        signed_in=False,
        writes=True,
    ),
    Call(
        "POST",
        "/api/v1/sessions",
        "signIn",
        "account",
        "登录 · Sign in",
        "Opens a session of thirty days. The reporter is made at the first time. The token stands in the answer, "
        "and in a cookie for the page.",
        {
            201: Answer(
                "Signed in.",
                answers.SessionOpened,
                {"opened": ("已登录", examples.SESSION)},
                headers=("Set-Cookie",),
            )
        },
        body=bodies.SessionBody,
        refuses=("phone_invalid", "code_wrong", "too_many_requests", "wechat_unavailable"),
        signed_in=False,
        writes=True,
    ),
    Call(
        "DELETE",
        "/api/v1/sessions/current",
        "signOut",
        "account",
        "退出登录 · Sign out",
        "Revokes the session that asks. Its sockets close with 4401.",
        {204: Answer("Signed out.", headers=("Set-Cookie",))},
        writes=True,
    ),
    Call(
        "GET",
        "/api/v1/me",
        "showMe",
        "account",
        "本人信息 · Oneself",
        "The reporter of this session.",
        {200: Answer("The reporter.", answers.Reporter, {"me": ("报警人", examples.REPORTER)})},
    ),
    Call(
        "PATCH",
        "/api/v1/me",
        "setPreferences",
        "account",
        "修改本人信息 · Say something of oneself",
        "What is left out stays as it is.",
        {200: Answer("The reporter.", answers.Reporter, {"me": ("报警人", examples.REPORTER)})},
        body=bodies.MeBody,
        writes=True,
    ),
    Call(
        "PUT",
        "/api/v1/me/identity",
        "verifyIdentity",
        "account",
        "实名认证 · Verify the identity",
        "Asked for before the second report (a setting). Neither name nor number is ever shown again.",
        {200: Answer("Verified.", answers.IdentityVerified, {"verified": ("已实名", examples.VERIFIED)})},
        body=bodies.IdentityBody,
        refuses=("identity_rejected", "too_many_requests", "verifier_unavailable"),
        writes=True,
    ),
)

REPORTS: Final = (
    Call(
        "GET",
        "/api/v1/desks/nearest",
        "showNearestDesk",
        "reports",
        "所属报警台 · The desk for a position",
        "How the desk stands that a report from here would go to. Outside of the jurisdiction the refusal says "
        "whom to call there.",
        {200: Answer("The desk.", answers.NearestDesk, {"xihu": ("西湖区", examples.NEAREST)})},
        refuses=("field_invalid", "position_invalid", "outside_jurisdiction", "no_desk_open"),
        parameters=("lat", "lon", "crs", "accuracy_m"),
        signed_in=False,
        statuses={"outside_jurisdiction": 404},
    ),
    Call(
        "POST",
        "/api/v1/reports",
        "fileReport",
        "reports",
        "报警 · File a report",
        "201 means stored, with the disk synced; it does not mean received. Media follow on their own. After a "
        "lost answer, send the same body with the same key again: it is filed once. Every refusal says whom to "
        "call instead.",
        {
            201: _report("Filed (已提交).", "filed", examples.FILED),
            200: _report("The same key again: the same report, as it is now.", "again", examples.RECEIVED),
        },
        body=bodies.ReportBody,
        refuses=(
            "idempotency_key_required",
            "idempotency_key_invalid",
            "idempotency_conflict",
            "identity_required",
            "place_required",
            "outside_jurisdiction",
            "no_desk_open",
            "too_many_requests",
            "position_invalid",
            "text_too_long",
        ),
        parameters=("Idempotency-Key",),
        writes=True,
        files_a_report=True,
    ),
    Call(
        "GET",
        "/api/v1/reports",
        "showMyReports",
        "reports",
        "我的报警记录 · My reports",
        "Newest first, twenty at a time.",
        {200: Answer("A page of them.", answers.ReportPage, {"page": ("我的报警记录", examples.PAGE)})},
        refuses=("cursor_invalid",),
        parameters=("cursor",),
    ),
    Call(
        "GET",
        "/api/v1/reports/{id}",
        "showReport",
        "reports",
        "警情 · A report",
        "The same truth that the socket tells, for who has none.",
        {200: _report("The report.", "received", examples.RECEIVED)},
        refuses=("report_unknown",),
    ),
    Call(
        "POST",
        "/api/v1/reports/{id}/messages",
        "sendMessage",
        "reports",
        "发送消息 · Say something",
        "A line to the desk, until the report is closed.",
        {
            201: Answer("Stored.", answers.Message, {"said": ("已发送", examples.SAID)}),
            200: Answer("The same `client_id` again: the same message.", answers.Message),
        },
        body=bodies.MessageBody,
        refuses=("report_unknown", "report_closed", "text_too_long", "too_many_requests"),
        writes=True,
    ),
    Call(
        "POST",
        "/api/v1/reports/{id}/locations",
        "shareLocation",
        "reports",
        "更新位置 · Share a position",
        "Added to the report's trail; the position that was filed stays.",
        {204: Answer("Stored.")},
        body=bodies.LocationBody,
        refuses=("report_unknown", "report_closed", "position_invalid", "too_many_requests"),
        writes=True,
    ),
    Call(
        "POST",
        "/api/v1/reports/{id}/withdrawal",
        "withdrawReport",
        "reports",
        "撤回报警 · Withdraw a report",
        "The desk still sees it. Twice is once.",
        {200: _report("The report, withdrawn.", "withdrawn", examples.WITHDRAWN)},
        body=bodies.WithdrawalBody,
        refuses=("report_unknown", "report_closed"),
        writes=True,
    ),
)

OPEN: Final = (
    Call(
        "GET",
        "/.well-known/jwks.json",
        "showReceiptKeys",
        "documents",
        "回执公钥 · Keys of receipts",
        "The public keys (RFC 7517) that receipts verify with, years later and without us.",
        {200: Answer("The keys.", Jwks, {"keys": ("公钥", examples.KEYS)})},
        signed_in=False,
        stored=False,
    ),
    Call(
        "GET",
        "/api/v1/openapi.json",
        "showOpenApi",
        "documents",
        "HTTP 接口文档 · This document",
        "OpenAPI 3.1.",
        {200: Answer("The document.", media_type=JSON_TYPE)},
        signed_in=False,
        stored=False,
    ),
    Call(
        "GET",
        "/api/v1/asyncapi.json",
        "showAsyncApi",
        "documents",
        "WebSocket 接口文档 · The socket's document",
        "AsyncAPI 3.0, for `/api/v1/live`.",
        {200: Answer("The document.", media_type=JSON_TYPE)},
        signed_in=False,
        stored=False,
    ),
)
