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
    sockets: int  # of run e
    socket_rounds: int
    settle_s: float
    year_few: int  # reports of run `figures`, few and many
    year_many: int
    year_followed: int
    year_asked: int  # how often a page is asked for in a round


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
    sockets=5000,
    socket_rounds=1,
    settle_s=25,  # a heartbeat is among it
    year_few=10_000,
    year_many=2_000_000,
    year_followed=10_000,
    year_asked=40,
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
    sockets=1000,
    socket_rounds=1,
    settle_s=2,
    year_few=10_000,
    year_many=200_000,
    year_followed=2_000,
    year_asked=20,
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
    sockets=20,
    socket_rounds=1,
    settle_s=0.1,
    year_few=50,
    year_many=400,
    year_followed=50,
    year_asked=2,
)
