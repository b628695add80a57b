"""Accounts at a console: made, changed, disabled, enabled, given another password or a second factor. Each act is an
event.

One account has one role, and of the accounts of one person (`holder`) no two have different ones of shift leader,
auditor and administrator: nobody leads a shift, looks after it and administers it at once. Nobody administers their own
account, and the last administrator stays. Functions that change something run as commands of the writer; passwords come
to them hashed.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyotp
from sqlalchemy import ColumnElement, case, delete, func, insert, or_, select, update
from sqlmodel import Session

from dispatch import recovery_codes, shifts
from dispatch.administration import because
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.desks import DESKS
from dispatch.dispatchers import Account, account, row_of
from dispatch.errors import Refused
from dispatch.events import (
    DISPATCHER_ADDED,
    DISPATCHER_CHANGED,
    DISPATCHER_DISABLED,
    DISPATCHER_ENABLED,
    DISPATCHER_PASSWORD_SET,
    DISPATCHER_SUBJECT_SET,
    DISPATCHER_TOTP_REMOVED,
    DISPATCHER_TOTP_SET,
    lock_log,
    record,
)
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE

DISPATCHER: Final = "dispatcher"
LEADER: Final = "shift_leader"
AUDITOR: Final = "auditor"
ADMIN: Final = "admin"
AT_A_DESK: Final = (DISPATCHER, LEADER)
ROLES: Final = (*AT_A_DESK, AUDITOR, ADMIN)
# No one has two of these.
APART: Final = (LEADER, AUDITOR, ADMIN)

NUMBER: Final = re.compile(r"[A-Za-z0-9]{1,16}")
# NIST SP 800-63B-4, 3.1.1.2: length is what counts; what it consists of is nobody's business.
SHORTEST: Final = 12
LONGEST: Final = 128
ISSUER: Final = "desk110"
LONGEST_SUBJECT: Final = 255
# How long a password holds that was made for somebody and must be changed at the first sign-in.
HANDED_OUT: Final = timedelta(hours=72)
LISTED: Final = 200

_DISPATCHER, _SESSION = TABLES["dispatcher"], TABLES["console_session"]
_PASSKEY, _CODE = TABLES["passkey"], TABLES["recovery_code"]
_HOLDER = func.coalesce(_DISPATCHER.c.holder, _DISPATCHER.c.number)
_STATES: Final[dict[str, ColumnElement[bool]]] = {
    "enabled": _DISPATCHER.c.disabled_at.is_(None),
    "disabled": _DISPATCHER.c.disabled_at.is_not(None),
    "new": _DISPATCHER.c.password_until.is_not(None),
    "one_factor": _DISPATCHER.c.totp_secret.is_(None),
}
STATES: Final = tuple(_STATES)


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as those who administer it see it."""

    number: str
    role: str
    desk: str | None
    second_factor: bool
    disabled_at: datetime | None
    holder: str = ""  # whose it is: a number, its own unless another was said
    subject: str | None = None  # as the identity provider knows them
    password_until: datetime | None = None  # of one that was made for them and is not changed yet
    passkeys: int = 0
    codes: int = 0  # recovery codes that are left

    @property
    def seen(self) -> str:
        """What whoever changes it had before their eyes, to be sent back."""
        return f"{self.role} {self.desk or '-'} {'disabled' if self.disabled_at else 'enabled'} {self.holder}"


def _counted(name: str, of: Any, *also: ColumnElement[bool]) -> ColumnElement[Any]:
    return (
        select(func.count())
        .where(of.c.dispatcher == _DISPATCHER.c.number, *also)
        .scalar_subquery()
        .label(name)
    )


_ACCOUNTS = select(
    _DISPATCHER.c.number,
    _DISPATCHER.c.role,
    _DISPATCHER.c.desk,
    case((_DISPATCHER.c.totp_secret.is_(None), False), else_=True).label("second_factor"),
    _DISPATCHER.c.disabled_at,
    _HOLDER.label("holder"),
    _DISPATCHER.c.subject,
    _DISPATCHER.c.password_until,
    _counted("passkeys", _PASSKEY),
    _counted("codes", _CODE, _CODE.c.used_at.is_(None)),
).order_by(_DISPATCHER.c.number)


def all_accounts(
    session: Session,
    desk: str | None = None,
    role: str | None = None,
    *,
    state: str | None = None,
    like: str = "",
    most: int | None = None,
) -> list[AccountState]:
    """The accounts, those of a desk, of a role or of a state (`STATES`) alone where these are named; `like`: those
    whose number or holder begins so; `most`: so many at most."""
    statement = _ACCOUNTS.limit(most)
    if desk is not None:
        statement = statement.where(_DISPATCHER.c.desk == desk)
    if role is not None:
        statement = statement.where(_DISPATCHER.c.role == role)
    if state is not None:
        statement = statement.where(_STATES[state])
    if like:
        statement = statement.where(
            or_(
                _DISPATCHER.c.number.istartswith(like, autoescape=True),
                _HOLDER.istartswith(like, autoescape=True),
            )
        )
    return [AccountState(**row._mapping) for row in session.connection().execute(statement)]


def account_state(session: Session, number: str) -> AccountState:
    """The account as it stands. Raises Refused `account_unknown`."""
    row = session.connection().execute(_ACCOUNTS.where(_DISPATCHER.c.number == number)).one_or_none()
    if row is None:
        raise Refused("account_unknown")
    return AccountState(**row._mapping)


def of_subject(session: Session, subject: str) -> Account | None:
    """Whose account names this subject of the identity provider, unless it is disabled."""
    statement = select(_DISPATCHER.c.number).where(_DISPATCHER.c.subject == subject)
    number = session.connection().execute(statement).scalar_one_or_none()
    return None if number is None else account(session, number)


def wants_two(rule: str, role: str) -> bool:
    """Whether an account of this role needs a second factor by the rule (`DESK110_SECOND_FACTOR`)."""
    return rule == "everybody" or (rule == "offices" and role in APART)


def check_new(number: str, role: str, desk: str | None) -> None:
    """Whether such an account can be. Raises Refused: `account_number_unfit`, `account_role_unknown`, `desk_unknown`,
    `account_desk_unfit`."""
    if not NUMBER.fullmatch(number):
        raise Refused("account_number_unfit")
    if role not in ROLES:
        raise Refused("account_role_unknown")
    if desk is not None and desk not in DESKS:
        raise Refused("desk_unknown", desk=desk)
    if (desk is None) is (role in AT_A_DESK):
        raise Refused("account_desk_unfit")


def check_password(number: str, password: str) -> None:
    """Whether it will do. Raises Refused `password_unfit`."""
    if not SHORTEST <= len(password) <= LONGEST or number.lower() in password.lower():
        raise Refused("password_unfit", limit=SHORTEST)


def new_password() -> str:
    """A password to be read out or written down once: 79 bits in four groups."""
    return "-".join("".join(secrets.choice(recovery_codes.LETTERS) for _ in range(4)) for _ in range(4))


def add(
    session: Session,
    number: str,
    role: str,
    desk: str | None,
    password: str,
    actor: str,
    *,
    holder: str | None = None,
    until: datetime | None = None,
    reason: str | None = None,
) -> None:
    """A new account; `password` is its hash. `holder`: whose it is, when that is not the number itself; `until`: how
    long the password holds, which then must be changed at the first sign-in.

    Raises Refused as `check_new`, and: `account_known`, `roles_apart`, `reason_required`.
    """
    check_new(number, role, desk)
    if holder is not None and not NUMBER.fullmatch(holder):
        raise Refused("account_number_unfit")
    if _found(session, number) is not None:
        raise Refused("account_known")
    _keep_apart(session, number, holder or number, role)
    row = {
        "number": number,
        "role": role,
        "desk": desk,
        "holder": holder,
        "password": password,
        "password_until": until,
        "totp_used": 0,
    }
    session.connection().execute(insert(_DISPATCHER), row)
    _record(session, DISPATCHER_ADDED, number, desk, actor, reason, role=role)


def change(
    session: Session,
    number: str,
    role: str,
    desk: str | None,
    actor: str,
    reason: str,
    seen: str | None = None,
) -> bool:
    """Another role or desk; whoever is signed in must sign in anew, and leaves nothing in hand. `seen` is how the
    account stood before the eyes of whoever acts (`AccountState.seen`): gives False, and changes nothing, when it
    stands otherwise meanwhile.

    Raises Refused as `check_new`, and: `account_unknown`, `own_account`, `last_administrator`, `roles_apart`,
    `reason_required`.
    """
    check_new(number, role, desk)
    account = _locked(session, number)
    _not_own(number, actor)
    if seen is not None and seen != account_state(session, number).seen:
        return False
    if (role, desk) == (account.role, account.desk):
        return True
    if role != ADMIN:
        _keep_one(session, account)
    if account.disabled_at is None:
        _keep_apart(session, number, account.holder or number, role)
    _leave(session, account, actor)
    _set(session, number, role=role, desk=desk)
    told = {"account": number, **because(session, actor, reason)}
    told |= {"role": f"{account.role} {role}"} if role != account.role else {}
    told |= {"desk": f"{account.desk or '-'} {desk or '-'}"} if desk != account.desk else {}
    for log in sorted({account.desk or PROVINCE, desk or PROVINCE}):
        record(session, log, DISPATCHER_CHANGED, actor=actor, data=dict(told))
    return True


def disable(session: Session, number: str, actor: str, reason: str | None = None) -> bool:
    """Nobody signs in by it any more, and whoever is signed in is not, and leaves nothing in hand; whether that is
    news.

    Raises Refused: `account_unknown`, `own_account`, `last_administrator`, `reason_required`.
    """
    account = _locked(session, number)
    _not_own(number, actor)
    if account.disabled_at is not None:
        return False
    _keep_one(session, account)
    _leave(session, account, actor)
    _set(session, number, disabled_at=now())
    _record(session, DISPATCHER_DISABLED, number, account.desk, actor, reason)
    return True


def enable(session: Session, number: str, actor: str, reason: str | None = None) -> bool:
    """It can be used again; whether that is news.

    Raises Refused: `account_unknown`, `own_account`, `roles_apart`, `reason_required`.
    """
    account = _locked(session, number)
    _not_own(number, actor)
    if account.disabled_at is None:
        return False
    _keep_apart(session, number, account.holder or number, account.role)
    _set(session, number, disabled_at=None)
    _record(session, DISPATCHER_ENABLED, number, account.desk, actor, reason)
    return True


def set_password(
    session: Session,
    number: str,
    password: str,
    actor: str,
    *,
    until: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Another password, by its hash; whoever is signed in must sign in anew. `until`: as `add` says.

    Raises Refused: `account_unknown`, `own_account` (one's own is changed by `choose_password`), `reason_required`.
    """
    account = _locked(session, number)
    _not_own(number, actor)
    _set(session, number, password=password, password_until=until)
    _end_sessions(session, number)
    _record(session, DISPATCHER_PASSWORD_SET, number, account.desk, actor, reason)


def choose_password(session: Session, number: str, password: str, session_kept: bytes) -> None:
    """Another password of one's own, by its hash; all sessions end but the one it is chosen in.

    Raises Refused `account_unknown`.
    """
    account = _locked(session, number)
    _set(session, number, password=password, password_until=None)
    _end_sessions(session, number, session_kept)
    _record(session, DISPATCHER_PASSWORD_SET, number, account.desk, f"dispatcher:{number}")


def new_secret() -> str:
    """The secret of a second factor (RFC 6238), in base32."""
    return pyotp.random_base32()


def address_of(number: str, secret: str) -> str:
    """What an authenticator reads (`otpauth://…`)."""
    return pyotp.TOTP(secret).provisioning_uri(name=number, issuer_name=ISSUER)


def offer_totp(session: Session, cipher: FieldCipher, number: str, secret: str) -> None:
    """Keep a secret that is shown to the account's owner until one of its codes confirms it.

    Raises Refused `account_unknown`.
    """
    _locked(session, number)
    sealed = cipher.seal("dispatcher", "totp_offered", row_of(number), secret)
    _set(session, number, totp_offered=sealed)


def offered_totp(session: Session, cipher: FieldCipher, number: str) -> str | None:
    """The secret that waits to be confirmed."""
    statement = select(_DISPATCHER.c.totp_offered).where(_DISPATCHER.c.number == number)
    sealed = session.connection().execute(statement).scalar_one_or_none()
    return None if sealed is None else cipher.open("dispatcher", "totp_offered", row_of(number), sealed)


def set_totp(
    session: Session, cipher: FieldCipher, number: str, secret: str, actor: str, used: int = 0
) -> None:
    """The account has a second factor from now on, in place of another if it had one. `used`: the step of the code that
    confirmed it, which opens nothing any more.

    Raises Refused `account_unknown`.
    """
    account = _locked(session, number)
    sealed = cipher.seal("dispatcher", "totp_secret", row_of(number), secret)
    _set(session, number, totp_secret=sealed, totp_offered=None, totp_used=used)
    _record(session, DISPATCHER_TOTP_SET, number, account.desk, actor)


def remove_totp(session: Session, number: str, actor: str, reason: str | None = None) -> bool:
    """The account has no second factor any more, no recovery codes and no passkeys; whoever is signed in must sign in
    anew. Whether that is news.

    Raises Refused: `account_unknown`, `own_account`, `reason_required`.
    """
    account = _locked(session, number)
    _not_own(number, actor)
    state = account_state(session, number)
    if not (state.second_factor or state.passkeys or state.codes):
        return False
    _set(session, number, totp_secret=None, totp_offered=None, totp_used=0)
    recovery_codes.forget(session, number)
    session.connection().execute(delete(_PASSKEY).where(_PASSKEY.c.dispatcher == number))
    _end_sessions(session, number)
    _record(session, DISPATCHER_TOTP_REMOVED, number, account.desk, actor, reason)
    return True


def set_subject(session: Session, number: str, subject: str | None, actor: str, reason: str) -> bool:
    """By which name the identity provider knows the account's owner; None: by none. Whether that is news.

    Raises Refused: `account_unknown`, `own_account`, `subject_taken`, `subject_unfit`, `reason_required`.
    """
    account = _locked(session, number)
    _not_own(number, actor)
    if subject is not None and not (0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()):
        raise Refused("subject_unfit")
    if subject == account.subject:
        return False
    taken = select(_DISPATCHER.c.number).where(_DISPATCHER.c.subject == subject)
    if subject is not None and session.connection().execute(taken).first() is not None:
        raise Refused("subject_taken")
    _set(session, number, subject=subject)
    _record(session, DISPATCHER_SUBJECT_SET, number, account.desk, actor, reason)
    return True


def _not_own(number: str, actor: str) -> None:
    if actor == f"dispatcher:{number}":
        raise Refused("own_account")


def _keep_one(session: Session, account: Any) -> None:
    """Somebody else can still administer. Raises Refused `last_administrator`."""
    if account.role != ADMIN or account.disabled_at is not None:
        return
    others = select(_DISPATCHER.c.number).where(
        _DISPATCHER.c.role == ADMIN,
        _DISPATCHER.c.disabled_at.is_(None),
        _DISPATCHER.c.number != account.number,
    )
    if session.connection().execute(others.limit(1)).first() is None:
        raise Refused("last_administrator")


def _keep_apart(session: Session, number: str, holder: str, role: str) -> None:
    """Of one person's accounts in use no two have different ones of the roles that nobody has two of.

    Raises Refused `roles_apart` with the other account's number.
    """
    if role not in APART:
        return
    whose = _HOLDER
    others = select(_DISPATCHER.c.number).where(
        whose == holder,
        _DISPATCHER.c.number != number,
        _DISPATCHER.c.disabled_at.is_(None),
        _DISPATCHER.c.role.in_(APART),
        _DISPATCHER.c.role != role,
    )
    if (other := session.connection().execute(others.limit(1)).scalar_one_or_none()) is not None:
        raise Refused("roles_apart", other=other)


def _leave(session: Session, account: Any, actor: str) -> None:
    """Whoever has the account is signed out, off shift, and has nothing of the desk's in hand any more."""
    _end_sessions(session, account.number)
    if account.desk is not None:
        shifts.cut(session, account.number, account.desk, actor)


def _locked(session: Session, number: str) -> Any:
    """The account; the province's log is held, so that of two who change accounts one comes after the other."""
    found = _found(session, number)
    if found is None:
        raise Refused("account_unknown")
    return found


def _found(session: Session, number: str) -> Any:
    lock_log(session, PROVINCE)
    statement = select(_DISPATCHER).where(_DISPATCHER.c.number == number)
    return session.connection().execute(statement).one_or_none()


def _set(session: Session, number: str, **values: Any) -> None:
    session.connection().execute(update(_DISPATCHER).where(_DISPATCHER.c.number == number).values(**values))


def _end_sessions(session: Session, number: str, but: bytes | None = None) -> None:
    standing: Sequence[Any] = (_SESSION.c.dispatcher == number, _SESSION.c.revoked_at.is_(None))
    if but is not None:
        standing = (*standing, _SESSION.c.token_digest != but)
    session.connection().execute(update(_SESSION).where(*standing).values(revoked_at=now()))


def _record(
    session: Session,
    kind: str,
    number: str,
    desk: str | None,
    actor: str,
    reason: str | None = None,
    **more: str,
) -> None:
    told = {} if reason is None else because(session, actor, reason)
    record(session, desk or PROVINCE, kind, actor=actor, data={"account": number, **more, **told})
