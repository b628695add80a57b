"""Cards as they were rendered last. One change is rendered for the screens and for whoever made it, and after a restart
every console of a desk asks for the same hundreds at once: what is shown alike is rendered once.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dispatch.states import ReportState

MOST: Final = 4096  # some ten megabytes


@dataclass(frozen=True, slots=True)
class _Kept:
    report: ReportState
    dangers: object
    card: str


class KeptCards:
    """By report and desk, then by language. Safe to use from any thread."""

    def __init__(self, most: int = MOST) -> None:
        """`most` reports are kept, those that were shown last."""
        self._most = most
        self._cards: OrderedDict[tuple[UUID, str], dict[str, _Kept]] = OrderedDict()
        self._turn = threading.Lock()

    def find(self, report: ReportState, language: str, dangers: object) -> str | None:
        """The card of exactly this state, if it was rendered by this reading of the danger words."""
        key = report.id, report.at
        with self._turn:
            kept = self._cards.get(key, {}).get(language)
            if kept is None or kept.dangers is not dangers:
                return None
            self._cards.move_to_end(key)
        return kept.card if kept.report == report else None

    def keep(self, report: ReportState, language: str, dangers: object, card: str) -> None:
        """Remember it, in place of the report's earlier one. What is closed leaves the screens, and is not kept."""
        key = report.id, report.at
        with self._turn:
            if report.status == "closed":
                self._cards.pop(key, None)
                return
            if not lasts(report):
                return
            self._cards.setdefault(key, {})[language] = _Kept(report, dangers, card)
            self._cards.move_to_end(key)
            if len(self._cards) > self._most:
                self._cards.popitem(last=False)


def lasts(report: ReportState) -> bool:
    """Whether its card says the same as long as its state does: a location code is shown until it is over."""
    return report.kind != "location"
