"""Cuts one video or voice note, in a process of its own that can do nothing else.

As for photos (`dispatch.developing`): bytes come on standard input, the result leaves on standard output, and by
then the process has given up opening files and sockets, writing files, and more than its share of memory and time.
"""

import os
import resource
import signal
import sys
from typing import IO

import av.logging
import av.subtitles.stream
from PIL import Image

from dispatch import films, recordings
from dispatch.errors import Refused
from dispatch.footage import Footage, packed

MEMORY_BYTES = 2 * 1024**3  # a 4K HEVC film needs 620 MB
CPU_S = 180  # 15 s of 4K at 60 a second need 40 s
WALL_S = 300
NICENESS = 15  # below photos, which are below the reports' text

# PyAV imports this when it opens its first file; after `_confine` it could not.
_NEEDED = av.subtitles.stream

_CUTS = {"video": films.cut, "voice": recordings.cut}


def main() -> None:
    """Cut the `video` or `voice` (the last argument) on standard input; the result goes to standard output."""
    kind = sys.argv[-1]
    av.logging.set_level(None)
    Image.preinit()
    _confine()
    sys.stdout.buffer.write(packed(cut(sys.stdin.buffer, kind)))
    sys.stdout.buffer.flush()


def cut(source: IO[bytes], kind: str) -> Footage | Refused:
    """What may be played of the file, or the refusal of it."""
    try:
        return _CUTS[kind](source)
    except Refused as refused:
        return refused
    except Exception:  # noqa: BLE001 - decoders raise whatever the bytes made them stumble over
        return Refused(f"{kind}_unreadable")


def _confine() -> None:
    """Give up what cutting does not need. It takes three open files: what comes, what leaves, and errors."""
    os.nice(NICENESS)
    signal.alarm(WALL_S)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not three: whoever closed one of them could open another thing in its place.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
