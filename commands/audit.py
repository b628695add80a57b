"""`desk110 audit`: whether the event logs are what was written, and what stands in them."""

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from commands.saying import WRONG, asked, complain, language, operator, say, sentence

if TYPE_CHECKING:
    from dispatch.looking_back import Result
    from dispatch.published import Fault
    from dispatch.verifying import Publications, Walked, Wrong

app = typer.Typer(
    no_args_is_help=True, help="督察：核对与检索事件记录 · The event logs: verify and search them."
)


@app.command()
def verify(
    desk: Annotated[
        list[str] | None,
        typer.Option(help="只核对这个台，可多次 · This desk alone (adcode); may be repeated."),
    ] = None,
    heads: Annotated[
        Path | None,
        typer.Option(
            help="已公布的链头文件或文件夹 · Published heads, a file or folder; default <home>/heads."
        ),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="验签公钥 · The JWKS that signed them; default the installation's own."),
    ] = None,
    restored: Annotated[
        list[str] | None,
        typer.Option(help="已知因恢复备份而更换的纪元 · An epoch known to have ended by restoring a backup."),
    ] = None,
) -> None:
    """核对各台的事件链 · Walk every desk's chain.

    逐条核对，指出第一条不对的 · The first row that is wrong is named.

    0 全部完整 all whole · 1 有记录不对 something is wrong · 2 无法核对 could not be verified.
    """
    with sentence():
        from commands.ground import database
        from dispatch import events, verifying
        from dispatch.errors import Unfit

        with database() as (settings, found):
            known = verifying.desks_of(found)
            desks = desk or known
            if unknown := [name for name in desks if name not in known]:
                raise Unfit(f"--desk: there is no desk {', '.join(unknown)}.")
            with found.read() as session:
                epoch = events.epoch(session)
            publications = _published(settings.home, heads, keys, epoch, desks)
            wrong = _tell_publications(publications, restored or [])
            began = time.monotonic()
            walked = []
            for name in desks:
                walked.append(verifying.walk(found, name, publications.heads.get(name), _Progress(name)))
                _tell(walked[-1])
            wrong += sum(one.wrong is not None for one in walked)
            _tell_sum(walked, time.monotonic() - began)
        if wrong:
            raise typer.Exit(WRONG)


@app.command()
def search(
    account: Annotated[str | None, typer.Option(help="谁做的：警号 · Who acted, by number.")] = None,
    phone: Annotated[
        bool,
        typer.Option(
            "--phone",
            help="报警人手机号，会另外询问，不写在命令行里 · By a reporter's phone; it is asked for.",
        ),
    ] = False,
    number: Annotated[str | None, typer.Option(help="警情编号 · A report's number.")] = None,
    act: Annotated[str | None, typer.Option(help="行为，如 ReportLookedAt · The kind of event.")] = None,
    desk: Annotated[str | None, typer.Option(help="台 · The desk (adcode).")] = None,
    since: Annotated[datetime | None, typer.Option(help="从，北京时间 · From, Beijing time.")] = None,
    until: Annotated[datetime | None, typer.Option(help="到，北京时间 · Until, Beijing time.")] = None,
    cursor: Annotated[str, typer.Option(help="接着查 · Go on from there.")] = "",
) -> None:
    """检索谁看了、做了什么 · Who saw and did what.

    最近的在前；每次检索都记入日志 · The newest first; each search is an event itself.
    """
    with sentence():
        from commands.ground import database, done
        from dispatch import looking_back
        from dispatch.cipher import FieldCipher
        from dispatch.errors import Refused
        from dispatch.keys import KeyPaths
        from dispatch.phones import normalise

        if act is not None and act not in looking_back.KINDS:
            raise Refused("act_unknown", kinds=", ".join(looking_back.KINDS))
        typed = asked("手机号 · The phone: ", hidden=False).strip() if phone else ""
        with database() as (settings, found):
            cipher = FieldCipher.load(KeyPaths.under(settings.home))
            with found.read() as session:
                reporter = report = None
                if phone:
                    index = cipher.index("phone", normalise(typed, demo=settings.demo))
                    if (reporter := looking_back.reporter_of(session, index)) is None:
                        raise Refused("phone_unknown_here")
                if number is not None and (report := looking_back.report_of(session, number)) is None:
                    raise Refused("report_unknown")
                wanted = looking_back.Wanted(
                    account, reporter, report, act, desk, _local(since), _local(until)
                )
                result = looking_back.find(session, wanted, cursor)
            digest = cipher.index("search", " ".join([typed, *map(str, wanted.by)]))
            done(
                found,
                lambda session: looking_back.tell(session, operator(), wanted, digest, len(result.acts)),
            )
        _tell_acts(result)


def _local(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=ZoneInfo("Asia/Shanghai")) if moment and moment.tzinfo is None else moment


def _tell_acts(result: "Result") -> None:
    from dispatch.looking_back import key_of
    from dispatch.words import Words

    words = Words.of(language())
    for act in result.acts:
        kind, name = act.who
        who = {"dispatcher": name, "operator": act.actor, "reporter": act.phone_masked or kind}.get(
            kind, kind
        )
        said = words.get(f"console.audit.act.{key_of(act.kind)}") or act.kind
        more = [act.number, *act.addresses, act.reason or act.why, str(act.data.get("account") or "")]
        at = act.at.astimezone(ZoneInfo("Asia/Shanghai"))
        say(
            f"{at:%Y-%m-%d %H:%M:%S}  {act.desk}#{act.seq}  {who}  {said}  {'  '.join(one for one in more if one)}"
        )
    if not result.acts:
        say("没有符合的记录 · Nothing fits.")
    if result.cursor:
        say(f"还有更早的，接着查请加 · There is more; go on with --cursor '{result.cursor}'")


class _Progress:
    """Says now and then how far the walk has come, where somebody sits and waits."""

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self._events = 0

    def __call__(self, events: int) -> None:
        self._events += events
        if sys.stderr.isatty():
            typer.echo(f"\r{self._desk} {self._events:,}", err=True, nl=False)


def _published(
    home: Path, heads: Path | None, keys: Path | None, epoch: str, desks: list[str]
) -> "Publications":
    from dispatch import published, verifying
    from dispatch.errors import Unfit
    from dispatch.keys import KeyPaths, load_receipt_public

    place = heads or home / "heads"
    if heads is not None and not heads.exists():
        raise Unfit(f"--heads: {heads} does not exist.")
    paths = published.files(place) if place.exists() else []
    jwks = load_receipt_public(KeyPaths.under(home, receipt_public=keys)) if paths else {"keys": []}
    return verifying.gather(published.read(paths, jwks), epoch, set(desks))


def _tell_publications(publications: "Publications", restored: list[str]) -> int:
    """Says against what the logs are held; gives how much is wrong with it."""
    if not publications.lines and not publications.faults:
        complain(
            "没有已公布的链头：整条重算的链和连同链头一起截断的末尾查不出来 · No published heads: a chain that was "
            "computed anew, or an end cut off together with its head, cannot be found."
        )
        return 0
    if publications.last:
        say(
            f"已公布的链头 {publications.lines} 次，最近 {_moment(publications.last)} · "
            f"heads published {publications.lines} times, last at {_moment(publications.last)}"
        )
    for fault in publications.faults:
        complain(_fault(fault))
    unknown = {epoch: at for epoch, at in publications.others.items() if epoch not in restored}
    for epoch, at in unknown.items():
        complain(
            f"到 {_moment(at)} 为止公布的链头属于另一个纪元 {epoch}。若那时恢复过备份，请加 --restored {epoch} · "
            f"Heads up to {_moment(at)} are of another epoch, {epoch}: the database was exchanged. If a backup was "
            f"restored then, say --restored {epoch}."
        )
    return len(publications.faults) + len(unknown)


def _fault(fault: "Fault") -> str:
    zh, en = {
        "unreadable": ("不完整", "cannot be read"),
        "unsigned": (
            "签名不对，不是本系统写的或被改过",
            "is not signed by us: written by others, or changed",
        ),
        "gap": ("前面缺了行", "does not follow the line before: lines are missing"),
    }[fault.what]
    return f"{fault.path.name} 第 {fault.number} 行{zh} · {fault.path.name}, line {fault.number}: {en}."


def _tell(walked: "Walked") -> None:
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
    if walked.wrong is not None:
        complain(_wrong(walked.wrong))
    elif walked.events:
        held = (
            f" · 对照已公布的链头 {walked.held} · published heads held against: {walked.held}"
            if walked.held
            else ""
        )
        say(f"{walked.desk} 完整 · whole: {walked.events:,}{held}")


def _wrong(wrong: "Wrong") -> str:
    """The row by desk and number, and what is wrong with it."""
    zh, en = _WRONG[wrong.what]
    known = wrong.known
    values = {
        "desk": wrong.desk,
        "seq": wrong.seq,
        "upto": wrong.upto,
        "fits": wrong.fits,
        "before": wrong.seq - 1,
        "at": _moment(known.at) if known else "",
    }
    return f"{zh.format(**values)} · {en.format(**values)}"


_WRONG = {
    "changed": (
        "{desk} 台第 {seq} 号记录被改过内容（或第 {before} 号连同它的散列被改过）",
        "desk {desk}, event {seq}: its content was changed after it was written (or that of event {before}, with its "
        "hash).",
    ),
    "broken": (
        "{desk} 台第 {seq} 号记录接不上第 {before} 号：被改过、插入或换了位置",
        "desk {desk}, event {seq} does not follow event {before}: it was changed, inserted or moved.",
    ),
    "missing": (
        "{desk} 台缺第 {seq} 号记录（缺到第 {upto} 号）",
        "desk {desk}, event {seq}: deleted; missing up to event {upto}.",
    ),
    "cut_off": (
        "{desk} 台末尾被截断：从第 {seq} 号起缺到链头的第 {upto} 号",
        "desk {desk}, event {seq}: the end was cut off; the head says that the log reaches event {upto}.",
    ),
    "beyond": (
        "{desk} 台第 {seq} 号记录在链头之外：是后来插入的，或链头被改小了",
        "desk {desk}, event {seq} stands behind the head: it was inserted, or the head was set back.",
    ),
    "head": (
        "{desk} 台的链头与第 {seq} 号记录不符：末尾或链头被改过",
        "desk {desk}: the head is not that of event {seq}: the end of the log or its head was changed.",
    ),
    "head_missing": ("{desk} 台没有链头", "desk {desk}: its head was deleted."),
    "unreadable": (
        "{desk} 台第 {seq} 号记录无法读取：被改成了任何事件都不会有的内容",
        "desk {desk}, event {seq} cannot be read: it was changed into what no event holds.",
    ),
    "rebuilt": (
        "{desk} 台第 {seq} 号记录与 {at} 公布的不同：链被整条重算，最早从第 {fits} 号之后",
        "desk {desk}, event {seq} is not what was published at {at}: the chain was computed anew, from somewhere after "
        "event {fits} on.",
    ),
    "cut_off_with_head": (
        "{desk} 台末尾连同链头被截断：{at} 公布时有第 {upto} 号，现在从第 {seq} 号起没有",
        "desk {desk}, event {seq}: the end was cut off together with the head; at {at} the log reached event {upto}.",
    ),
}


def _tell_sum(walked: "list[Walked]", took_s: float) -> None:
    events = sum(one.events for one in walked)
    wrong = sum(one.wrong is not None for one in walked)
    rate = f"{events / max(took_s, 0.001):,.0f}/s"
    if wrong:
        complain(f"{wrong} 个台有记录不对 · {wrong} desks have a row that is wrong ({events:,}, {rate})")
    else:
        say(f"全部完整 · all whole: {events:,} ({len(walked)} desks, {rate})")


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
