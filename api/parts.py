"""What the citizen app is put together from. `asgi.py` does it; handlers find it at `request.app.state.parts`."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection
from starlette.templating import Jinja2Templates

from api.hub import Hub, Loaded
from api.known import KnownSessions
from api.placing import Placing
from api.usual import UsualTimes
from dispatch.cipher import FieldCipher
from dispatch.database import Database
from dispatch.duress import Ears
from dispatch.laboratory import Laboratory
from dispatch.reads import Reads
from dispatch.receipts import Jwks
from dispatch.senders import Sender
from dispatch.settings import Settings
from dispatch.store import MediaStore
from dispatch.verifiers import Verifier
from dispatch.wechat import Wechat
from dispatch.writer import Writer
from realtime.arriving import Arriving
from realtime.doorbell import Doorbell
from realtime.feed import Feed
from realtime.phones import Phones
from realtime.presence import Presence
from web.kept import Kept
from web.limits import Limits


@dataclass(slots=True)
class Parts:
    """One of each, for the life of the process."""

    settings: Settings
    database: Database
    writer: Writer
    read: Reads
    cipher: FieldCipher
    ears: Ears
    sender: Sender
    verifier: Verifier
    wechat: Wechat | None
    placing: Placing
    usual: UsualTimes
    store: MediaStore
    laboratory: Laboratory
    doorbell: Doorbell
    feed: Feed[Loaded]
    presence: Presence
    phones: Phones
    arriving: Arriving
    hub: Hub
    known: KnownSessions
    limits: Limits
    templates: Jinja2Templates
    jwks: Jwks
    documents: dict[Hashable, Kept] = field(default_factory=dict)


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the app that serves this request or socket."""
    parts: Parts = connection.app.state.parts
    return parts
