"""Structured logs: one JSON object a line, and only fields that are on the list.

What people wrote or who they are can be in an exception's message or a stray field; so a field that is not
known to be harmless is left out and only its name is kept, and an exception is logged by its type and place.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from dispatch import figures

FIELDS = frozenset(
    "event level timestamp process desk seq kind code count error report media status path_template "
    "method duration_ms where port signal pid attempts bytes dispatcher left_out".split()
)


def configure(process: str, level: str) -> None:
    """Set up the logs of this process: `citizen`, `console` or `worker`."""
    structlog.configure(
        processors=[
            _of(process),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _counted,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where,
            _only_listed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # As much of a file as it asks for.
        logger_factory=structlog.PrintLoggerFactory(_Unfailing(sys.stdout)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


class _Unfailing:
    """Where lines are written. One that cannot be (its disk is full, its reader gone) is lost, and harms nothing else:
    an error out of the log of an error leaves somebody without an answer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Writes, if that can be done."""
        try:
            self._stream.write(text)
        except OSError:
            figures.LOST_LINES.inc()

    def flush(self) -> None:
        """Hands on what was written, if that can be done."""
        try:
            self._stream.flush()
        except OSError:
            figures.LOST_LINES.inc()


def _of(process: str) -> structlog.typing.Processor:
    """Names the process in every line. A context variable would not: each request has a context of its own."""

    def named(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return named


class _Bridge(logging.Handler):
    """What libraries log: where from and how grave, not their words, which may hold anybody's."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        name = type(error).__name__ if error else None
        where = place_of(error) if error else f"{record.module}:{record.lineno}"
        structlog.get_logger().log(record.levelno, "library", kind=record.name, error=name, where=where)


def _where(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        if error is not None:
            event.setdefault("error", type(error).__name__)
            event["where"] = place_of(error)
    return event


def place_of(error: BaseException) -> str:
    """Files and lines of an exception's traceback, innermost last; never its message or its variables."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno}" for frame in frames)


def _counted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if event.get("level") in {"warning", "error", "critical"}:
        figures.FAILURES.labels(event["level"], event["event"]).inc()
    return event


def _only_listed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    left_out = [name for name in event if name not in FIELDS]
    for name in left_out:
        del event[name]
    if left_out:
        event["left_out"] = sorted(left_out)
    return event
