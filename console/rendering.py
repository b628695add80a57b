"""What the console sends to a browser: pages, cards, frames and ticks, as text.

A card is the same bytes on the first page, in a push and in an answer, and to every socket of a desk in one
language. So it holds nothing of one person or page; the page itself compares numbers to know what is its own.

Frames on `/console/live` are htmx partials. The first moves the page's cursor, the second holds the cards and is
placed by `static/console/cards.js` (swap style `card` for changes, `queue` for a whole snapshot).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal

import orjson
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from console import attachments, entries, measures
from console.conversation import delivered, moments, unanswered
from console.questions import ready_questions
from dispatch.clock import iso, now
from dispatch.jurisdiction import name_of_area
from dispatch.logs import place_of
from dispatch.settings import CHECKOUT
from dispatch.states import Place, ReportState
from dispatch.words import Words, in_chinese, others

log = structlog.get_logger()

# China has one time zone and no daylight saving.
BEIJING = timezone(timedelta(hours=8))

# Seconds of waiting at which a card's time changes its look (look.md; NENA-STA-020: 15 s and 20 s).
LATE_S = (15, 20, 60)

# What stands on a card's second line: a few more than fit, so that the browser makes the ellipsis.
FIRST_WORDS = 90

SignInError = Literal["wrong", "totp", "too_many", "expired", "page_expired"]


@dataclass(frozen=True, slots=True)
class _Language:
    """The templates of one language, compiled once."""

    words: Words
    card: Template
    bare_card: Template
    left_card: Template
    report: Template
    desk: Template
    sign_in: Template
    notice: Template
    problem: Template


class Rendering:
    """Renders the console's templates; safe to share between threads."""

    def __init__(
        self,
        templates: Path = CHECKOUT / "templates",
        words: Callable[[str], Words] = Words.of,
        *,
        reload: bool = False,
    ) -> None:
        """`reload` looks for changed templates at each rendering: for those who write them only."""
        self._templates = templates
        self._words = words
        self._reload = reload
        self._languages: dict[str, _Language] = {}

    def sign_in(
        self,
        language: str,
        *,
        csrf_token: str,
        number: str = "",
        asks_totp: bool = False,
        error: SignInError | None = None,
        minutes: int = 0,
        demo_number: str | None = None,
    ) -> str:
        """The sign-in page; `error` is said as a sentence, `minutes` belong to `too_many`."""
        return self._of(language).sign_in.render(
            csrf_token=csrf_token,
            number=number,
            asks_totp=asks_totp,
            error=error,
            minutes=minutes,
            demo_number=demo_number,
        )

    def desk(
        self,
        language: str,
        *,
        adcode: str,
        name: str,
        dispatcher: str,
        csrf_token: str,
        cursor: str,
        reports: Sequence[ReportState],
        colleagues: Sequence[str] = (),
        late_s: Sequence[int] = LATE_S,
        at: datetime | None = None,
    ) -> str:
        """The desk's page. `reports` are its open ones in the order they shall stand, as of `cursor`
        (`epoch:seq`); `colleagues` are the numbers of those on duty; `at` is the server's time."""
        template = self._of(language)
        return template.desk.render(
            adcode=adcode,
            name=name,
            dispatcher=dispatcher,
            csrf_token=csrf_token,
            cursor=cursor,
            waiting=self._cards((r for r in reports if r.status == "filed"), language),
            taken=self._cards((r for r in reports if r.status != "filed"), language),
            colleagues=colleagues,
            late_s=late_s,
            at=at or now(),
            script_words=_script_words(template.words),
        )

    def card(self, report: ReportState, language: str) -> str:
        """One report as it stands in the queue.

        One that cannot be shown stands there by its number and can be received: one report must not hide the
        others, nor be hidden itself.
        """
        of = self._of(language)
        try:
            return of.card.render(report=report)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            log.error("card_failed", report=str(report.id), error=type(error).__name__, where=place_of(error))
            return of.bare_card.render(report=report)

    def card_at(self, desk: str, report: ReportState, language: str) -> str:
        """The report as it stands in this desk's queue; once the desk has nothing to do with it any more, what
        takes it out of the queue there, with who has it now."""
        if report.concerns(desk):
            return self.card(report, language)
        return self._of(language).left_card.render(report=report)

    def report(self, report: ReportState, language: str) -> str:
        """The report in hand: conversation, media, facts. Answers `GET /console/reports/{id}` and a sent reply."""
        template = self._of(language)
        questions = ready_questions(report, template.words, self._words)
        return template.report.render(report=report, moments=moments(report), questions=questions)

    def frame(self, cursor: str, cards: Iterable[str]) -> str:
        """Changes for the sockets: the cursor (`epoch:seq`) after them, and the cards of what changed."""
        return _cursor(cursor) + _partial("card", "".join(cards))

    def snapshot(self, cursor: str, reports: Iterable[ReportState], language: str) -> str:
        """All that the queue holds as of `cursor`; answers `GET /console/queue` too."""
        return _cursor(cursor) + _partial("queue", self._cards(reports, language))

    def tick(self, *, at: datetime, seq: int, waiting: int, dispatchers: Sequence[str]) -> str:
        """The word of life once a second: `seq` is the head that the socket's frames have reached or will."""
        return orjson.dumps(
            {"type": "tick", "at": iso(at), "seq": seq, "waiting": waiting, "dispatchers": list(dispatchers)}
        ).decode()

    def accepted(self, report: ReportState, language: str) -> str:
        """The answer to the dispatcher who received the report (200)."""
        return _partial("card", self.card(report, language))

    def lost(self, desk: str, report: ReportState, language: str) -> str:
        """The answer to a dispatcher of `desk` who came second (409): the card as it is now, and who was first."""
        return _partial("card", self.card_at(desk, report, language)) + self.notice(language, report=report)

    def notice(self, language: str, *, report: ReportState | None = None, sentence: str = "") -> str:
        """A line for the page's live region: who was first with `report`, or why something was refused."""
        return self._of(language).notice.render(report=report, sentence=sentence)

    def problem(self, language: str, *, sentence: str, csrf_token: str = "") -> str:
        """A whole page for a person who cannot have the one asked for; with a token, it offers to sign out."""
        return self._of(language).problem.render(sentence=sentence, csrf_token=csrf_token)

    def _cards(self, reports: Iterable[ReportState], language: str) -> Markup:
        # Markup, because the template has escaped what reporters wrote.
        return Markup("").join(Markup(self.card(report, language)) for report in reports)  # noqa: S704

    def _of(self, language: str) -> _Language:
        if language not in self._languages:
            self._languages[language] = self._compile(self._words(language))
        return self._languages[language]

    def _compile(self, words: Words) -> _Language:
        environment = Environment(
            loader=FileSystemLoader(self._templates),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=self._reload,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(
            t=words,
            language=words.language,
            in_chinese=in_chinese,
            languages=others(words.language),
            icon=icon,
            iso=iso,
            term=_term(words),
        )
        environment.filters.update(
            beijing=beijing,
            beijing_day=beijing_day,
            first_words=first_words,
            degrees=degrees,
            size=measures.size_in(words),
            metres=measures.metres_in(words),
            distance=measures.distance_in(words),
            length_of=attachments.length,
            wave=attachments.wave,
            area_name=lambda adcode: name_of_area(adcode, words.language),
        )
        environment.globals.update(
            tally=attachments.tally_in(words), refusal=attachments.refusal_in(words), taken=attachments.taken
        )
        environment.globals.update(unanswered=unanswered, delivered=delivered, now=now)
        environment.globals.update(entry_facts=entries.facts_in(words), loss_of=entries.loss_in(words))
        environment.filters.update(spaced=entries.spaced)
        return _Language(
            words,
            card=environment.get_template("console/card.html"),
            bare_card=environment.get_template("console/bare_card.html"),
            left_card=environment.get_template("console/left_card.html"),
            report=environment.get_template("console/report.html"),
            desk=environment.get_template("console/desk.html"),
            sign_in=environment.get_template("console/sign_in.html"),
            notice=environment.get_template("console/notice.html"),
            problem=environment.get_template("console/problem.html"),
        )


def beijing(moment: datetime) -> str:
    """The time of day in China: `18:00:05`."""
    return moment.astimezone(BEIJING).strftime("%H:%M:%S")


def beijing_day(moment: datetime) -> str:
    """Day and time in China: `2026-11-23 18:00:05`."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def first_words(text: str) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[: FIRST_WORDS * 2].split())[:FIRST_WORDS]


def degrees(place: Place, decimals: int = 6) -> str:
    """WGS-84 latitude and longitude; six decimals are a decimetre, four some ten metres."""
    return f"{place.lat:.{decimals}f}, {place.lon:.{decimals}f}"


@cache
def icon(name: str) -> Markup:
    """An icon of the sprite. Silent to a screen reader: words stand beside it."""
    return Markup(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="/static/vendor/icons.svg#{}"></use></svg>'
    ).format(name)


def _term(words: Words) -> Callable[[str, object], str]:
    def term(group: str, code: object) -> str:
        kind, _, area = str(code).partition(":")
        if area and (text := words.get(f"terms.{group}.{kind}")):
            return text.replace("{area}", name_of_area(area, words.language))
        # The console's own shorter word, else the common one. A code without any is better shown than lost.
        return words.get(f"console.{group}.{code}") or words.get(f"terms.{group}.{code}") or str(code)

    return term


def _script_words(words: Words) -> dict[str, str]:
    prefix = "console.script"
    return {key.removeprefix(prefix + "."): text for key, text in words.under(prefix).items()}


def _cursor(cursor: str) -> str:
    data = Markup('<data id="cursor" value="{}"></data>').format(cursor)
    return f'<hx-partial hx-target="#cursor" hx-swap="outerHTML">{data}</hx-partial>'


def _partial(style: Literal["card", "queue"], cards: str) -> str:
    return f'<hx-partial hx-target="#queue" hx-swap="{style}">{cards}</hx-partial>'
