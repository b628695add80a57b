"""How long and how much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Times are a round's, ours and floor each."""

    rounds: int
    warm_s: float
    consoles: int
    rate: float  # reports/s of run a
    steady_s: float
    accept_rate: float
    accept_s: float
    reporters: int  # who listen in run b
    connections: int  # of runs c and d
    flood_s: float
    insert_s: float
    burst: int
    crowd: int  # consoles of run `crowd`
    flood: int  # reports of one person in run h
    sockets: int  # of runs e and f
    socket_rounds: int
    settle_s: float
    year_few: int  # reports of run `figures`, few and many
    year_many: int
    year_followed: int
    year_asked: int  # how often a page is asked for in a round
    grown: tuple[
        int, ...
    ]  # reports that are stored already, in run `growth`; the first is what the others stand beside
    most: int  # the same in run `most`
    screens: tuple[int, ...]  # consoles of it
    desks: tuple[int, ...]  # desks among which its reports are spread, each with a console
    lines: tuple[int, ...]  # reporters' idle sockets
    processes: tuple[int, ...]  # of each kind, in run `processes`
    nodes: tuple[int, ...]  # of Redis, in run `cluster`
    rings: int
    grown_s: float  # it asks for little at a time, so it takes longer


FULL = Effort(
    rounds=5,
    warm_s=1.0,
    consoles=50,
    rate=200,
    steady_s=5,
    accept_rate=50,
    accept_s=4,
    reporters=50,
    connections=96,
    flood_s=4,
    insert_s=2,
    burst=2000,
    crowd=500,
    flood=17_000,
    sockets=10_000,
    socket_rounds=1,
    settle_s=25,  # a heartbeat is among it
    year_few=10_000,
    year_many=2_000_000,
    year_followed=10_000,
    year_asked=40,
    grown=(0, 10_000, 1_000_000),
    most=10_000_000,
    screens=(10, 100, 1_000),
    desks=(1, 10, 90),
    lines=(100, 1_000, 10_000, 20_000),
    processes=(1, 2, 4),
    nodes=(1, 3, 6),
    rings=20_000,
    grown_s=6,
)
QUICK = Effort(
    rounds=2,
    warm_s=0.5,
    consoles=50,
    rate=200,
    steady_s=1.5,
    accept_rate=50,
    accept_s=1.5,
    reporters=50,
    connections=96,
    flood_s=1.2,
    insert_s=0.5,
    burst=1000,
    crowd=200,
    flood=2_000,
    sockets=1000,
    socket_rounds=1,
    settle_s=2,
    year_few=10_000,
    year_many=200_000,
    year_followed=2_000,
    year_asked=20,
    grown=(0, 10_000, 100_000),
    most=1_000_000,
    screens=(10, 100),
    desks=(1, 10, 90),
    lines=(100, 1_000),
    processes=(1, 2),
    nodes=(1, 3),
    rings=4_000,
    grown_s=3,
)
# Only that it runs: for the test of the benchmark itself.
TINY = Effort(
    rounds=1,
    warm_s=0.1,
    consoles=3,
    rate=30,
    steady_s=0.4,
    accept_rate=20,
    accept_s=0.4,
    reporters=3,
    connections=8,
    flood_s=0.3,
    insert_s=0.1,
    burst=50,
    crowd=8,
    flood=60,
    sockets=20,
    socket_rounds=1,
    settle_s=0.1,
    year_few=50,
    year_many=400,
    year_followed=50,
    year_asked=2,
    grown=(0, 200),
    most=300,
    screens=(2, 4),
    desks=(1, 3),
    lines=(10, 20),
    processes=(1, 2),
    nodes=(1, 3),
    rings=200,
    grown_s=2,
)
