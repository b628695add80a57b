"""Absence: for how long a dispatcher has had no console open anywhere, as far as this process has watched itself.

Only what was watched without a break counts, so that nobody's reports are offered again for what is no absence. The
clocks of everybody begin anew whenever Redis does not answer, no console process tells what it has open, one of these
processes has gone or come (its people need a moment to come back), or this process itself has not looked for a while.
"""

import asyncio
from collections.abc import Mapping

from realtime.presence import Presence

# Looks that are further apart than this have a gap between them in which anybody may have been there (seconds).
GAP_S = 10.0


class Absences:
    """Watches who has no console open."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._processes: frozenset[str] = frozenset()
        self._since: dict[str, float] = {}
        self._looked = float("-inf")

    async def look(self, desks: Mapping[str, str]) -> dict[str, float]:
        """For how many seconds each of these dispatchers has been absent; `desks` says whose desk is which. Who is
        there, or was a moment ago as far as anybody can know, is left out."""
        found = await self._presence.attendance(set(desks.values()))
        at = asyncio.get_running_loop().time()
        processes = found.processes if found else frozenset()
        if not processes or processes != self._processes or at - self._looked > GAP_S:
            self._since.clear()
        self._processes, self._looked = processes, at
        if found is None or not processes:
            return {}
        absent = {number for number, desk in desks.items() if number not in found.on.get(desk, ())}
        self._since = {number: self._since.get(number, at) for number in absent}
        return {number: at - since for number, since in self._since.items()}
