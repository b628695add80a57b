"""People for the tests: reporters and dispatchers who use the real protocol over real connections."""

from typing import Any, TypeVar

from tests.dispatcher import CARD, Dispatcher, card_attributes
from tests.promises import eventually
from tests.reporter import ID_NUMBER, Reporter
from tests.stack import App

__all__ = ["CARD", "ID_NUMBER", "Dispatcher", "People", "Person", "Reporter", "card_attributes", "eventually"]

Person = TypeVar("Person", Reporter, Dispatcher)


class People:
    """Everybody in a test; whoever is still there at its end is seen off."""

    def __init__(self) -> None:
        self._present: list[Reporter | Dispatcher] = []

    async def reporter(self, app: App, location: dict[str, Any] | None = None) -> Reporter:
        """A new reporter, signed in, at `location` (in 西湖区 if not elsewhere)."""
        return self.also(await Reporter.signed_in(app, location=location))

    async def dispatcher(self, app: App, number: str = "33010601") -> Dispatcher:
        """A dispatcher signed in, with the desk's page open and its socket too."""
        dispatcher = self.also(await Dispatcher.signed_in(app, number))
        await dispatcher.watch()
        return dispatcher

    def also(self, person: Person) -> Person:
        """Somebody who came another way."""
        self._present.append(person)
        return person

    async def leave(self) -> None:
        """Everybody goes."""
        for person in self._present:
            await person.leave()
