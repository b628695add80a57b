"""Becomes a command under what a unit of systemd lets it do: `python jail.py <unit> -- command …`.

For a machine where systemd is not the first process. Of the unit's sandbox it does what seccomp does:
SystemCallFilter=, MemoryDenyWriteExecute=, RestrictNamespaces=, RestrictAddressFamilies=, LockPersonality=, as
systemd's own src/shared/seccomp-util.c has them, and NoNewPrivileges=. The sets of system calls are asked of
`systemd-analyze`.
"""

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NE, EQ, MASKED_EQ = 1, 4, 7
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80)
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
LAST_FAMILY = 46
PR_SET_NO_NEW_PRIVS = 38


class Compared(ctypes.Structure):
    """libseccomp's `struct scmp_arg_cmp`."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def settings_of(unit: Path) -> dict[str, list[str]]:
    """Each setting of the [Service] section with all its values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def allowed(filters: list[str]) -> set[str]:
    """The system calls that `SystemCallFilter=` leaves: the first line is a list of what may, `~` takes away."""
    calls: set[str] = set()
    for line in filters:
        names = {name for word in line.lstrip("~").split() for name in _named(word)}
        calls = calls - names if line.startswith("~") else calls | names
    return calls | set(_named("@default"))


def _named(word: str) -> Iterator[str]:
    if not word.startswith("@"):
        yield word
        return
    said = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", word], capture_output=True, text=True, check=True
    )
    for line in said.stdout.splitlines()[1:]:
        if (name := line.strip()) and not name.startswith("#"):
            yield from _named(name)


def enter(settings: dict[str, list[str]]) -> None:
    """Be in it from here on, and whatever this becomes."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(Compared),
    ]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    refused = ERRNO | errno.EPERM

    def load(default: int, rules: list[tuple[int, str, Compared | None]]) -> None:
        context = library.seccomp_init(default)
        for action, name, compared in rules:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number < 0:
                continue  # not of this kind of machine
            array = (Compared * 1)(compared) if compared is not None else None
            failed = library.seccomp_rule_add_array(context, action, number, int(array is not None), array)
            if failed:
                raise OSError(-failed, name)
        if failed := library.seccomp_load(context):
            raise OSError(-failed, "seccomp_load")

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    rules: list[tuple[int, str, Compared | None]] = []
    if settings.get("MemoryDenyWriteExecute") == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        rules += [
            (refused, "mmap", Compared(2, MASKED_EQ, both, both)),
            (refused, "mprotect", Compared(2, MASKED_EQ, PROT_EXEC, PROT_EXEC)),
            (refused, "pkey_mprotect", Compared(2, MASKED_EQ, PROT_EXEC, PROT_EXEC)),
            (refused, "shmat", Compared(2, MASKED_EQ, SHM_EXEC, SHM_EXEC)),
        ]
    if settings.get("RestrictNamespaces") == ["yes"]:
        rules.append((refused, "setns", None))
        rules.append((ERRNO | errno.ENOSYS, "clone3", None))
        for flag in NAMESPACES:
            rules += [(refused, name, Compared(0, MASKED_EQ, flag, flag)) for name in ("unshare", "clone")]
    if families := settings.get("RestrictAddressFamilies"):
        may = {FAMILIES[name] for name in families[0].split()}
        rules += [
            (ERRNO | errno.EAFNOSUPPORT, "socket", Compared(0, EQ, family, 0))
            for family in range(LAST_FAMILY)
            if family not in may
        ]
    if settings.get("LockPersonality") == ["yes"]:
        rules.append((refused, "personality", Compared(0, NE, 0xFFFFFFFF, 0)))
    load(ALLOW, rules)
    load(refused, [(ALLOW, name, None) for name in sorted(allowed(settings["SystemCallFilter"]))])


def main(arguments: list[str]) -> None:
    """Does not return."""
    unit, command = Path(arguments[0]), arguments[2:]
    enter(settings_of(unit))
    os.execvp(command[0], command)  # noqa: S606 - to become it is the point


if __name__ == "__main__":
    main(sys.argv[1:])
