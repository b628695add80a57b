"""A process that makes load, and its handle in the one that measures.

The child reads its job, prepares, says `ready`, waits for `go`, and writes what it has counted. It ends by itself when
it takes too long, and with its parent.
"""

import asyncio
import gc
import resource
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Self

import orjson
import uvloop
from pydantic import TypeAdapter

from bench.jobs import JOBS, Job
from dispatch.settings import CHECKOUT
from processes.tether import tethered

AT_MOST_S = 400


class Generator:
    """A job in a process of its own, ready when it is entered."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            tethered([sys.executable, "-m", "bench.generator", type(self._job).__name__]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            start_new_session=True,
        )
        self._tell(orjson.dumps(self._job))
        self._expect(b"ready")
        return self

    def run(self) -> dict[str, Any]:
        """Say go, and give what the job has counted, with `cpu_s` that it took. Raises RuntimeError."""
        self._tell(b"go")
        told: dict[str, Any] = orjson.loads(self._expect(b"{"))
        return told

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None and error is not None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def _expect(self, begin: bytes) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(begin):
            raise RuntimeError(f"the load generator ended early: {type(self._job).__name__}")
        return line


def run(job: Job) -> dict[str, Any]:
    """The job from beginning to end."""
    with Generator(job) as generator:
        return generator.run()


async def _work(job: Job) -> dict[str, Any]:
    used = 0.0

    async def go() -> None:
        nonlocal used
        gc.collect()
        gc.disable()  # a pause of ours would count as theirs
        _say(b"ready")
        await asyncio.to_thread(sys.stdin.buffer.readline)
        used = time.process_time()

    told = await job.run(go)
    return told | {"cpu_s": time.process_time() - used}


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """The child."""
    signal.alarm(AT_MOST_S)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    job: Job = TypeAdapter(JOBS[sys.argv[1]]).validate_json(sys.stdin.buffer.readline())
    _say(orjson.dumps(uvloop.run(_work(job)), option=orjson.OPT_NON_STR_KEYS))


if __name__ == "__main__":
    main()
