"""Our own scripts as a phone on a slow line gets them: without the comments that stand on lines of their own.

A third of a module's weight is what it says to its readers. Who reads the page's scripts in a browser finds them with
all comments under their address without a version.
"""

from pathlib import Path


def script(path: Path) -> bytes:
    """The file of a module, UTF-8."""
    return without_comments(path.read_text(encoding="utf-8")).encode()


def without_comments(source: str) -> str:
    """A module without lines that are comment alone. Every other line stays as it is, those of a comment that has
    code behind it too."""
    kept: list[str] = []
    block: list[str] = []
    for line in source.splitlines(keepends=True):
        text = line.strip()
        if block or text.startswith("/*"):
            block.append(line)
            _, ended, after = text.partition("*/")
            if ended:
                kept += block if after else []
                block = []
        elif not text.startswith("//"):
            kept.append(line)
    return "".join(kept + block)
