"""All addresses below `/plain`."""

from starlette.routing import Route

from api.plain import filing, following, marked, signing, talking


def routes() -> list[Route]:
    return [*filing.routes(), *signing.routes(), *following.routes(), *talking.routes(), *marked.routes()]
