"""A mutator without a compiler: seeds are cut, joined, doubled, and sprinkled with what parsers stumble over."""

import random
from collections.abc import Iterator, Sequence

LONGEST = 8192
STUMBLES = (
    *(
        b"\0",
        b"\xff",
        b"\x80",
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b" ",
        b'"',
        b"\\",
        b"'",
        b",",
        b";",
        b"=",
        b":",
        b"%",
    ),
    *(
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"-1",
        b"0",
        b"1e999",
        b"NaN",
        b"18446744073709551616",
        b"9" * 400,
        b"\\ud800",
    ),
    *(b"[" * 300, b'{"a":' * 300, b"--", b"==", b"../", b"%00", b"%c3%28", b"\xc3\x28", b"\xed\xa0\x80"),
    *(
        x.encode()
        for x in ("é", "\u202e", "\u200b", "\ufeff", "１２３", "٣", "𝟙", "İ", "\U0010ffff", "\u2028")
    ),
)


def mutations(seeds: Sequence[bytes], chance: random.Random) -> Iterator[bytes]:
    """The seeds, then without end what comes of them."""
    yield from seeds
    while True:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            chance.choice(_WAYS)(data, seeds, chance)
        yield bytes(data[:LONGEST])


def _flip(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _insert(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice(STUMBLES)


def _replace(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    at, length = chance.randint(0, len(data)), chance.choice((1, 2, 4, 8, 16))
    data[at : at + length] = chance.choice(STUMBLES)


def _cut(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    del data[at : at + chance.choice((1, 2, 4, 16, len(data)))]


def _double(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    piece = data[at : at + chance.choice((1, 4, 32))]
    data[at:at] = piece * chance.choice((1, 2, 50))


def _join(data: bytearray, seeds: Sequence[bytes], chance: random.Random) -> None:
    other = chance.choice(seeds)
    at = chance.randint(0, len(other))
    data[chance.randint(0, len(data)) :] = other[at:]


def _value(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    """Another value behind a colon or an equals sign."""
    marks = [at for at, byte in enumerate(data) if byte in b":="]
    if marks:
        at = chance.choice(marks) + 1
        end = min(
            (found for stop in b",}&;\n" if (found := data.find(bytes([stop]), at)) >= 0), default=len(data)
        )
        data[at:end] = chance.choice(STUMBLES)


_WAYS = (_flip, _insert, _replace, _cut, _double, _join, _value)
