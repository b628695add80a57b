"""A command that dies with the process that started it, even when that one is killed with SIGKILL.

Run as a file of its own, `python tether.py <parent's pid> <signal> [<user>] -- command …`: it ties the knot and becomes
the command, so that the pid stays the same. Python's `preexec_fn` could do this too, but is unsafe beside threads.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
LOOK_S = 0.3
BARE_PYTHON = (sys.executable, "-I", "-S")  # no packages, no folder of its own: it starts in 20 ms


def tethered(command: Sequence[str], *, signal_number: int = signal.SIGKILL, user: str = "") -> list[str]:
    """The command line that runs `command` tied to this process.

    `signal_number` is what the command gets when this process is gone; `user` is whom it runs as (root only). To be
    started from the main thread: Linux sends the signal when the *thread* ends that started the command.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a tethered process is started from the main thread, or it dies with its thread")
    return [*BARE_PYTHON, __file__, str(os.getpid()), str(int(signal_number)), user, "--", *command]


def main(arguments: list[str]) -> None:
    """Ties the knot and becomes the command. Does not return."""
    parent, signal_number, user = int(arguments[0]), int(arguments[1]), arguments[2]
    command = arguments[4:]
    if user:
        _become(user)  # before the knot: a change of user undoes it
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    else:
        _watch(parent, os.getpid(), signal_number)
    if os.getppid() != parent:  # it died before the knot was tied
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - to become it is the point


def _become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def _watch(parent: int, child: int, signal_number: int) -> None:
    """Where the kernel does not tell of a parent's end, a second small process looks for it."""
    watcher = [*BARE_PYTHON, __file__, "watch", str(parent), str(child), str(signal_number)]
    quiet = subprocess.DEVNULL
    subprocess.Popen(watcher, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


def watch(parent: int, child: int, signal_number: int) -> None:
    """Returns when `child` has ended by itself, or has been sent the signal because `parent` is gone."""
    while _alive(child):
        if not _alive(parent):
            os.kill(child, signal_number)
            return
        time.sleep(LOOK_S)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(*map(int, sys.argv[2:5]))
    else:
        main(sys.argv[1:])
