"""Reporters and dispatchers put straight into the database: a benchmark has no patience for sign-in."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.ids import new_id
from dispatch.keys import KeyPaths
from dispatch.models import TABLES
from dispatch.phones import mask
from dispatch.reporters import new_token, token_digest

DISPATCHERS = ("33010601", "33010602", "33010603", "33010690")
LIVES = timedelta(hours=3)

_phones = itertools.count()


def add_reporters(database: Database, keys: KeyPaths, count: int) -> list[str]:
    """So many reporters with a verified identity and a session each; the sessions' tokens."""
    cipher, at = FieldCipher.load(keys), now()
    reporters, sessions, tokens = [], [], []
    for _ in range(count):
        reporter, phone, token = new_id(), f"+86139{next(_phones):08d}", new_token()
        tokens.append(token)
        reporters.append(_reporter(cipher, reporter, phone) | {"verified_at": at, "made_at": at})
        sessions.append(
            {
                "token_digest": token_digest(token),
                "reporter": reporter,
                "made_at": at,
                "expires_at": at + LIVES,
            }
        )
    with Session(database.writing) as session:
        session.connection().execute(insert(TABLES["reporter"]), reporters)
        session.connection().execute(insert(TABLES["reporter_session"]), sessions)
        session.commit()
    return tokens


def _reporter(cipher: FieldCipher, id_: UUID, phone: str) -> dict[str, object]:
    return {
        "id": id_,
        "phone": cipher.seal("reporter", "phone", id_, phone),
        "phone_index": cipher.index("phone", phone),
        "phone_masked": mask(phone),
        "identity": "verified",
        "name": cipher.seal("reporter", "name", id_, "张三"),
        "name_masked": "张*",
        "hearing_speech_impaired": False,
        "language": "zh-CN",
        "reports": 1,
        "invalid_reports": 0,
    }


def add_consoles(
    database: Database, count: int, dispatchers: Sequence[str] = DISPATCHERS
) -> list[tuple[str, str]]:
    """So many sessions of these dispatchers in turn; token and CSRF token of each."""
    at = now()
    found = [(new_token(), new_token()) for _ in range(count)]
    rows = [
        {
            "token_digest": token_digest(token),
            "dispatcher": dispatchers[number % len(dispatchers)],
            "csrf": csrf,
            "made_at": at,
            "expires_at": at + LIVES,
        }
        for number, (token, csrf) in enumerate(found)
    ]
    with Session(database.writing) as session:
        session.connection().execute(insert(TABLES["console_session"]), rows)
        session.commit()
    return found


def close_reports(database: Database) -> None:
    """Every report is closed: the next round finds an empty queue."""
    report = TABLES["report"]
    with Session(database.writing) as session:
        session.connection().execute(
            update(report).where(report.c.status != "closed").values(status="closed")
        )
        session.commit()
