"""What the console sends to a browser: pages, cards, frames and ticks, as text.

A card is the same bytes on the first page, in a push and in an answer, and to every socket of a desk in one
language. So it holds nothing of one person or page; the page itself compares numbers to know what is its own.

Frames on `/console/live` are htmx partials. The first moves the page's cursor, the second holds the cards and is
placed by `static/console/cards.js` (swap style `card` for changes, `queue` for a whole snapshot).
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from pathlib import Path
from typing import Literal

import orjson
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.meta import find_referenced_templates
from markupsafe import Markup

from console import acts, attachments, entries, measures, told
from console.conversation import delivered, moments, unanswered
from console.degrees import writings
from console.kept_cards import KeptCards
from console.likeness import likeness_in
from console.plainly import plainly
from console.questions import offered
from console.spots import dot_of, outside_in, spots_in
from console.standing import rank_in, standing_in
from console.written import late_in
from dispatch.clock import iso, now
from dispatch.coordinates import LatLon
from dispatch.danger_words import Dangers
from dispatch.escalation import patience
from dispatch.floods import folds_as
from dispatch.jurisdiction import name_of_area
from dispatch.logs import place_of
from dispatch.reading import Queue
from dispatch.settings import CHECKOUT, Settings
from dispatch.states import Place, ReportState
from dispatch.surroundings import Around, Surroundings
from dispatch.tongues import in_chinese
from dispatch.turns import giving_way
from dispatch.words import DEFAULT, Words, others

log = structlog.get_logger()

# China has one time zone and no daylight saving.
BEIJING = timezone(timedelta(hours=8))

# Seconds of waiting at which a card's time changes its look, until the desk's own are known (look.md; NENA-STA-020:
# 15 s and 20 s).
LATE_S = (15, 20, 60)

# What stands on a card's second line: a few more than fit, so that the browser makes the ellipsis.
FIRST_WORDS = 90

# The first page, what is pushed, and the report in hand.
_ON_A_DESK = ("console/desk.html", "console/card.html", "console/left_card.html", "console/report.html")

SignInError = Literal["wrong", "totp", "too_many", "expired", "page_expired", "oidc"]


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
    environment: Environment


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
        # What lies around a place; a console without boundaries says nothing of it.
        self.surroundings: Surroundings | None = None
        self.tiles: Settings | None = None
        self._languages: dict[str, _Language] = {}
        self._compiling = threading.Lock()
        # The danger words, to be loaded by whoever has a session.
        self.dangers = Dangers()
        self.rank = rank_in(self.dangers)
        self._kept = KeptCards()

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
        passkeys: bool = False,
        oidc: bool = False,
    ) -> str:
        """The sign-in page; `error` is said as a sentence, `minutes` belong to `too_many`."""
        return self._of(language).sign_in.render(
            csrf_token=csrf_token,
            number=number,
            asks_totp=asks_totp,
            error=error,
            minutes=minutes,
            demo_number=demo_number,
            passkeys=passkeys,
            oidc=oidc,
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
        queue: Queue,
        colleagues: Sequence[str] = (),
        shift_since: datetime | None = None,
        late_s: Sequence[int] = LATE_S,
        leads: bool = False,
        mark_days: int = 30,
        practises: bool = False,
        at: datetime | None = None,
    ) -> str:
        """The desk's page. `queue` are its open reports, those in progress in the order they shall stand, as of
        `cursor` (`epoch:seq`); `colleagues` are the numbers of those on duty; `leads`: who looks is the shift leader;
        `mark_days`: for how long the desk marks a nuisance; `practises`: the desk does; `at` is the server's time.

        Drawing hundreds of cards takes a second: it is for a reading thread, as `snapshot` is."""
        template = self._of(language)
        waiting = sorted((report for report in queue.reports if report.waits), key=self.rank)
        others = [report for report in queue.reports if not report.waits]
        return template.desk.render(
            adcode=adcode,
            name=name,
            dispatcher=dispatcher,
            csrf_token=csrf_token,
            cursor=cursor,
            waiting=self._cards(waiting, language),
            beyond=queue.beyond,
            floods=_floods(queue),
            released=self._cards((report for report in others if report.released), language),
            taken=self._cards((report for report in others if not report.released), language),
            colleagues=colleagues,
            shift_since=shift_since,
            late_s=late_s,
            leads=leads,
            mark_days=mark_days,
            practises=practises,
            at=at or now(),
            script_words=_script_words(template.words),
        )

    def card(self, report: ReportState, language: str) -> str:
        """One report as it stands in the queue.

        One that cannot be shown stands there by its number and can be received: one report must not hide the
        others, nor be hidden itself.
        """
        of, dangers = self._of(language), self.dangers.reading
        if (kept := self._kept.find(report, language, dangers)) is not None:
            return kept
        try:
            card = of.card.render(report=report)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            log.error("card_failed", report=str(report.id), error=type(error).__name__, where=place_of(error))
            return of.bare_card.render(report=report)
        if not self._reload:
            self._kept.keep(report, language, dangers, card)
        return card

    def card_at(self, desk: str, report: ReportState, language: str) -> str:
        """The report as it stands in this desk's queue; once the desk has nothing to do with it any more, what
        takes it out of the queue there, with who has it now."""
        report = replace(report, at=desk)
        if report.concerns(desk):
            return self.card(report, language)
        return self._of(language).left_card.render(report=report)

    def report(self, report: ReportState, language: str) -> str:
        """The report in hand: conversation, media, facts. Answers `GET /console/reports/{id}` and a sent reply."""
        template = self._of(language)
        ready = offered(report, template.words, self._words)
        return template.report.render(report=report, moments=moments(report), ready=ready)

    def frame(self, cursor: str, cards: Iterable[str]) -> str:
        """Changes for the sockets: the cursor (`epoch:seq`) after them, and the cards of what changed."""
        return _cursor(cursor) + _partial("card", "".join(cards))

    def snapshot(self, cursor: str, queue: Queue, language: str) -> str:
        """All that the queue holds as of `cursor`, and the ids of those that wait besides; answers `GET
        /console/queue` too."""
        beyond = Markup('<data class="beyond" value="{}" data-floods="{}"></data>').format(
            " ".join(map(str, queue.beyond)), _floods(queue)
        )
        return _cursor(cursor) + _partial("queue", beyond + self._cards(queue.reports, language))

    def tick(
        self,
        *,
        at: datetime,
        seq: int,
        waiting: int | None,
        dispatchers: Sequence[str],
        ready: int = 0,
        units: int = 0,
        late_s: Sequence[int] = LATE_S,
        doorbell: bool = True,
        canary: str = "",
    ) -> str:
        """The word of life once a second: `seq` is the head that the socket's frames have reached or will; `waiting`
        how many wait there, None where that was not counted; `ready` the event by which what the desk has ready to say
        last changed, as far as this process has seen one, `units` that by which anything of its units did; `late_s` the
        seconds at which a card's time changes its look; `doorbell`: whether frames come at once, or a second late
        because this process hears no rings; `canary`: where the way of the desk's ends (`realtime.canary_watch`),
        nothing as long as it comes."""
        word = {
            "type": "tick",
            "at": iso(at),
            "seq": seq,
            "waiting": waiting,
            "ready": ready,
            "units": units,
            "late": list(late_s),
            "doorbell": doorbell,
            "canary": canary,
        }
        return orjson.dumps({**word, "dispatchers": list(dispatchers)}).decode()

    def answer(self, desk: str, report: ReportState, language: str) -> str:
        """The answer to a dispatcher of `desk`: the card as it is there now."""
        return self.of_card(self.card_at(desk, report, language))

    def of_card(self, card: str) -> str:
        """The same of a card that is rendered already."""
        return _partial("card", card)

    def lost(self, desk: str, report: ReportState, language: str) -> str:
        """The answer to a dispatcher of `desk` who came second (409): the card as it is now, and who was first."""
        return _partial("card", self.card_at(desk, report, language)) + self.notice(language, report=report)

    def notice(self, language: str, *, report: ReportState | None = None, sentence: str = "") -> str:
        """A line for the page's live region: who was first with `report`, or why something was refused."""
        return self._of(language).notice.render(report=report, sentence=sentence)

    def problem(self, language: str, *, sentence: str, csrf_token: str = "") -> str:
        """A whole page for a person who cannot have the one asked for; with a token, it offers to sign out."""
        return self._of(language).problem.render(sentence=sentence, csrf_token=csrf_token)

    def page(self, language: str, template: str, **values: object) -> str:
        """Any other page, by its template's name."""
        return self._of(language).environment.get_template(template).render(**values)

    def _around(self, place: LatLon) -> Around | None:
        return self.surroundings.at(place) if self.surroundings else None

    def _cards(self, reports: Iterable[ReportState], language: str) -> Markup:
        # Markup, because the template has escaped what reporters wrote.
        cards = (Markup(self.card(report, language)) for report in reports)  # noqa: S704
        return Markup("").join(giving_way(cards))

    def warm_up(self, language: str = DEFAULT) -> None:
        """Compile what a desk needs in the language, about a second of work: else the first report that comes to a
        process which has just started waits for it on every screen."""
        environment = self._of(language).environment
        for page in _ON_A_DESK:
            _with_its_parts(environment, page)

    def _of(self, language: str) -> _Language:
        with self._compiling:  # screens that come together need not each compile
            if language not in self._languages:
                self._languages[language] = self._compile(self._words(language))
            return self._languages[language]

    def _compile(self, words: Words) -> _Language:
        environment = Environment(
            loader=FileSystemLoader(self._templates),
            autoescape=True,
            finalize=plainly,
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
        environment.globals.update(spots=spots_in(words, self._around), dot_of=dot_of)
        environment.globals.update(writings=writings, tiles=self.tiles)
        environment.globals.update(late_of=late_in(words), likeness=likeness_in(words))
        environment.globals.update(standing=standing_in(words, self.dangers), patience=_patience)
        environment.globals.update(folds_as=partial(folds_as, dangers=self.dangers))
        environment.globals.update(act_words=acts.words_in(words), why_words=acts.why_in(words))
        environment.globals.update(
            results=told.results_in(words),
            word_of=told.word_in(words),
            for_leader=told.for_leader_in(words),
            outside=outside_in(words, self._around),
        )
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
            environment=environment,
        )


def _with_its_parts(environment: Environment, name: str) -> None:
    """Compile a template and whatever it includes by its name."""
    waiting, known = [name], {name}
    while waiting:
        each = waiting.pop()
        environment.get_template(each)
        source, _, _ = environment.loader.get_source(environment, each)  # type: ignore[union-attr]  # it has one
        found = {part for part in find_referenced_templates(environment.parse(source)) if part} - known
        waiting += sorted(found)
        known |= found


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


def _patience(report: ReportState) -> int:
    return patience(report.kind, taken_back=report.taken_back)


def _floods(queue: Queue) -> str:
    """What of floods has no card, on one line: `person=report,report person=report`."""
    return " ".join(f"{person}={','.join(map(str, ids))}" for person, ids in queue.floods.items())


def _cursor(cursor: str) -> str:
    data = Markup('<data id="cursor" value="{}"></data>').format(cursor)
    return f'<hx-partial hx-target="#cursor" hx-swap="outerHTML">{data}</hx-partial>'


def _partial(style: Literal["card", "queue"], cards: str) -> str:
    return f'<hx-partial hx-target="#queue" hx-swap="{style}">{cards}</hx-partial>'
