"""The calls about oneself beyond signing in: what one agrees to, one's data, closing the account."""

from typing import Final

from api import answers, bodies
from api.documents import my_examples as examples
from api.documents.call import Answer, Call
from api.documents.examples import REPORTER, VERIFIED

_CONSENT: Final = Answer("How it stands now.", answers.Consent, {"agreed": ("已同意", examples.CONSENT)})

CONSENTS: Final = (
    Call(
        "GET",
        "/api/v1/me/consents",
        "showConsents",
        "account",
        "我的同意 · What I agree to",
        "By purpose, each by itself. What a report needs stands on the law and is not among it.",
        {200: Answer("All purposes.", answers.Consents, {"all": ("各项", examples.CONSENTS)})},
    ),
    Call(
        "GET",
        "/api/v1/me/consents/{purpose}",
        "showConsent",
        "account",
        "一项同意 · One purpose",
        "How it stands with one.",
        {200: _CONSENT},
        refuses=("purpose_unknown",),
    ),
    Call(
        "PUT",
        "/api/v1/me/consents/{purpose}",
        "answerConsent",
        "account",
        "同意或撤回 · Agree, or take it back",
        "Nothing is agreed to before it was said here, and taking it back is the same call. An agreement names the "
        "edition that was read; with a new edition it counts no longer.",
        {200: _CONSENT},
        body=bodies.ConsentBody,
        refuses=("purpose_unknown", "wording_outdated", "too_many_requests"),
        writes=True,
    ),
)

MY_DATA: Final = (
    Call(
        "GET",
        "/api/v1/me/data",
        "showMyData",
        "account",
        "我的数据 · My data",
        "Everything that is held about the reporter, as one document. Each look is recorded.",
        {
            200: Answer(
                "All of it.",
                answers.MyData,
                {"all": ("全部", examples.DATA)},
                headers=("Content-Disposition",),
            )
        },
        refuses=("too_many_requests",),
        writes=True,
    ),
    Call(
        "PUT",
        "/api/v1/me/phone",
        "changePhone",
        "account",
        "更换手机号 · Change the phone",
        "The code is one that was sent to the new phone. All other sessions end. Desks with an open report are told.",
        {200: Answer("The reporter.", answers.Reporter, {"me": ("报警人", REPORTER)})},
        body=bodies.PhoneBody,
        refuses=("phone_invalid", "code_wrong", "phone_taken", "too_many_requests"),
        writes=True,
    ),
    Call(
        "POST",
        "/api/v1/me/identity/corrections",
        "correctIdentity",
        "account",
        "更正实名 · Correct the identity",
        "What stood there is put aside, not written over: reports of before are told by it, and desks with an open "
        "report are told of the change.",
        {200: Answer("Verified.", answers.IdentityVerified, {"verified": ("已实名", VERIFIED)})},
        body=bodies.IdentityBody,
        refuses=("identity_rejected", "too_many_requests", "verifier_unavailable"),
        writes=True,
    ),
    Call(
        "DELETE",
        "/api/v1/me/identity",
        "eraseIdentity",
        "account",
        "删除实名 · Erase the identity",
        "Unless a report that must still be kept is told by it. Without one so far, nothing happens.",
        {204: Answer("Erased.")},
        refuses=("identity_kept",),
        writes=True,
    ),
    Call(
        "DELETE",
        "/api/v1/sessions/others",
        "endOtherSessions",
        "account",
        "退出其他设备 · Sign out elsewhere",
        "Every session but this one ends. Their sockets close with 4401.",
        {204: Answer("They are over.")},
        writes=True,
    ),
    Call(
        "DELETE",
        "/api/v1/me",
        "closeAccount",
        "account",
        "注销账号 · Close the account",
        "Every session ends. Phone, name and number are erased, at once or as soon as no report that must be kept "
        "needs them; until then the same phone opens the same account again.",
        {
            200: Answer(
                "Closed.",
                answers.AccountClosed,
                {"closed": ("已注销", examples.CLOSED)},
                headers=("Set-Cookie",),
            )
        },
        writes=True,
    ),
)

_MARKED: Final = Answer(
    "How it stands now.",
    answers.Marked,
    {"marked": ("滋扰标记", examples.MARKED), "none": ("没有", {"mark": None})},
)

MARKS: Final = (
    Call(
        "GET",
        "/api/v1/me/mark",
        "showMark",
        "account",
        "滋扰标记 · Marked as a nuisance",
        "Whether reports of this person are handled later for a while, why (a category), and until when. Nothing of it "
        "is told as long as a report of theirs is covert or a duress word was said.",
        {200: _MARKED},
    ),
    Call(
        "POST",
        "/api/v1/me/mark/appeal",
        "appealMark",
        "account",
        "申诉 · Appeal",
        "Once a mark, in one's own words; the desk's shift leader answers. The same words again are the same.",
        {200: _MARKED},
        body=bodies.AppealBody,
        refuses=("mark_unknown", "already_appealed", "text_too_long", "too_many_requests"),
        writes=True,
    ),
)
