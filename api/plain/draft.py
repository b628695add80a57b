"""What somebody has written into the report form: read from a form, kept through other forms, made a report of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self
from uuid import UUID, uuid4

from api.bodies import ReportBody
from api.fields import PLACE_LIMIT
from api.plain.forms import as_body
from dispatch.desks import CITIES, COUNTIES, DESKS, PROVINCE, city_of
from dispatch.errors import Refused
from dispatch.jurisdiction import OutsideJurisdiction
from dispatch.tongues import in_chinese
from dispatch.words import Words

# What can be chosen besides an area.
UNKNOWN: Final = "unknown"
OUTSIDE: Final = "outside"
# The area's own name goes before the words.
WORDS_LIMIT: Final = PLACE_LIMIT - 60


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of the form as they were typed; whatever is wrong in them is said when a report is made of them."""

    key: str
    text: str = ""
    category: str = ""
    area: str = ""
    place: str = ""
    impaired: bool = False

    @classmethod
    def blank(cls) -> Self:
        """An empty form, with a key of its own: sent twice it is one report."""
        return cls(key=str(uuid4()))

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self | None:
        """What a form brings; None for a form that carries no draft."""
        if not form.get("key"):
            return None
        return cls(
            key=form["key"],
            # Browsers send line ends as CRLF; what went through another form must be the same report.
            text=_lines(form.get("text", "")),
            category=form.get("category", ""),
            area=form.get("area", ""),
            place=_lines(form.get("place", "")),
            impaired=form.get("impaired") == "on",
        )

    def anew(self) -> Self:
        """The same words under another key: another report."""
        return replace(self, key=str(uuid4()))

    def idempotency_key(self) -> UUID:
        """Raises Refused `idempotency_key_invalid`."""
        try:
            return UUID(self.key)
        except ValueError:
            raise Refused("idempotency_key_invalid") from None

    def body(self, words: Words) -> ReportBody:
        """The report. Raises Refused: `outside_jurisdiction`, `place_required`, `text_too_long`, `field_invalid`."""
        if self.area == OUTSIDE:
            raise OutsideJurisdiction("land")
        if len(self.place) > WORDS_LIMIT:
            raise Refused("field_invalid", fields=[words("citizen.plain.place_long", n=WORDS_LIMIT)])
        known = {"kind": "quick", "text": self.text, "place_text": self._place_text(words)}
        if self.category:
            known["category"] = self.category
        if self.area and self.area != UNKNOWN:
            known["area"] = self.area
        return as_body(ReportBody, known)

    def _place_text(self, words: Words) -> str:
        """As the page's picker says it: the area by its names, then the words."""
        before = ""
        if self.area == UNKNOWN:
            before = words("citizen.finder.unknown")
        elif self.area in DESKS and self.area != PROVINCE:
            names = [DESKS[code].name_zh for code in dict.fromkeys((city_of(self.area), self.area))]
            before = "".join(names)
        return f"{before} {self.place.strip()}".strip()


def areas(words: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the form offers: each city's name with its counties, the city itself first, as code and name."""
    offered = []
    for city in CITIES:
        inside = [(code, name_of(code, words)) for code in COUNTIES if city_of(code) == city]
        whole = words("citizen.plain.somewhere_in", area=name_of(city, words))
        offered.append((name_of(city, words), [(city, whole), *inside]))
    return offered


def name_of(code: str, words: Words) -> str:
    """An area in the language; who reads no Chinese sees both names, for the desk reads the Chinese one."""
    desk = DESKS[code]
    return desk.name_zh if in_chinese(words.language) else f"{desk.name_en} {desk.name_zh}"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
