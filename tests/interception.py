"""Requests of a page that a test answers in the server's place."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route

PROBE = "/probe-of-the-interception"
# The service worker's requests are no page's: where it sends what is left to it, they would go to the server.
NOTHING_LEFT_TO_THE_WORKER = """
    const registration = self.ServiceWorkerRegistration?.prototype;
    if (registration) Object.defineProperty(registration, "sync", { get: () => undefined, configurable: true });
"""


async def intercept(
    page: Page, pattern: str | re.Pattern[str], handler: Callable[[Route], Awaitable[None]]
) -> None:
    """Hands the page's requests for a pattern to the handler, and returns once the page's own process does so.

    Chromium tells a page that is already open of its interception by a message that nobody waits for: a
    request made right after `page.route` can still go to the server.
    """

    async def answer(route: Route) -> None:
        await route.fulfill(status=204)

    await page.add_init_script(NOTHING_LEFT_TO_THE_WORKER)
    await page.evaluate(f"() => {{ {NOTHING_LEFT_TO_THE_WORKER} }}")
    await page.route(pattern, handler)
    await page.route(f"**{PROBE}", answer)
    await page.evaluate(
        """async probe => {
            while ((await fetch(probe)).status !== 204) await new Promise(next => setTimeout(next, 10));
        }""",
        PROBE,
    )
    await page.unroute(f"**{PROBE}")
