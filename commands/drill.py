"""`desk110 drill`: an exercise, played into a desk that practises."""

import asyncio
import ipaddress
import math
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from commands.saying import WRONG, complain, operator, say, sentence

if TYPE_CHECKING:
    from pathlib import Path

    from commands.play import Spot
    from commands.playing import Locate, Outcome

METRES_A_DEGREE = 111_320.0


def drill(
    play: Annotated[
        str, typer.Argument(help="剧本：evening、storm，或一个 TOML 文件 · The play: a name, or a file.")
    ] = "evening",
    desk: Annotated[
        str, typer.Option(help="演练台，先用 desk exercise 转为演练 · The desk; it must practise.")
    ] = "",
    speed: Annotated[
        float, typer.Option(min=0.1, max=200, help="快放倍数 · How many times as fast as life.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="随机种子，相同则剧情相同 · The same seed, the same play.")] = 1,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, max=600, help="演完后等多少秒 · Seconds to wait at the end.")
    ] = 60.0,
    url: Annotated[
        str,
        typer.Option(
            help="别处的公众一侧网址，默认本机 · The citizen app's address, of this installation; default this host."
        ),
    ] = "",
    list_: Annotated[bool, typer.Option("--list", help="列出剧本 · The plays that there are.")] = False,
) -> None:
    """演练：把一个剧本演到演练台上，最后给出结果 · Play an exercise into a desk that practises; a summary at the end.

    剧中人通过公开的接口报警，只会到演练台；真实的报警人到不了那里。
    Its people report through the public protocol, and reach desks that practise alone; nobody real reaches these.

    0 全部接收 all accepted · 1 有没接收的 something was not · 2 没有演成 not played.
    """
    with sentence():
        from commands import play as plays

        if list_:
            for name in plays.names():
                found = plays.load(name)
                say(f"{name:<10}  {found.title}  {found.minutes:g} min")
            return
        outcome = _played(play, desk, speed, seed, wait_s, url)
        _tell(outcome)
        if outcome.not_accepted or not outcome.filed:
            raise typer.Exit(WRONG)


def _played(play: str, desk: str, speed: float, seed: int, wait_s: float, url: str) -> "Outcome":
    from commands import play as plays
    from commands import playing
    from commands.ground import database, done
    from dispatch import exercises
    from dispatch.cipher import FieldCipher
    from dispatch.desks import DESKS
    from dispatch.errors import Refused, Unfit
    from dispatch.keys import KeyPaths

    found = plays.load(play)
    acts = plays.acts(found, seed)
    if desk not in DESKS:
        raise Refused("desk_unknown", desk=desk or "--desk")
    with database() as (settings, base):
        address = url.rstrip("/") or f"http://127.0.0.1:{settings.citizen_port}"
        _check_address(address)
        with base.read() as session:
            if not exercises.practises(session, desk):
                raise Refused("not_practised")
        locate = locator(settings.home, desk)
        cast = {act.report.who: act.report.language for act in acts}
        cipher = FieldCipher.load(KeyPaths.under(settings.home))
        players = done(
            base, lambda session: exercises.enlist(session, cipher, desk, [*cast.items()], operator()), desk
        )
    say(f"{found.title}：{len(acts)} 条 reports，{len(cast)} 人 people，{speed:g} ×，{address}")
    theatre = playing.Theatre(address, locate, speed, lambda line: complain(line))
    try:
        return asyncio.run(playing.play(acts, dict(zip(cast, players, strict=True)), theatre, wait_s))
    except ConnectionError as error:
        raise Unfit(f"{address} does not answer ({error}).") from None


def locator(home: "Path", desk: str) -> "Locate":
    """Where a spot of the play is in the desk's area, as latitude and longitude: one outside of it is moved towards the
    middle until it is inside. Raises `Unfit` where the installation has no boundaries."""
    from dispatch.boundaries import boundaries_file, read
    from dispatch.demo_units import middle
    from dispatch.desks import DESKS
    from dispatch.jurisdiction import Jurisdiction, OutsideJurisdiction

    boundaries = read(boundaries_file(home))
    jurisdiction, centre = Jurisdiction(boundaries), middle(boundaries, DESKS[desk])
    county = jurisdiction.place(centre.lat, centre.lon).county

    def locate(spot: "Spot") -> tuple[float, float]:
        share = 1.0
        for _ in range(12):
            lat = centre.lat + share * spot.north_m / METRES_A_DEGREE
            lon = centre.lon + share * spot.east_m / (METRES_A_DEGREE * math.cos(math.radians(centre.lat)))
            try:
                if jurisdiction.place(lat, lon).county == county:
                    return round(lat, 6), round(lon, 6)
            except OutsideJurisdiction:
                pass
            share /= 2
        return round(centre.lat, 6), round(centre.lon, 6)

    return locate


def _check_address(address: str) -> None:
    """Elsewhere by https:// alone: the people of a play have tokens, too."""
    from dispatch.errors import Unfit

    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost"
    if parts.scheme not in ({"http", "https"} if near else {"https"}) or not host or parts.path:
        raise Unfit("--url must be an address without a path: https://…, or http:// on this machine.")


def _tell(outcome: "Outcome") -> None:
    took = outcome.accepted
    say(
        f"报警 {len(outcome.filed)}，接收 {len(took)}，撤回 {sum(one.withdrawn for one in outcome.filed)} · "
        f"filed {len(outcome.filed)}, accepted {len(took)}, withdrawn {sum(one.withdrawn for one in outcome.filed)}"
    )
    for band, n in outcome.bands().items():
        share = f"{n / len(outcome.filed):.0%}" if outcome.filed else "–"
        say(f"  {band:<7} {n:>5}  {share}")
    if took:
        half, most = took[len(took) // 2], took[min(len(took) - 1, len(took) * 9 // 10)]
        say(f"接收用时 · time to accept: p50 {half:.1f} s, p90 {most:.1f} s")
    say(
        f"提问 {outcome.questions}，回答 {outcome.answered}，照片 {outcome.photos} · "
        f"questions {outcome.questions}, answered {outcome.answered}, photos {outcome.photos}; {outcome.lasted_s:.0f} s"
    )
    for code, n in sorted(outcome.refused.items()):
        say(f"被拒 · refused: {code} {n}")
    if outcome.not_accepted:
        say("没有人接收 · nobody accepted:")
        for one in outcome.not_accepted:
            say(f"  {one.number}  {one.who}  {one.text[:40]}")
