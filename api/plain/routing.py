"""All addresses below `/plain`."""

from starlette.routing import Route

from api.plain import filing, following, signing, talking


def routes() -> list[Route]:
    return [*filing.routes(), *signing.routes(), *following.routes(), *talking.routes()]
