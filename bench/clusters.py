"""Run `cluster`: what a ring costs as Redis has more and more nodes, told to one of them (`SPUBLISH`, as ours is) or to
all (`PUBLISH`, the floor)."""

import tempfile
from pathlib import Path

from bench.effort import Effort
from bench.figures import Figure
from bench.record import Record
from bench.rings import LISTENERS, Rings
from tests.cluster import cluster


def clustered(effort: Effort, folder: Path, record: Record) -> None:
    """Clusters of more and more nodes; each is rung both ways in each round."""
    folder.mkdir(parents=True, exist_ok=True)
    for count in effort.nodes:
        name = f"a ring, {count} nodes"
        cost = _figure(record, f"{name}: all of them together", "µs CPU", count)
        rate = _figure(record, f"{name}: told, and heard by {LISTENERS} processes", "/s", count)
        with tempfile.TemporaryDirectory(dir=folder) as place, cluster(Path(place), count) as found:
            pids = {f"node {number}": node.pid for number, node in enumerate(found.nodes)}
            ours = Rings([found.url], effort.rings)
            floor = Rings([node.url for node in found.nodes], effort.rings)
            for _ in range(effort.rounds):
                for job, costs, rates in ((ours, cost.ours, rate.ours), (floor, cost.floor, rate.floor)):
                    told = record.measured("cluster", job, pids)
                    costs.append(sum(told["cpu_us"].values()))
                    rates.append(told["per_s"])
                cost.n += effort.rings
                rate.n += effort.rings


def _figure(record: Record, name: str, unit: str, count: int) -> Figure:
    return record.figure(Figure("cluster", name, unit, floor_name="PUBLISH to all nodes", size=count))
