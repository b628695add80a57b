"""`desk110 retention`: how long reports are kept, what is removed, what was, and what may not be."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from commands.saying import complain, operator, say, sentence

if TYPE_CHECKING:
    from uuid import UUID

    from dispatch.database import Database
    from dispatch.removing import Done

app = typer.Typer(
    no_args_is_help=True,
    help="保存期限、清除与保全 · How long reports are kept, what is removed, what is held.",
)

Number = Annotated[str, typer.Argument(help="警情编号 · The report's number.")]
Reason = Annotated[str, typer.Option(help="为什么 · Why; it stands beside the act, for auditors.")]


@app.command()
def rules() -> None:
    """列出保存期限 · The rules that stand; of several that fit, the longest holds."""
    with sentence():
        from commands.ground import database
        from dispatch import retention

        with database() as (_, found), found.read() as session:
            standing = retention.rules(session)
        for rule in standing:
            say(f"{rule.name:<22}  {rule.days:>6} 天 · days")


@app.command("set")
def set_(
    days: Annotated[
        int | None, typer.Option(help="办结后保存多少天，至少 190 · Days after closing, 190 or more.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="quick、location、fraud、tip，或 exercise（演练） · The kind; exercise: whatever was practised."
        ),
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="处警结果，如 handled · The outcome.")] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="取消这条期限 · Take this rule away; the others hold.")
    ] = False,
) -> None:
    """设定一条保存期限 · Set how long reports of a kind, of an outcome, of both or of any are kept."""
    with sentence():
        from commands.ground import database, done
        from dispatch import retention
        from dispatch.errors import Refused

        if (days is None) is not remove:
            raise Refused("field_invalid", fields=["days"])
        of = retention.named(kind, outcome)
        name = retention.Rule(*of, 0).name
        with database() as (_, found):
            news = done(found, lambda session: retention.set_rule(session, *of, days, operator()))
        stands = "已取消 · taken away" if remove else f"{days} 天 · days"
        say(f"{name}: {stands}" if news else f"{name}: 没有变化 · as before")


@app.command()
def preview() -> None:
    """现在清除会清除什么，不动任何东西 · What would be removed now; changes nothing."""
    with sentence():
        from commands.ground import database
        from dispatch import removing
        from dispatch.clock import now

        with database() as (_, found), found.read() as session:
            due, kept = removing.preview(session, now())
        for one in due:
            say(
                f"{one.rule.name:<22}  {one.rule.days:>6} 天 days  警情 reports {one.reports:>7,}  "
                f"媒体 media {one.media:>7,}  {one.bytes / 1e6:,.1f} MB"
            )
        total = sum(one.reports for one in due)
        say(f"到期 {total:,} 条 · {total:,} reports are due")
        say(
            f"过期而保全 {kept.held:,} 条、申诉中 {kept.appealed:,} 条，不会清除 · past their time and kept: "
            f"{kept.held:,} held, {kept.appealed:,} appealed against"
        )


@app.command()
def run(
    most: Annotated[int, typer.Option(min=1, help="最多清除多少条 · At most so many reports.")] = 100_000,
) -> None:
    """现在就清除到期的内容 · Remove now what is due, and end what an earlier run has begun.

    平时由 worker 自动进行 · The worker does so by itself; killed at any point, another run ends it.
    """
    with sentence():
        from commands.ground import database
        from dispatch import removing
        from dispatch.errors import Refused
        from dispatch.store import MediaStore, StoreAway
        from dispatch.writer import Writer

        with database() as (settings, found):
            writer = Writer(found, lambda _: None)
            writer.start()
            try:
                store = MediaStore(settings.media_url)
                ended = removing.run(found, writer.submit, store, operator(), most, _progress)
            except StoreAway:
                raise Refused("store_unavailable") from None
            finally:
                writer.stop()
        say(
            f"清除 {ended.reports:,} 条警情、{ended.rows:,} 行、{ended.files:,} 个媒体 · "
            f"removed the content of {ended.reports:,} reports: {ended.rows:,} rows, {ended.files:,} media"
        )


@app.command()
def record(
    number: Annotated[str | None, typer.Option(help="警情编号 · The report's number.")] = None,
    desk: Annotated[str | None, typer.Option(help="台 · The desk (adcode).")] = None,
    rule: Annotated[str | None, typer.Option(help="期限，如 */handled · The rule.")] = None,
    since: Annotated[datetime | None, typer.Option(help="从，北京时间 · From, Beijing time.")] = None,
    until: Annotated[datetime | None, typer.Option(help="到，北京时间 · Until, Beijing time.")] = None,
    most: Annotated[int, typer.Option(min=1, help="最多多少条 · At most so many.")] = 50,
) -> None:
    """清除了什么的记录，新的在前 · The record of what was removed, the newest first."""
    with sentence():
        from commands.ground import database
        from dispatch import removing

        with database() as (_, found), found.read() as session:
            records = removing.records(
                session,
                number=number,
                desk=desk,
                rule=rule,
                since=_local(since),
                until=_local(until),
                most=most,
            )
        for one in records:
            counts = " ".join(f"{name}={n}" for name, n in sorted(one.counts.items()))
            pending = "" if one.files_gone_at else "  媒体文件还在 · files are still there"
            say(f"{_moment(one.at)}  {one.number}  {one.rule} {one.days} d  {one.actor}  {counts}{pending}")
        if not records:
            say("没有符合的记录 · Nothing fits.")


@app.command()
def holds() -> None:
    """列出没有解除的保全 · The holds that stand."""
    with sentence():
        from commands.ground import database
        from dispatch import holds as found_holds

        with database() as (_, found), found.read() as session:
            standing = found_holds.standing(session)
        for hold, number in standing:
            say(f"{hold.id}  {hold.on:<8}  {number}  {_moment(hold.at)}  {hold.actor}  {hold.reason}")
        say(f"{len(standing)} 项保全 · {len(standing)} holds")


@app.command()
def hold(
    number: Number,
    reason: Reason,
    on: Annotated[
        str,
        typer.Option(
            help="report 警情、incident 事件、person 报警人 · The report, its incident, its reporter."
        ),
    ] = "report",
) -> None:
    """保全：解除之前不清除 · Hold a report, its incident or its reporter: nothing of it is removed."""
    with sentence():
        from commands.ground import database, done
        from dispatch import holds as legal

        with database() as (_, found):
            report = _report(found, number)
            id_ = done(found, lambda session: legal.put(session, report, on, operator(), reason))
        say(f"已保全 · held: {id_}")


@app.command()
def lift(
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="保全编号，见 holds · As `holds` lists it.")],
    reason: Reason,
) -> None:
    """解除保全 · Lift a hold."""
    with sentence():
        from commands.ground import database, done
        from dispatch import holds as legal
        from dispatch import retention
        from dispatch.errors import Refused

        id_ = retention.identifier(hold_id)
        if id_ is None:
            raise Refused("hold_unknown")
        with database() as (_, found):
            news = done(found, lambda session: legal.lift(session, id_, operator(), reason))
        say("已解除 · lifted" if news else "早已解除 · was lifted before")


def _report(found: "Database", number: str) -> "UUID":
    from dispatch import looking_back
    from dispatch.errors import Refused

    with found.read() as session:
        id_ = looking_back.report_of(session, number)
    if id_ is None:
        raise Refused("report_unknown")
    return id_


def _progress(ended: "Done") -> None:
    if sys.stderr.isatty():
        complain(f"{ended.reports:,}")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"


def _local(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=ZoneInfo("Asia/Shanghai")) if moment and moment.tzinfo is None else moment
