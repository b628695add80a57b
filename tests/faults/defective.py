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
    from console import rendering
    from dispatch import filing, messages

    filing.file = _breaking(filing.file)
    messages.send_from_reporter = _breaking(messages.send_from_reporter)
    rendering.Rendering.report = _breaking(rendering.Rendering.report)  # type: ignore[method-assign]  # the fault
    rendering.first_words = _breaking(rendering.first_words)  # which every card asks for
    cli.main()
