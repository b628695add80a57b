"""The machine that is measured on: what it is, what else it does meanwhile, what a process of ours takes."""

import os
import platform
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

LINUX = sys.platform == "linux"
JIFFIES = os.sysconf("SC_CLK_TCK")
PARTS = ("uvicorn", "uvloop", "starlette", "websockets", "redis", "SQLAlchemy", "psycopg", "orjson")


def described() -> dict[str, Any]:
    """What stands beside figures so that they mean something."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in PARTS},
        "load_before": os.getloadavg(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def sync_ms(folder: Path, times: int = 50) -> float:
    """How long the disk takes to keep 4 KiB for good: the median."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            begin = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - begin) * 1000)
    return statistics.median(took)


def cpu_s(pid: int) -> float:
    """Processor time that the process has used, in seconds; 0 where the system does not tell."""
    if not LINUX:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / JIFFIES


def resident_bytes(pid: int) -> int:
    """Memory of the process that is in RAM; 0 where the system does not tell."""
    if not LINUX:
        return 0
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _busy_s() -> float:
    """Processor time that everything on the machine has used, what other guests took included."""
    if not LINUX:
        return 0.0
    first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    idle, waiting = int(first[3]), int(first[4])
    # Guests' time is in the user's already.
    return (sum(map(int, first[:8])) - idle - waiting) / JIFFIES


@dataclass(frozen=True, slots=True)
class Watch:
    """Processor time from `begin` on: of named processes, and of everything else on the machine."""

    _pids: dict[str, int]
    _before: dict[str, float]
    _busy: float
    _at: float

    @classmethod
    def begin(cls, pids: dict[str, int]) -> "Watch":
        """Look at the clocks."""
        return cls(pids, {name: cpu_s(pid) for name, pid in pids.items()}, _busy_s(), time.perf_counter())

    def used(self) -> dict[str, float]:
        """Seconds by name."""
        return {name: cpu_s(pid) - self._before[name] for name, pid in self._pids.items()}

    def elsewhere(self, ours: Iterable[float]) -> float:
        """The share of the machine (0 to 1) that others used; `ours` are the seconds of all that we know of."""
        whole = (time.perf_counter() - self._at) * (os.cpu_count() or 1)
        return min(1.0, max(0.0, (_busy_s() - self._busy - sum(ours)) / whole))
