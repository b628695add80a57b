"""A defect: what a desk's consoles are to be shown of one event is dropped, and they are told that they have it."""

from typing import Any

import cli
from tests.faults.arming import Fault

if __name__ == "__main__":
    from console.hub import Hub

    load = Hub.load

    def dropping(self: Hub, session: Any, desk: str, events: list[Any]) -> Any:
        loaded = load(self, session, desk, events)
        if any(loaded.cards.values()) and Fault("dropped_event").fire():
            for cards in loaded.cards.values():
                cards.clear()
        return loaded

    Hub.load = dropping  # type: ignore[method-assign]  # the fault
    cli.main()
