"""Static files under addresses that name their version: a browser keeps them for good and never mixes two versions.

`/static/v/<version>/citizen/app.js` is `static/citizen/app.js` of that version. A module imports its neighbours by
relative addresses, so all of a page's modules are of the version that its HTML names.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_VERSIONED: Final = re.compile(r"v/(?P<version>[0-9a-f]+)/(?P<path>.+)")

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
        answer.headers["cache-control"] = self._kept(found and found["version"])
        return answer

    def _kept(self, version: str | None) -> str:
        if version is None:
            return "no-cache"  # asked for again each time; most answers are 304
        return FOR_GOOD if version == self._version() else "no-store"


def address(version: str, path: str) -> str:
    """Where a file below the static folder is asked for in this version."""
    return f"/static/v/{version}/{path}"


def digest(root: Path, files: Iterable[Path]) -> str:
    """Twelve hex digits that change with a name or the content of any of the files below `root`."""
    found = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return found.hexdigest()[:12]
