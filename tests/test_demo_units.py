"""In a demo every desk has example units inside its own area; what somebody has changed is left alone."""

from sqlmodel import Session

from dispatch import demo_units, units
from dispatch.boundaries import read
from dispatch.database import Database
from dispatch.desks import DESKS
from dispatch.jurisdiction import Jurisdiction
from dispatch.models import TABLES
from dispatch.settings import CHECKOUT
from tests.domain import DESK

BUILT = CHECKOUT / "var" / "boundaries.npz"


def test_every_desk_has_units_around_its_middle_with_officers_in_them(database: Database) -> None:
    jurisdiction = Jurisdiction.load(BUILT)
    with database.read() as session:
        found = {desk: units.at_desk(session, desk) for desk in DESKS}
    assert {len(of_desk) for of_desk in found.values()} == {5}
    assert all(unit.free and unit.officers and unit.known for of_desk in found.values() for unit in of_desk)
    assert [unit.call_sign for unit in found[DESK]] == [f"西湖{n}" for n in (100, 101, 102, 201, 301)]
    for desk, (station, *_) in found.items():
        assert station.known is not None
        county = jurisdiction.place(*station.known.place).county
        assert county.startswith(desk.removesuffix("00") if desk != "330000" else "33"), desk


def test_a_desk_that_has_had_a_unit_gets_none_again(database: Database) -> None:
    unit = TABLES["unit"]
    with Session(database.writing) as session:
        session.connection().execute(unit.update().where(unit.c.desk == DESK).values(removed_at=unit.c.at))
        session.commit()
    demo_units.set_up(database, read(BUILT))
    with database.read() as session:
        assert units.at_desk(session, DESK) == ()
        assert len(units.at_desk(session, "330102")) == 5
