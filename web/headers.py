"""Headers on every answer: what a page may load and do, and that nobody keeps it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(images: str = "") -> str:
    """The Content-Security-Policy; `images`: one further origin that pictures may come from."""
    pictures = f"img-src 'self' blob: data: {images}".strip()
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self'; {pictures}; "
        "media-src 'self' blob:; connect-src 'self'; font-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        # Where a browser knows them, text becomes markup or a script's address by the page's one policy alone:
        # static/citizen/early.js and static/console/trusted.js say what it lets through.
        "require-trusted-types-for 'script'; trusted-types default"
    )


POLICY = policy()

# Referrers stay here (`same-origin`); `no-referrer` would make our own forms send `Origin: null`.
FIXED = {
    # Over http:// browsers pass it over (RFC 6797, 8.1).
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(self), microphone=(self)",
    "x-frame-options": "DENY",
}


class SecurityHeaders:
    """Adds the headers that are not set already. Nothing but `/static` may be kept by a cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in FIXED.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", POLICY)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
