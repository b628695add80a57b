"""What somebody who reached Redis could ring, of which nothing may come."""

from uuid import uuid4

import orjson

from tests.places import Place, places


def channels(place: Place) -> list[str | bytes]:
    """The desk's own channel, another's, and some that nobody has."""
    other = next(at for at in places() if at.desk != place.desk)
    made_up = ["desk:", "desk:*", "desk:999999", "desk:desk:330106", "desk:" + "9" * 5000, "desk:33 0106\r\n"]
    return [f"desk:{place.desk}", f"desk:{other.desk}", *made_up, b"desk:\xff\xfe\x00"]


def bodies(report: str) -> list[bytes]:
    """What nobody would ring: no JSON, other JSON, and lies about a report that is real and one that is not."""
    seqs: list[object] = [
        0,
        -1,
        1,
        2**31,
        2**53,
        2**63,
        2**64 - 1,
        1.5,
        "7",
        "x",
        None,
        True,
        [],
        {},
        "9" * 6000,
    ]
    kinds: list[object] = ["ReportReceived", "ReportFiled", "screens", "", None, 5, [], "x" * 5000]
    lies: list[dict[str, object]] = [{"seq": seq, "kind": "ReportReceived", "report": report} for seq in seqs]
    lies += [{"seq": 2**40, "kind": kind, "report": str(uuid4())} for kind in kinds]
    lies += [{"kind": "ReportReceived"}, {"seq": 9}, {"screens": 1}]
    other = [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"null",
        b"1",
        b'"x"',
        b"[]",
        b"[[1]]",
        b"{}",
        b"{",
        b"[" * 5000,
        b"x" * 200_000,
    ]
    return [
        *other,
        b'{"seq":1e999,"kind":"x"}',
        b'{"seq":NaN,"kind":"x"}',
        *(orjson.dumps(lie) for lie in lies),
    ]
