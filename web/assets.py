"""Static files under addresses that name their version: a browser keeps them for good and never mixes two versions.

`/static/v/<version>/citizen/app.js` is `static/citizen/app.js` of that version. A module imports its neighbours by
relative addresses, so all of a page's modules are of the version that its HTML names.
"""

import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web import uncommented
from web.kept import Kept

_VERSIONED: Final = re.compile(r"v/(?P<version>[0-9a-f]+)/(?P<path>.+)")

# Parts of a path that are a file's name where it lies elsewhere: wherever that is on this machine.
OUTSIDE: Final = 3

READING: Final = {"GET", "HEAD"}
# What is larger is read from the disk each time.
MOST: Final = 1 << 20
FOR_GOOD: Final = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """The folder of static files, kept in memory as they travel: small ones, scripts and styles compressed.

    Of another version than this process has, as while a deployment goes on, a file is served too and kept by nobody:
    a page that has lost one of its modules says nothing any more.
    """

    def __init__(self, directory: Path, version: Callable[[], str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._version = version

    async def get_response(self, path: str, scope: Scope) -> Response:
        found = _VERSIONED.fullmatch(path)
        version, path = (found["version"], found["path"]) if found else (None, path)
        for_good = version == self._version()
        answer = self._kept(path, scope, light=for_good) or await super().get_response(path, scope)
        if version is None:
            answer.headers["cache-control"] = "no-cache"  # asked for again each time; most answers are 304
        else:
            answer.headers["cache-control"] = FOR_GOOD if for_good else "no-store"
        return answer

    def _kept(self, path: str, scope: Scope, *, light: bool) -> Response | None:
        """From memory, without a thread: where the file lies is known by the kernel. None for what is no file, too
        large, or asked for otherwise than as a whole; then it is as Starlette does it."""
        try:
            full, stat = self.lookup_path(path)
        except (OSError, ValueError):
            return None
        if stat is None or not S_ISREG(stat.st_mode) or stat.st_size > MOST or scope["method"] not in READING:
            return None
        asked = Headers(scope=scope)
        if "range" in asked and not light:
            return None
        return _file(Path(full), stat.st_mtime_ns, light).answer_once(asked)


@lru_cache(maxsize=1024)
def _file(path: Path, _changed_ns: int, light: bool) -> Kept:
    """The file as it travels: `light` a script of ours without its comments."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if light and path.suffix == ".js" and "vendor" not in path.parts:
        return Kept.of(uncommented.script(path), kind)
    return Kept.of(path.read_bytes(), kind)


def address(version: str, path: str) -> str:
    """Where a file below the static folder is asked for in this version."""
    return f"/static/v/{version}/{path}"


def digest(root: Path, files: Iterable[Path]) -> str:
    """Twelve hex digits that change with a name or the content of any of the files, below `root` or elsewhere."""
    found = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        name = path.relative_to(root) if path.is_relative_to(root) else Path(*path.parts[-OUTSIDE:])
        found.update(f"{name.as_posix()} {content}\n".encode())
    return found.hexdigest()[:12]
