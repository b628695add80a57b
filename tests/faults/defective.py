"""A defect where nobody expects one, with what a person wrote in its message: filing, a frame, a card, a page.

It strikes what carries the word in `WORD`; everything else is served.
"""

from collections.abc import Callable
from typing import Any

import cli

WORD = "触发缺陷"


class Broken(Exception):
    """A defect. Its message holds what it should not."""


def _breaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but it fails when the word is in any of what it is given."""

    def broken(*given: Any, **named: Any) -> Any:
        if WORD in repr(given) + repr(named):
            raise Broken(f"cannot handle {given!r} {named!r}")
        return function(*given, **named)

    return broken


if __name__ == "__main__":
    from console.rendering import Rendering
    from dispatch import messages, reports

    reports.file = _breaking(reports.file)
    messages.send_from_reporter = _breaking(messages.send_from_reporter)
    Rendering.report = _breaking(Rendering.report)  # type: ignore[method-assign]  # that is the fault
    Rendering.card = _breaking(Rendering.card)  # type: ignore[method-assign]
    cli.main()
