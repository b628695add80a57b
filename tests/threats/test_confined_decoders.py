"""What decodes a photo or a film from the internet is taken to be an attacker's already: what could it do?

Each attempt is made from within such a process, by code that stands where the decoder would.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.settings import CHECKOUT

# By room: how the process gives up what it does not need.
ROOMS = {
    "photo": "from dispatch import developing; from PIL import Image; Image.preinit(); developing._confine()",
    "film": "from dispatch import cutting; cutting._confine()",
}
ATTEMPTS = {
    "reads a file": "open('/etc/passwd')",
    "reads the keys": "import os; os.open({home!r}, os.O_RDONLY)",
    "writes a file": "open({home!r} + '/left', 'wb')",
    "writes into what it was given": "import os; os.write(3, b'x')",
    "opens a socket": "import socket; socket.socket()",
    "opens a socket of this machine": "import socket; socket.socket(socket.AF_UNIX)",
    "makes a pair of sockets": "import socket; socket.socketpair()",
    "makes a pipe": "import os; os.pipe()",
    "reads a file in the place of its errors": "import os; os.close(2); open('/etc/passwd')",
    "opens a socket in the place of what came": "import os, socket; os.close(0); socket.socket()",
    "starts a program and hears of it": "import subprocess; subprocess.run(['/bin/true'], capture_output=True)",
    "raises its own bounds": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, 64))",
    "takes all memory": "x = bytearray(3 << 30)",
}
# Root alone may take back what it has given up, and no process of ours is to run as root.
NOBODY = "os.getuid() or os.setuid(65534)"
TRY_EACH = """
for name, code in {attempts!r}.items():
    try:
        exec(code)
    except (OSError, MemoryError, ValueError):
        print(name + ": refused")
    else:
        print(name + ": done")
sys.stdout.flush()
os._exit(0)
"""


def run(room: str, program: str) -> subprocess.CompletedProcess[str]:
    """Run it where a decoder runs, as nobody special."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"import os, resource, socket, subprocess, sys\n{ROOMS[room]}\n{NOBODY}\n{program}",
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("room", ROOMS)
def test_a_decoder_that_was_taken_over_reaches_no_file_no_network_and_no_program(
    room: str, tmp_path: Path
) -> None:
    attempts = {name: code.format(home=str(tmp_path)) for name, code in ATTEMPTS.items()}
    found = run(room, TRY_EACH.format(attempts=attempts))
    told = dict(line.split(": ") for line in found.stdout.splitlines())
    assert told == dict.fromkeys(ATTEMPTS, "refused"), (told, found.returncode)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("room", ROOMS)
def test_a_decoder_that_never_ends_is_ended(room: str) -> None:
    """Its seconds of the processor are counted by the kernel; here they are set to one, as it could itself."""
    found = run(room, "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass")
    assert found.returncode < 0, "a signal"
