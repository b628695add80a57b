"""What a database holds before the first report: its epoch, the 102 desks, and in a demo the accounts."""

from uuid import uuid4

from sqlalchemy import insert, select
from sqlmodel import Session

from dispatch import danger_words, ready_words, retention
from dispatch.clock import now
from dispatch.database import Database, insert_or_leave
from dispatch.desks import DESKS, PROVINCE, SMS
from dispatch.dispatchers import hash_password
from dispatch.models import TABLES

DEMO_PASSWORD = "desk110-demo"  # noqa: S105 - printed at start; the start is refused where others could use it
DEMO_DISPATCHERS = ("01", "02", "03")
DEMO_SHIFT_LEADER = "90"

_DISPATCHER, _DESK = TABLES["dispatcher"], TABLES["desk"]


def set_up(database: Database, demo: bool) -> None:
    """Fill in what is missing; what stands is left as it is, so that a desk once closed stays closed."""
    with Session(database.writing) as session:
        insert_or_leave(session, TABLES["installation"], {"id": 1, "epoch": uuid4(), "made_at": now()})
        _add_desks(session, demo)
        ready_words.set_up(session)
        danger_words.seed(session)
        retention.set_up(session)
        if demo:
            _add_demo_accounts(session)
        session.commit()


def _add_desks(session: Session, demo: bool) -> None:
    known = set(session.connection().execute(select(_DESK.c.adcode)).scalars())
    # A parent stands before its children: province, cities, counties.
    for desk in sorted(DESKS.values(), key=lambda desk: (desk.adcode != PROVINCE, desk.adcode[4:] != "00")):
        if desk.adcode in known:
            continue
        session.connection().execute(
            insert(_DESK),
            {
                "adcode": desk.adcode,
                "level": desk.level,
                "parent": desk.parent,
                "name": desk.title("zh-CN"),
                "name_en": desk.title("en"),
                "open": demo,
                "sms": SMS,
            },
        )
        session.connection().execute(
            insert(TABLES["desk_head"]),
            {"desk": desk.adcode, "seq": 0, "hash": bytes(32), "numbered_on": "", "numbered": 0},
        )


def _add_demo_accounts(session: Session) -> None:
    known = set(session.connection().execute(select(_DISPATCHER.c.number)).scalars())
    accounts: list[dict[str, str | None]] = [
        {"number": f"{adcode}{suffix}", "role": role, "desk": adcode}
        for adcode in DESKS
        for suffix, role in (
            *((suffix, "dispatcher") for suffix in DEMO_DISPATCHERS),
            (DEMO_SHIFT_LEADER, "shift_leader"),
        )
    ]
    accounts += [{"number": name, "role": name, "desk": None} for name in ("auditor", "admin")]
    missing = [account for account in accounts if account["number"] not in known]
    if missing:
        # One hash for all of them: it is one password, and four hundred slow hashes would be a slow start.
        password = hash_password(DEMO_PASSWORD)
        session.connection().execute(
            insert(_DISPATCHER), [{**account, "password": password, "totp_used": 0} for account in missing]
        )
