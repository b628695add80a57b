"""Somebody at the plain pages without a browser: reads the forms in the HTML and sends them, as a text browser does."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

import httpx2

from tests.stack import App

SESSION = "desk110_session"
_numbers = iter(range(13_500_000_000, 13_600_000_000))


@dataclass
class Form:
    """A form as it stands in a page: where it goes, and what it sends if nobody touches it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._text: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        name = of.get("name", "")
        if tag == "form":
            self.forms.append(Form(of.get("action", "")))
        elif tag == "select":
            self._select = name
            self.forms[-1].fields[name] = ""
        elif tag == "option" and self._select and "selected" in of:
            self.forms[-1].fields[self._select] = of["value"]
        elif tag == "textarea":
            self._text = name
            self.forms[-1].fields[name] = ""
        elif tag == "input" and name and of.get("type") not in {"file", "checkbox", "radio"}:
            self.forms[-1].fields[name] = of.get("value", "")
        elif tag == "input" and name and "checked" in of:
            self.forms[-1].fields[name] = of.get("value", "on")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.forms[-1].fields[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            # The line end behind the opening tag is no part of the value.
            text = self.forms[-1].fields[self._text]
            self.forms[-1].fields[self._text] = text.removeprefix("\n")
            self._text = None
        elif tag == "select":
            self._select = None


def forms_in(html: str) -> list[Form]:
    """All forms of a page, in its order."""
    return _Forms(html).forms


@dataclass
class Visitor:
    """Somebody with an old browser: cookies, no script, and no header that says where a form comes from."""

    app: App
    http: httpx2.AsyncClient
    number: str
    last: httpx2.Response | None = None

    @classmethod
    def at(cls, app: App, **headers: str) -> Self:
        """At the door, signed out."""
        return cls(
            app, httpx2.AsyncClient(base_url=app.url, timeout=30, headers=headers), str(next(_numbers))
        )

    @classmethod
    async def signed_in(cls, app: App, **headers: str) -> Self:
        """With a proved phone, at the report form."""
        visitor = cls.at(app, **headers)
        await visitor.get("/plain")
        await visitor.submit("/plain/codes", phone=visitor.number)
        answer = await visitor.submit("/plain/sessions")
        assert (answer.status_code, answer.headers["location"]) == (303, "/plain"), answer.text
        await visitor.get("/plain")
        return visitor

    async def get(self, path: str) -> httpx2.Response:
        """Open an address."""
        self.last = await self.http.get(path)
        return self.last

    def form(self, action: str) -> Form:
        """The first form of the page on the screen that goes there."""
        assert self.last is not None
        found = [form for form in forms_in(self.last.text) if form.action == action]
        assert found, f"no form to {action} in {self.last.status_code}: {self.last.text[:2000]}"
        return found[0]

    async def submit(
        self, action: str, files: list[tuple[str, tuple[str, bytes, str]]] | None = None, /, **fields: str
    ) -> httpx2.Response:
        """Fill the form of the page on the screen and send it; redirects are not followed."""
        return await self.post(action, {**self.form(action).fields, **fields}, files)

    async def post(
        self,
        path: str,
        fields: dict[str, str],
        files: list[tuple[str, tuple[str, bytes, str]]] | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Send fields, of whatever page."""
        extra: dict[str, Any] = {"files": files} if files else {}
        self.last = await self.http.post(path, data=fields, headers=headers, **extra)
        return self.last

    async def filed(self, text: str = "有人打架", place: str = "西湖区灵隐路 18 号", **fields: str) -> str:
        """File a report that must be taken; its id."""
        await self.get("/plain")
        answer = await self.submit("/plain/reports", text=text, place=place, **fields)
        return self.report_in(answer)

    @staticmethod
    def report_in(answer: httpx2.Response) -> str:
        """The report that an answer leads to."""
        assert answer.status_code == 303, answer.text
        found = re.fullmatch(
            r"/plain/reports/([0-9a-f-]{36})(?:\?photo=[a-z_,%A-Z0-9]+)?", answer.headers["location"]
        )
        assert found, answer.headers["location"]
        return found[1]

    @property
    def words(self) -> str:
        """What a reader reads of the page on the screen."""
        assert self.last is not None
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.last.text))

    async def leave(self) -> None:
        """Close everything."""
        await self.http.aclose()
