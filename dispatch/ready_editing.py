"""Editing what a desk has ready to say: the shift leader adds, changes, removes, brings back and orders.

Every function runs as a command of the writer. The province's rows are never changed here: a desk that wants one
otherwise gets its own in its place. Each change is an event of the desk's log, with digests of the words only.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import READY_WORDS_CHANGED, lock_log, record
from dispatch.ids import new_id
from dispatch.ready import KEYS, TABLE, Kind, ReadyWords, at_desk, in_order
from dispatch.ready_words import STEP, row_of

MOST: Final = 120  # of a kind at one desk
Way = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a shift leader has written, checked by the form: lengths, languages, known category."""

    category: str | None
    text_zh: str
    text_en: str
    covert: bool
    answers_zh: tuple[str, ...] = ()
    answers_en: tuple[str, ...] = ()
    key: str | None = None
    topic: str = "scene"


@dataclass(frozen=True, slots=True)
class Editor:
    """Who edits, and at which desk."""

    desk: str
    dispatcher: str


def add(session: Session, editor: Editor, kind: Kind, draft: Draft) -> UUID:
    """One more, at the end of its category.

    Raises Refused: `ready_too_many`, `ready_key_taken`.
    """
    standing = _standing(session, editor, kind)
    if len(standing) >= MOST:
        raise Refused("ready_too_many", limit=MOST)
    _check_key(standing, draft, None)
    last = max((each.place for each in standing), default=0)
    words = ReadyWords(
        id=new_id(),
        name=None,
        category=draft.category,
        text_zh=draft.text_zh,
        text_en=draft.text_en,
        covert=draft.covert,
        place=last + STEP,
        answers_zh=draft.answers_zh,
        answers_en=draft.answers_en,
        key=draft.key,
        topic=draft.topic,
    )
    _write(session, editor, kind, words)
    _tell(session, editor, kind, "added", words)
    return words.id


def change(session: Session, editor: Editor, kind: Kind, id_: UUID, draft: Draft) -> UUID:
    """Other words, category or key for one that stands; gives the identifier that it has from now on.

    Raises Refused: `ready_unknown`, `ready_key_taken`.
    """
    standing = _standing(session, editor, kind)
    before = _one(standing, id_)
    _check_key(standing, draft, before.id)
    words = replace(
        before,
        category=draft.category,
        text_zh=draft.text_zh,
        text_en=draft.text_en,
        covert=draft.covert,
        answers_zh=draft.answers_zh,
        answers_en=draft.answers_en,
        key=draft.key,
        topic=draft.topic,
    )
    if words == before:
        return before.id
    if _said(words) != _said(before):
        words = replace(words, name=None)
    words = _put(session, editor, kind, words)
    _tell(session, editor, kind, "changed", words)
    return words.id


def remove(session: Session, editor: Editor, kind: Kind, id_: UUID) -> None:
    """It is ready no more; it can be brought back. Raises Refused `ready_unknown`."""
    words = _put(session, editor, kind, _one(_standing(session, editor, kind), id_), removed=True)
    _tell(session, editor, kind, "removed", words)


def bring_back(session: Session, editor: Editor, kind: Kind, id_: UUID) -> None:
    """One that the desk has removed stands again; without its key where another has that by now.

    Raises Refused `ready_unknown`.
    """
    lock_log(session, editor.desk)
    ready = at_desk(session, editor.desk)
    words = _one(ready.removed[kind], id_)
    if words.key and _has_key(ready.of(kind), words.key, words.category, words.id):
        words = replace(words, key=None)
    _tell(session, editor, kind, "restored", _put(session, editor, kind, words))


def move(session: Session, editor: Editor, kind: Kind, id_: UUID, way: Way) -> None:
    """One place up or down among those of its category; at the end of them nothing happens.

    Raises Refused `ready_unknown`.
    """
    standing = _standing(session, editor, kind)
    words = _one(standing, id_)
    among = in_order(standing, words.category)
    at = among.index(words)
    to = at + (1 if way == "down" else -1)
    if not 0 <= to < len(among):
        return
    places = sorted(each.place for each in among)
    # Two that have one place would never change theirs.
    places = [place + n for n, place in enumerate(places)] if len(set(places)) < len(places) else places
    among[at], among[to] = among[to], among[at]
    for each, place in zip(among, places, strict=True):
        if each.place != place:
            _put(session, editor, kind, replace(each, place=place))
    _tell(session, editor, kind, "moved", words)


def _standing(session: Session, editor: Editor, kind: Kind) -> Sequence[ReadyWords]:
    """What stands, and stands still until this is done: two leaders take turns."""
    lock_log(session, editor.desk)
    return at_desk(session, editor.desk).of(kind)


def _one(words: Sequence[ReadyWords], id_: UUID) -> ReadyWords:
    found = next((each for each in words if each.id == id_), None)
    if found is None:
        raise Refused("ready_unknown")
    return found


def _check_key(standing: Sequence[ReadyWords], draft: Draft, but: UUID | None) -> None:
    if draft.key is None:
        return
    if draft.key not in KEYS:
        raise Refused("field_invalid", fields=["key"])
    if _has_key(standing, draft.key, draft.category, but):
        raise Refused("ready_key_taken")


def _has_key(standing: Sequence[ReadyWords], key: str, category: str | None, but: UUID | None) -> bool:
    """Whether another that can stand beside it is asked by this key."""
    return any(
        each.key == key
        and each.id != but
        and (None in {each.category, category} or each.category == category)
        for each in standing
    )


def _said(words: ReadyWords) -> tuple[Any, ...]:
    return words.text_zh, words.text_en, words.answers_zh, words.answers_en


def _put(
    session: Session, editor: Editor, kind: Kind, words: ReadyWords, *, removed: bool = False
) -> ReadyWords:
    """Write these words over the desk's own row, or as its own in place of the province's."""
    if not words.own:
        own = replace(words, id=new_id(), own=True)
        _write(session, editor, kind, own, replaces=words.id, removed=removed)
        return own
    table = TABLE[kind]
    row = row_of(kind, words, desk=editor.desk, at=now())
    row |= {"dispatcher": editor.dispatcher, "removed_at": now() if removed else None}
    del row["id"], row["replaces"]
    session.connection().execute(
        update(table).where(table.c.id == words.id, table.c.desk == editor.desk).values(**row)
    )
    return words


def _write(
    session: Session,
    editor: Editor,
    kind: Kind,
    words: ReadyWords,
    *,
    replaces: UUID | None = None,
    removed: bool = False,
) -> None:
    row = row_of(kind, words, desk=editor.desk, at=now())
    row |= {
        "dispatcher": editor.dispatcher,
        "replaces": replaces,
        "removed_at": now() if removed else None,
    }
    session.connection().execute(insert(TABLE[kind]), row)


def _tell(session: Session, editor: Editor, kind: Kind, deed: str, words: ReadyWords) -> None:
    digest = hashlib.sha256("\0".join(map(str, _said(words))).encode()).hexdigest()
    data = {"kind": kind, "id": str(words.id), "deed": deed, "sha256": digest}
    record(session, editor.desk, READY_WORDS_CHANGED, actor=f"dispatcher:{editor.dispatcher}", data=data)
