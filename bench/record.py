"""What a whole run has found: figures, every round as it was counted, and what went wrong."""

import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from bench.figures import Figure
from bench.generator import Generator
from bench.jobs import Job
from bench.machine import Watch

TAKEN = {"200", "201"}


@dataclass(slots=True)
class Record:
    """Filled by the runs, in the order of the table."""

    figures: list[Figure] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def figure(self, figure: Figure) -> Figure:
        """A line for the table."""
        self.figures.append(figure)
        return figure

    def measured(self, name: str, job: Job, pids: dict[str, int]) -> dict[str, Any]:
        """Run the job and keep what it counts, with `cpu_us`, the processor time of these processes an act, and
        `elsewhere`, the share of the machine that others had.

        What was not answered or not seen is a problem: a figure without it would be too good.
        """
        return self.together(name, [job], pids)[0]

    def together(self, name: str, jobs: Sequence[Job], pids: dict[str, int]) -> list[dict[str, Any]]:
        """The same of several jobs at a time, each from a generator of its own; `cpu_us` is an act of all of them."""
        with ExitStack() as ending:
            generators = [ending.enter_context(Generator(job)) for job in jobs]
            watch = Watch.begin(pids)
            with ThreadPoolExecutor(len(jobs)) as pool:
                all_told = list(pool.map(Generator.run, generators))
            used = watch.used()
            elsewhere = watch.elsewhere([*used.values(), *(told["cpu_s"] for told in all_told)])
        acts = max(1, sum(told["all"] for told in all_told))
        for told in all_told:
            self._keep(
                name, told, {process: seconds / acts * 1e6 for process, seconds in used.items()}, elsewhere
            )
        return all_told

    def _keep(self, name: str, told: dict[str, Any], each: dict[str, float], elsewhere: float) -> None:
        told |= {"run": name, "cpu_us": each, "elsewhere": elsewhere, "load": os.getloadavg()[0]}
        self.rounds.append(told)
        refused = {status: count for status, count in told.get("statuses", {}).items() if status not in TAKEN}
        if refused:
            self.problems.append(f"{name}: answers {refused}")
        if told.get("missing"):
            self.problems.append(f"{name}: {told['missing']} frames missing")

    @property
    def elsewhere(self) -> float:
        """The share of the machine that others had while something was measured: the median."""
        shares: list[float] = [told["elsewhere"] for told in self.rounds if "elsewhere" in told]
        return statistics.median(shares) if shares else 0.0
