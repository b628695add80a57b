"""Answers that are the same for everybody who asks: kept in memory, compressed once and not for each.

Whoever opens the page for the first time asks for more than fifty files. When a whole district does so at once, every
one of them must cost next to nothing.
"""

import gzip
import hashlib
from dataclasses import dataclass
from typing import Final, Self

from starlette.datastructures import Headers
from starlette.responses import Response

# Less than this is not worth it; and of what is compressed by its own kind nothing is gained.
LEAST: Final = 1024
_TEXT: Final = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class Kept:
    """A body as it is and compressed (None where that saves nothing), and what a browser that keeps it knows it by."""

    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Self:
        """Compresses it, which takes about a millisecond for each 20 KB."""
        small = (
            gzip.compress(body, 9, mtime=0) if len(body) >= LEAST and media_type.startswith(_TEXT) else None
        )
        if small is not None and len(small) >= len(body):
            small = None
        return cls(body, small, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def answer(self, asked: Headers) -> Response:
        """For a request with these headers: compressed where that is understood."""
        if self.compressed is None:
            return Response(self.body, media_type=self.media_type)
        vary = {"vary": "accept-encoding"}
        if "gzip" not in asked.get("accept-encoding", ""):
            return Response(self.body, headers=vary, media_type=self.media_type)
        said = {**vary, "content-encoding": "gzip"}
        return Response(self.compressed, headers=said, media_type=self.media_type)

    def answer_once(self, asked: Headers) -> Response:
        """The same, or 304 to a browser that has it already."""
        answer = self.answer(asked)
        # Two bodies have two names.
        etag = f'{self.etag[:-1]}-gz"' if "content-encoding" in answer.headers else self.etag
        if etag in _names(asked.get("if-none-match", "")):
            kept = {name: answer.headers[name] for name in ("vary",) if name in answer.headers}
            answer = Response(status_code=304, headers=kept)
        answer.headers["etag"] = etag
        return answer


def _names(if_none_match: str) -> set[str]:
    return {name.strip().removeprefix("W/") for name in if_none_match.split(",")}
