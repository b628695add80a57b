"""`desk110 desk`: which desks there are, and which of them take reports by internet."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.saying import operator, say, sentence

if TYPE_CHECKING:
    from dispatch.desks import Desk

app = typer.Typer(
    no_args_is_help=True,
    help="各台：列出、开通、关闭 · The desks: list them, open and close them to internet reports.",
)

Reason = Annotated[str, typer.Option(help="理由，记入日志 · The reason, which goes into the log.")]
Adcode = Annotated[str, typer.Argument(help="六位行政区划代码 · The six-digit code, such as 330106.")]


@app.command("list")
def list_() -> None:
    """列出全部台及是否开通 · All desks, and which are open."""
    with sentence():
        from commands.ground import database
        from dispatch.desks import DESKS
        from dispatch.exercises import practising
        from dispatch.openings import all_openings

        with database() as (_, found), found.read() as session:
            opened = {adcode: one for adcode, one in all_openings(session).items() if one.open}
            practise = practising(session)
        for desk in DESKS.values():
            state = "开通 open  " if desk.adcode in opened else "未开通 closed"
            hours = opened[desk.adcode].hours if desk.adcode in opened else None
            mark = "  演练 exercise" if desk.adcode in practise else ""
            say(
                f"{desk.adcode}  {state}  {desk.name_zh} · {desk.name_en}{f'  {hours}' if hours else ''}{mark}"
            )
        say(f"{len(DESKS)} 个台，开通 {len(opened)} · {len(DESKS)} desks, {len(opened)} open")


@app.command("open")
def open_(adcode: Adcode, reason: Reason = "") -> None:
    """开通互联网报警 · Let a desk take reports by internet."""
    _set(adcode, reason, opened=True)


@app.command()
def close(adcode: Adcode, reason: Reason = "") -> None:
    """关闭互联网报警，改由上级台受理 · Close it: the desk above takes them."""
    _set(adcode, reason, opened=False)


@app.command()
def show(adcode: Adcode) -> None:
    """显示一个台 · One desk: open or not, times, accounts, what waits."""
    with sentence():
        from commands.ground import database
        from dispatch import accounts, events, exercises, openings, waiting
        from dispatch.desk_times import times_of

        _known(adcode)
        with database() as (_, found), found.read() as session:
            opening = openings.opening_of(session, adcode)
            practise = exercises.practises(session, adcode)
            times = times_of(session, adcode)
            there = [one for one in accounts.all_accounts(session, adcode) if one.disabled_at is None]
            count = waiting.count(session, adcode)
            head = events.heads(session, [adcode]).get(adcode, 0)
        desk = _known(adcode)
        say(f"{adcode} {desk.name_zh} · {desk.name_en}")
        say(f"{'已开通 · open' if opening.open else '未开通 · closed'}")
        say(f"时段 · hours: {opening.hours or '全天 · day and night'}")
        if practise:
            say("演练：不接真实警情 · it practises: no real report comes here")
        say(f"等候 · waiting: {count}    事件 · events: {head}")
        for role in accounts.AT_A_DESK:
            numbers = [one.number for one in there if one.role == role]
            say(f"{role}: {len(numbers)}  {' '.join(numbers)}")
        for name in type(times).__dataclass_fields__:
            say(f"{name}: {getattr(times, name)} s")


@app.command()
def exercise(
    adcode: Adcode,
    off: Annotated[bool, typer.Option("--off", help="结束演练 · End it.")] = False,
) -> None:
    """转为演练台：真实警情改由上级台受理 · Let a desk practise: real reports go to the desk above, and what is
    practised there (`desk110 drill`) goes nowhere else.

    台上没有未办结的警情时才能改 · Only while nothing is open there.
    """
    with sentence():
        from commands.ground import database, done
        from dispatch import exercises

        desk = _known(adcode)
        act = exercises.end if off else exercises.begin
        with database() as (_, found):
            news = done(found, lambda session: act(session, adcode, operator()), adcode)
        zh, en = ("不再演练", "practises no longer") if off else ("转为演练", "practises now")
        say(f"{adcode} {desk.name_zh}{'' if news else '本来就'}{zh} · {desk.name_en} {en}")


def _set(adcode: str, reason: str, *, opened: bool) -> None:
    with sentence():
        from commands.ground import database, done
        from dispatch import openings

        desk = _known(adcode)
        with database() as (_, found):
            with found.read() as session:
                already = openings.opening_of(session, adcode).open is opened
            if not already:
                act = openings.open_desk if opened else openings.close_desk
                done(found, lambda session: act(session, adcode, operator(), reason or None), adcode)
        zh, en = ("已开通", "open") if opened else ("已关闭", "closed")
        say(
            f"{adcode} {desk.name_zh}{'本来就' if already else ''}{zh} · {desk.name_en} "
            f"{'was' if already else 'is now'} {en}{' already' if already else ''}"
        )


def _known(adcode: str) -> "Desk":
    from dispatch.desks import DESKS
    from dispatch.errors import Refused

    if adcode not in DESKS:
        raise Refused("desk_unknown", desk=adcode)
    return DESKS[adcode]
