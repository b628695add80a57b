"""Which reports may be of one event: the reasons, and that nothing is named without enough of them."""

import io
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image, ImageDraw, ImageEnhance
from sqlalchemy import insert, update
from sqlmodel import Session

from dispatch import likely
from dispatch.clock import now
from dispatch.coordinates import LatLon
from dispatch.database import Database
from dispatch.ids import new_id
from dispatch.incidents import link
from dispatch.likely import Facts, enough, reasons
from dispatch.likeness import differing_bits, photo_digest, text_likeness
from dispatch.models import TABLES
from dispatch.reading import state
from tests.domain import DESK, add_reporter, done, file, filing, writing

HERE = LatLon(30.25, 120.12)
FIRE = Facts(uuid4(), now(), "文一西路和古墩路口一辆电瓶车着火了，烟很大", HERE, 20, ())


def beside(**values: object) -> Facts:
    """Another person's report, five minutes later, 200 m away, in other words."""
    other = Facts(uuid4(), FIRE.filed_at + timedelta(minutes=5), "这边冒烟", LatLon(30.2518, 120.12), 20, ())
    return replace(other, **values)  # type: ignore[arg-type]  # fields by their names


def signs(other: Facts) -> list[str]:
    return [reason.sign for reason in reasons(FIRE, other)]


def test_near_and_soon_are_enough_and_say_how_near_and_how_soon() -> None:
    why = reasons(FIRE, beside())
    assert [(reason.sign, reason.value) for reason in why] == [("near", 200), ("soon", 300)]
    assert enough(why)


def test_one_hint_alone_is_not_enough_except_a_photo() -> None:
    far = LatLon(30.28, 120.12)
    assert not enough(reasons(FIRE, beside(at=far)))
    assert not enough(reasons(FIRE, beside(filed_at=FIRE.filed_at + timedelta(minutes=90))))
    assert not enough(
        reasons(FIRE, beside(at=None, reporter=FIRE.reporter, filed_at=FIRE.filed_at + timedelta(hours=1)))
    )
    photo = bytes(8)
    one, other = replace(FIRE, photos=(photo,)), beside(at=far, photos=(b"\0" * 7 + b"\x07",))
    assert enough(reasons(one, other))


def test_the_same_words_soon_are_enough_without_a_place() -> None:
    words = "古墩路和文一西路口有辆电瓶车着火，烟很大，快来"
    assert signs(beside(at=None, text=words)) == ["text", "soon"]
    assert enough(reasons(FIRE, beside(at=None, text=words)))


def test_what_lies_too_far_apart_is_another_event_whatever_it_says() -> None:
    assert reasons(FIRE, beside(at=LatLon(30.35, 120.12), text=FIRE.text)) == ()
    # Unless the positions may be that wrong.
    assert "text" in signs(beside(at=LatLon(30.35, 120.12), text=FIRE.text, wrong_m=8_000.0))


def test_an_earlier_report_is_said_to_be_earlier() -> None:
    why = reasons(FIRE, beside(filed_at=FIRE.filed_at - timedelta(minutes=3)))
    assert ("soon", -180) in [(reason.sign, reason.value) for reason in why]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("文一路口两车相撞，有人受伤流血", "有人受伤流血，文一路口两辆车撞了", True),
        ("隔壁半夜放音乐太吵了睡不着", "我的电瓶车昨天晚上被偷了", False),
        ("two cars crashed at Wenyi Road", "Wenyi Road: two cars crashed, people hurt", True),
        ("", "文一路口两车相撞，有人受伤流血", False),
        ("救命", "救命", False),  # so short that it is alike by chance
    ],
)
def test_texts_are_alike_by_what_they_share_in_whatever_order(one: str, other: str, alike: bool) -> None:
    assert (text_likeness(one, other) >= 55) is alike
    assert text_likeness(one, other) == text_likeness(other, one)


def picture(seed: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Something with shapes in it, another one for each seed."""
    image = Image.new("RGB", size, (30 + seed * 37 % 120, 60, 90))
    draw = ImageDraw.Draw(image)
    for n in range(12):
        x, y = (seed * 131 + n * 197) % size[0], (seed * 89 + n * 151) % size[1]
        draw.ellipse(
            (x, y, x + 40 + seed * 53 * n % 200, y + 30 + seed * 29 * n % 180),
            fill=(n * 20, 255 - n * 15, seed * 40 % 255),
        )
    return image


def test_a_photo_is_known_again_after_it_was_made_smaller_darker_and_encoded_anew() -> None:
    one = picture(1)
    sent = ImageEnhance.Brightness(one.resize((320, 240))).enhance(0.8)
    coded = io.BytesIO()
    sent.save(coded, "JPEG", quality=40)
    again, other = photo_digest(Image.open(coded)), photo_digest(picture(2))
    first = photo_digest(one)
    assert first is not None
    assert again is not None
    assert other is not None
    assert differing_bits(first, again) <= likely.PHOTO_BITS
    assert differing_bits(first, other) > likely.PHOTO_BITS


def test_a_photo_of_nothing_has_no_likeness() -> None:
    assert photo_digest(Image.new("RGB", (640, 480), (9, 9, 12))) is None


# --- the database


def place(session: Session, report: UUID, lat: float, lon: float, **values: object) -> None:
    table = TABLES["report"]
    at = {
        "lat": lat,
        "lon": lon,
        "came_lat": lat,
        "came_lon": lon,
        "crs": "wgs84",
        "accuracy_m": 10,
        **values,
    }
    session.connection().execute(update(table).where(table.c.id == report).values(**at))
    session.commit()


def test_the_desks_reports_of_the_time_are_looked_through_and_what_is_linked_is_named_no_more(
    database: Database,
) -> None:
    with writing(database) as writer:
        one, near, far, old = (
            done(writer, file(filing(done(writer, add_reporter), text=text))).id
            for text in ("", "着火", "吵架", "堵车")
        )
        with Session(database.writing) as session:
            place(session, one, 30.25, 120.12)
            place(session, near, 30.2505, 120.12)
            place(session, far, 30.29, 120.12)
            place(session, old, 30.25, 120.12, filed_at=now() - timedelta(hours=3))
        with database.read() as session:
            report = state(session, one)
            assert report is not None
            found = likely.likely(session, report, DESK)
        assert [each.id for each in found] == [near]
        assert dict(found[0].why)["near"] in range(50, 62)
        done(writer, lambda session: link(session, one, near, DESK, f"{DESK}01"))
    with database.read() as session:
        report = state(session, one)
        assert report is not None
        assert likely.likely(session, report, DESK) == ()


def test_the_same_photo_names_a_report_however_far_it_is(database: Database) -> None:
    with writing(database) as writer:
        one, other = (done(writer, file(filing(done(writer, add_reporter)))).id for _ in range(2))
    likeness = photo_digest(picture(3))
    media = TABLES["media"]
    with Session(database.writing) as session:
        place(session, one, 30.25, 120.12)
        place(session, other, 30.35, 120.12)
        for report in (one, other):
            session.connection().execute(
                insert(media),
                {
                    "id": new_id(),
                    "report": report,
                    "client_id": "p",
                    "kind": "photo",
                    "filename": "a.jpg",
                    "content_type": "image/jpeg",
                    "length": 1,
                    "state": "ready",
                    "likeness": likeness,
                    "begun_at": now(),
                },
            )
        session.commit()
    with database.read() as session:
        report_ = state(session, one)
        assert report_ is not None
        found = likely.likely(session, report_, DESK)
    assert [each.id for each in found] == [other]
    assert found[0].why[0] == ("photo", 0)
