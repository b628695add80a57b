"""Static files under addresses that name their version: a browser keeps them for good and never mixes two versions.

`/static/v/<version>/citizen/app.js` is `static/citizen/app.js` of that version. A module imports its neighbours by
relative addresses, so all of a page's modules are of the version that its HTML names.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web import uncommented

_VERSIONED: Final = re.compile(r"v/(?P<version>[0-9a-f]+)/(?P<path>.+)")

# Parts of a path that are a file's name where it lies elsewhere: wherever that is on this machine.
OUTSIDE: Final = 3

FOR_GOOD: Final = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """The folder of static files.

    Of another version than this process has, as while a deployment goes on, a file is served too and kept by nobody:
    a page that has lost one of its modules says nothing any more.
    """

    def __init__(self, directory: Path, version: Callable[[], str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._version = version

    async def get_response(self, path: str, scope: Scope) -> Response:
        found = _VERSIONED.fullmatch(path)
        answer = await super().get_response(found["path"] if found else path, scope)
        if found and found["version"] == self._version() and found["path"].endswith(".js"):
            answer = _light(answer)
        answer.headers["cache-control"] = self._kept(found and found["version"])
        return answer

    def _kept(self, version: str | None) -> str:
        if version is None:
            return "no-cache"  # asked for again each time; most answers are 304
        return FOR_GOOD if version == self._version() else "no-store"


def _light(answer: Response) -> Response:
    """A script as it travels; what is no file that was found, or one that others wrote, as it is."""
    if not isinstance(answer, FileResponse) or "vendor" in Path(answer.path).parts:
        return answer
    path = Path(answer.path)
    return Response(uncommented.script(path, path.stat().st_mtime_ns), media_type="text/javascript")


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
