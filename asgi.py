"""Where the two apps are put together: routes, middleware, lifespan.

Nothing is built when this module is imported but the two apps; each reads its settings and opens its database
when it starts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from prometheus_client import start_http_server
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute

from api import (
    boundaries,
    consents,
    covert,
    desks,
    documents,
    duress,
    icons,
    marks,
    me,
    media,
    media_shown,
    my_data,
    pages,
    release,
    reports,
    sessions,
    shell,
    wechat_notices,
)
from api import hub as reporters_hub
from api import live as reporters_live
from api.canary import Reporters
from api.known import KnownSessions
from api.parts import Parts as CitizenParts
from api.placing import Placing
from api.plain import routing as plain
from api.usual import UsualTimes
from console import (
    acknowledgements,
    admin,
    admin_accounts,
    admin_cities,
    admin_desks,
    desk,
    desk_settings,
    first_sign_in,
    location_codes,
    messages,
    outcomes,
    own_account,
    requests,
    sign_in,
    sound,
)
from console import audit as console_audit
from console import calling_back as console_calling_back
from console import duress as console_duress
from console import exports as console_exports
from console import figures as console_figures
from console import floods as console_floods
from console import handling as console_handling
from console import holds as console_holds
from console import hub as consoles_hub
from console import incidents as console_incidents
from console import live as consoles_live
from console import marks as console_marks
from console import media as console_media
from console import notes as console_notes
from console import oidc as console_oidc
from console import originals as console_originals
from console import outlines as console_outlines
from console import passkeys as console_passkeys
from console import proposals as console_proposals
from console import retention as console_retention
from console import scenes as console_scenes
from console import searching as console_searching
from console import shifts as console_shifts
from console import transfers as console_transfers
from console import units as console_units
from console import wallboard as console_wallboard
from console.canary import Desks
from console.company import Company
from console.identity_provider import Provider
from console.parts import Parts as ConsoleParts
from console.rendering import Rendering
from dispatch.boundaries import boundaries_file
from dispatch.cipher import FieldCipher
from dispatch.duress import Ears
from dispatch.events import heads
from dispatch.jurisdiction import Jurisdiction
from dispatch.keys import load_receipt_key, load_receipt_public
from dispatch.laboratory import Laboratory
from dispatch.receipts import Signer
from dispatch.settings import CHECKOUT
from dispatch.store import MediaStore
from dispatch.writer import Writer
from ground import Ground, ground, sender_of, told, verifier_of, wechat_of, writing
from realtime.arriving import Arriving
from realtime.background import in_background
from realtime.canary_watch import Watch
from realtime.doorbell import Doorbell
from realtime.feed import Feed
from realtime.phones import Phones
from web import health
from web.assets import Assets
from web.headers import SecurityHeaders
from web.limits import Limits
from web.problems import HANDLERS, Defects

STATIC = CHECKOUT / "static"
READY_WITHIN_S = 5.0


@told
@asynccontextmanager
async def _citizen_life(app: Starlette) -> AsyncIterator[None]:
    async with ground("citizen") as on:
        known = KnownSessions()
        hub = reporters_hub.Hub(on.read, on.presence, known)
        every_s = on.settings.canary_every_s or 0
        watch = Watch(every_s, on.read, "received")
        canaries = Reporters(watch, every_s)
        feed = Feed(on.feeding, hub.load, hub.deliver, hub.resync, canaries.flight if every_s else None)
        url = on.settings.redis_url
        doorbell = Doorbell(
            on.redis, url, feed.heard, feed.missed, hub.screens_moved, _canary_rung(feed.heard_canary, watch)
        )
        async with writing(on.database, doorbell) as writer:
            parts = app.state.parts = _citizen_parts(on, known, hub, feed, doorbell, writer)
            if on.settings.metrics_port:
                start_http_server(on.settings.metrics_port, addr="127.0.0.1")
            # Reporters of any desk may come to this process, so it follows all.
            await feed.follow()
            async with in_background(
                ring=doorbell.ring_all(),
                listen=doorbell.listen(),
                heads=feed.watch_heads(),
                keep_alive=hub.keep_alive(),
                phones=parts.phones.tell(),
                arriving=parts.arriving.tell(),
                recount_screens=hub.recount_screens(),
                close_ended=hub.close_ended(),
                **({"canaries": watch.look(), "send_canaries": canaries.send(writer)} if every_s else {}),
            ):
                yield
                await hub.close_all()
            await parts.sender.aclose()
            await parts.verifier.aclose()
            if parts.wechat is not None:
                await parts.wechat.aclose()
            parts.laboratory.close()


def _citizen_parts(
    on: Ground,
    known: KnownSessions,
    hub: reporters_hub.Hub,
    feed: Feed[reporters_hub.Loaded],
    doorbell: Doorbell,
    writer: Writer,
) -> CitizenParts:
    settings, cipher = on.settings, FieldCipher.load(on.keys)
    return CitizenParts(
        settings=settings,
        database=on.database,
        writer=writer,
        read=on.read,
        cipher=cipher,
        ears=Ears.of(cipher),
        sender=sender_of(settings),
        verifier=verifier_of(settings),
        wechat=wechat_of(settings, cipher),
        placing=Placing(Jurisdiction.load(boundaries_file(settings.home)), on.read),
        usual=UsualTimes(on.read),
        store=MediaStore(settings.media_url),
        laboratory=Laboratory.small(photos=2),
        doorbell=doorbell,
        feed=feed,
        presence=on.presence,
        phones=Phones(on.redis),
        arriving=Arriving(on.redis),
        hub=hub,
        known=known,
        limits=Limits(settings.limits, settings.redis_url),
        templates=shell.templates(),
        jwks=load_receipt_public(on.keys),
    )


@told
@asynccontextmanager
async def _console_life(app: Starlette) -> AsyncIterator[None]:
    async with ground("console") as on:
        settings, presence = on.settings, on.presence
        rendering = Rendering()
        provider = Provider.of(settings)
        rendering.tiles = settings
        rendering.surroundings = await asyncio.to_thread(console_outlines.surroundings, settings)
        await on.read(rendering.dangers.load)
        await asyncio.to_thread(rendering.warm_up)
        hub = consoles_hub.Hub(on.read, presence, rendering)
        company = Company(hub, presence, Phones(on.redis), Arriving(on.redis), on.read)
        every_s = settings.canary_every_s or 0
        watch = Watch(every_s, on.read, "sent")
        canaries = Desks(hub, rendering, watch)
        feed = Feed(on.feeding, hub.load, hub.deliver, hub.resync, canaries.flight if every_s else None)
        hub.epoch = lambda: feed.epoch
        doorbell = Doorbell(
            on.redis,
            settings.redis_url,
            feed.heard,
            feed.missed,
            lambda _desk: None,
            _canary_rung(feed.heard_canary, watch),
            # Who accepts is answered with what the feed brings.
            hears_itself=True,
        )
        async with writing(on.database, doorbell) as writer:
            canaries.writer = writer
            app.state.parts = ConsoleParts(
                settings=settings,
                database=on.database,
                writer=writer,
                read=on.read,
                cipher=FieldCipher.load(on.keys),
                signer=Signer(load_receipt_key(on.keys)),
                store=MediaStore(settings.media_url),
                doorbell=doorbell,
                feed=feed,
                presence=presence,
                hub=hub,
                company=company,
                rendering=rendering,
                limits=Limits(settings.limits, settings.redis_url),
                provider=provider,
            )
            async with in_background(
                ring=doorbell.ring_all(),
                listen=doorbell.listen(),
                heads=feed.watch_heads(),
                presence=presence.tell(doorbell),
                colleagues=hub.ask_colleagues(),
                waiting=hub.count_again(feed.cursor),
                tick=hub.tick(
                    lambda: feed.heads_at,
                    feed.cursor,
                    lambda: doorbell.connected and presence.answered,
                    watch.at_desk,
                ),
                company=company.tell(),
                close_ended=hub.close_ended(),
                **({"canaries": watch.look()} if every_s else {}),
            ):
                yield
                await hub.close_all()
            if provider is not None:
                await provider.aclose()


def _canary_rung(heard: Callable[[str, int], None], watch: Watch) -> Callable[[str, int], None]:
    def rung(desk: str, seq: int) -> None:
        watch.rung()
        heard(desk, seq)

    return rung


def _checks(request: Request) -> Mapping[str, health.Check]:
    """What both apps need to do their work."""
    parts: CitizenParts | ConsoleParts = request.app.state.parts

    async def database() -> bool:
        return bool(await parts.read(heads))

    async def redis() -> bool:
        return parts.doorbell.connected

    async def feed() -> bool:
        return asyncio.get_running_loop().time() - parts.feed.heads_at < READY_WITHIN_S

    named: dict[str, Callable[[], Awaitable[bool]]] = {"database": database, "redis": redis, "head": feed}
    return named


async def _jwks(request: Request) -> Response:
    """The public keys that receipts verify with (RFC 7517)."""
    return JSONResponse(request.app.state.parts.jwks, headers={"cache-control": "public, max-age=300"})


def _static() -> Mount:
    """Scripts and styles, compressed: the first load of a phone on a poor line is most of them.

    Answers are not: what holds a secret beside what others chose must not be (BREACH).
    """
    return Mount("/static", Assets(STATIC, release.version))


citizen = Starlette(
    routes=[
        _static(),  # most of what is asked for; each route before it would be tried first
        *pages.routes(),
        *shell.routes(),
        *plain.routes(),
        *icons.routes(),
        *sessions.routes(),
        *me.routes(),
        *my_data.routes(),
        *consents.routes(),
        *marks.routes(),
        *desks.routes(),
        *boundaries.routes(),
        *media.routes(),
        *media_shown.routes(),
        *reports.routes(),
        *covert.routes(),
        *wechat_notices.routes(),
        *duress.routes(),
        *documents.routes(),
        WebSocketRoute("/api/v1/live", reporters_live.live),
        Route("/.well-known/jwks.json", _jwks, methods=["GET"]),
        *health.routes(_checks),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(Defects)],
    exception_handlers=dict(HANDLERS),
    lifespan=_citizen_life,
)

console = Starlette(
    routes=[
        _static(),
        *sign_in.routes(),
        *desk.routes(),
        *acknowledgements.routes(),
        *messages.routes(),
        *requests.routes(),
        *location_codes.routes(),
        *console_duress.routes(),
        *console_handling.routes(),
        *console_floods.routes(),
        *console_marks.routes(),
        *console_notes.routes(),
        *console_incidents.routes(),
        *console_shifts.routes(),
        *outcomes.routes(),
        *console_proposals.routes(),
        *console_transfers.routes(),
        *sound.routes(),
        *desk_settings.routes(),
        *console_calling_back.routes(),
        *console_audit.routes(),
        *console_exports.routes(),
        *console_holds.routes(),
        *console_retention.routes(),
        *console_originals.routes(),
        *console_searching.routes(),
        *console_media.routes(),
        *console_outlines.routes(),
        *console_scenes.routes(),
        *console_units.routes(),
        *console_figures.routes(),
        *console_wallboard.routes(),
        *first_sign_in.routes(),
        *own_account.routes(),
        *console_passkeys.routes(),
        *console_oidc.routes(),
        *admin.routes(),
        *admin_desks.routes(),
        *admin_cities.routes(),
        *admin_accounts.routes(),
        WebSocketRoute("/console/live", consoles_live.live),
        *health.routes(_checks),
        Route("/metrics", health.metrics, methods=["GET"]),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(Defects)],
    exception_handlers=dict(HANDLERS),
    lifespan=_console_life,
)

for app in (citizen, console):
    # No address has two spellings, and no redirect is made of a Host that anyone can write.
    app.router.redirect_slashes = False
