"""What was deployed: the version of the mobile page, and the addresses of its files in it.

The version is a digest of everything that the page is made of, so that all processes of one release name the same.
"""

from functools import cache
from pathlib import Path
from typing import Final

from dispatch.settings import CHECKOUT
from dispatch.words import sources
from web.assets import address, digest

STATIC: Final = CHECKOUT / "static"
# Below `static`: what the service worker keeps of itself. What else a view may load, it keeps once that was used.
_KEPT: Final = ("citizen/**/*.js", "citizen/**/*.css", "citizen/*.svg", "vendor/icons.svg")
# Below the checkout: whatever else makes another page of the same address.
_SOURCES: Final = (
    "static/plain/*.css",
    "static/worker/*.js",
    "templates/citizen/**/*.html",
    "api/pages.py",
)


@cache
def version() -> str:
    """Of the page, its files and its words together, whoever has added some."""
    found = (path for pattern in _SOURCES for path in CHECKOUT.glob(pattern))
    return digest(CHECKOUT, {*found, *sources("citizen", "terms"), *_kept()})


def asset(path: str) -> str:
    """Where a file below `static` is asked for in this version."""
    return address(version(), path)


def files() -> list[str]:
    """The addresses of all files that the page needs without a network."""
    return sorted(asset(path.relative_to(STATIC).as_posix()) for path in _kept())


def _kept() -> list[Path]:
    return [path for pattern in _KEPT for path in STATIC.glob(pattern)]
