"""What the console app is put together from. `asgi.py` does it; handlers find it at `request.app.state.parts`."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from console.company import Company
from console.hub import Hub, Loaded
from console.identity_provider import Provider
from console.rendering import Rendering
from dispatch.cipher import FieldCipher
from dispatch.database import Database
from dispatch.reads import Reads
from dispatch.receipts import Signer
from dispatch.settings import Settings
from dispatch.store import MediaStore
from dispatch.writer import Writer
from realtime.doorbell import Doorbell
from realtime.feed import Feed
from realtime.presence import Presence
from web.limits import Limits


@dataclass(slots=True)
class Parts:
    """One of each, for the life of the process."""

    settings: Settings
    database: Database
    writer: Writer
    read: Reads
    cipher: FieldCipher
    signer: Signer
    store: MediaStore
    doorbell: Doorbell
    feed: Feed[Loaded]
    presence: Presence
    hub: Hub
    company: Company
    rendering: Rendering
    limits: Limits
    provider: Provider | None


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the app that serves this request or socket."""
    parts: Parts = connection.app.state.parts
    return parts
