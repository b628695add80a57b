"""Figures of a running process for Prometheus. Counts and times only; no label names a person or a report."""

from prometheus_client import Counter, Gauge, Histogram

COMMITS = Counter("desk110_commits_total", "Transactions that the writer committed.")
COMMANDS = Counter("desk110_commands_total", "Commands that the writer ran, by how they ended.", ["ended"])
BATCH = Histogram(
    "desk110_batch_commands", "Commands in one transaction.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
EVENTS = Counter("desk110_events_total", "Events committed by this process, by kind.", ["kind"])
SOCKETS = Gauge("desk110_sockets", "Open sockets of this process.")
RINGS_LOST = Counter("desk110_rings_lost_total", "Rings that Redis did not take; nothing is lost by them.")
FEED_BATCHES = Counter("desk110_feed_batches_total", "Batches of events that were delivered.")
LOST_LINES = Counter("desk110_lost_lines_total", "Lines of the log that could not be written.")
FAILURES = Counter(
    "desk110_failures_total", "What was logged as a warning or worse, by its name.", ["level", "event"]
)
CANARY_AGE = Gauge(
    "desk110_canary_age_seconds", "Since the last canary of the desk came this process' whole way.", ["desk"]
)
CANARY_MISSING = Gauge(
    "desk110_canary_missing", "For how many desks the canary is missing, by where its way ends.", ["kind"]
)
