"""`desk110 check`: whether an installation has what it needs, thing by thing. It changes nothing."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

import typer

from commands.saying import WRONG, say, sentence

if TYPE_CHECKING:
    from dispatch.database import Database
    from dispatch.settings import Settings

GIB: Final = 1024**3
# Below the first a report may soon not be taken; below the second somebody should look.
DISK: Final = (1 * GIB, 10 * GIB)
# Published heads that are older than so many intervals: no worker runs, or it cannot write.
MISSED: Final = 5

Grade = Literal["well", "look", "wrong"]
GRADES: Final = {"well": "正常 well ", "look": "注意 look ", "wrong": "有误 WRONG"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at one thing found."""

    grade: Grade
    words: str


def check() -> None:
    """检查安装是否正常 · Check what an installation needs.

    设置、数据库、迁移、密钥、Redis、磁盘 · Settings, database, migrations, keys, Redis, disk.

    0 全部正常 all well · 1 有一项不对 something is wrong · 2 设置有误 the settings are unfit.
    """
    with sentence():
        from dispatch.settings import Settings

        settings = Settings.load()
        say(f"{GRADES['well']}  设置 settings: DESK110_HOME={settings.home}")
        wrong = 0
        for name, found in _all(settings):
            say(f"{GRADES[found.grade]}  {name}: {found.words}")
            wrong += found.grade == "wrong"
        if wrong:
            say(f"{wrong} 项不对 · {wrong} things are wrong")
            raise typer.Exit(WRONG)
        say("全部正常 · all well")


def _all(settings: "Settings") -> Iterator[tuple[str, Found]]:
    from dispatch.database import Database

    # Opening a SQLite database that is not there would make one.
    if settings.sqlite and not Path(settings.database_url.removeprefix("sqlite:///")).exists():
        yield "数据库 database", Found("wrong", "还没有，请运行 desk110 setup · none yet: run desk110 setup")
    else:
        database = Database(settings.database_url)
        try:
            yield "数据库 database", _guarded(lambda: _database(database))
            yield "迁移 migrations", _guarded(lambda: _migrations(settings))
            yield "账户 accounts", _guarded(lambda: _accounts(database))
        finally:
            database.close()
    yield "密钥 keys", _guarded(lambda: _keys(settings))
    yield "边界 boundaries", _guarded(lambda: _boundaries(settings))
    yield "Redis", _guarded(lambda: _redis(settings))
    yield "媒体 media", _guarded(lambda: _media(settings))
    yield "磁盘 disk", _guarded(lambda: _disk(settings))
    yield "链头 published heads", _guarded(lambda: _heads(settings))


def _guarded(look: Callable[[], Found]) -> Found:
    """What cannot be looked at is wrong; its words may hold an address or a password, so only its kind is said."""
    from dispatch.errors import Unfit

    try:
        return look()
    except Unfit as error:
        return Found("wrong", str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be told
        return Found("wrong", type(getattr(error, "orig", error)).__name__)


def _database(database: "Database") -> Found:
    from dispatch.events import heads

    with database.read() as session:
        desks = heads(session)
    kind = "SQLite" if database.sqlite else "PostgreSQL"
    return Found(
        "well" if desks else "wrong", f"{kind}, {sum(desks.values()):,} 条事件 events, {len(desks)} desks"
    )


def _migrations(settings: "Settings") -> Found:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from processes.prepare import migrations_of

    newest = set(ScriptDirectory.from_config(migrations_of(settings.database_url)).get_heads())
    engine = create_engine(settings.database_url, poolclass=NullPool)
    with engine.connect() as connection:
        here = set(MigrationContext.configure(connection).get_current_heads())
    if here == newest:
        return Found("well", ", ".join(sorted(here)))
    there = ", ".join(sorted(here)) or "-"
    return Found("wrong", f"{there} ≠ {', '.join(sorted(newest))}，请运行 desk110 setup · run desk110 setup")


def _accounts(database: "Database") -> Found:
    from dispatch.accounts import LEADER, all_accounts
    from dispatch.openings import all_openings

    with database.read() as session:
        accounts = [one for one in all_accounts(session) if one.disabled_at is None]
        opened = {adcode for adcode, one in all_openings(session).items() if one.open}
    without = sorted(opened - {one.desk for one in accounts if one.role == LEADER and one.desk})
    words = f"{len(accounts)} 在用 enabled, {len(opened)} 台开通 desks open"
    if without:
        few = " ".join(without[:5]) + (" …" if len(without) > 5 else "")
        return Found("look", f"{words}; 开通却没有值班长 open without a shift leader: {few}")
    return Found("well", words)


def _keys(settings: "Settings") -> Found:
    from dispatch.keys import KeyPaths, load_field_keys, load_index_key, load_receipt_key

    paths = KeyPaths.under(settings.home)
    load_field_keys(paths)
    load_index_key(paths)
    load_receipt_key(paths)
    return Found("well", str(paths.folder))


def _boundaries(settings: "Settings") -> Found:
    from dispatch.boundaries import boundaries_file
    from dispatch.jurisdiction import Jurisdiction

    Jurisdiction.load(boundaries_file(settings.home))
    return Found("well", str(boundaries_file(settings.home)))


def _redis(settings: "Settings") -> Found:
    from redis import Redis, RedisCluster

    from realtime.redis_at import in_cluster, of_node

    url = settings.redis_url
    if not url:
        from processes.valkey import Valkey

        valkey = Valkey(settings.home)
        if not valkey.socket.exists():
            return Found("look", "desk110 up 会自己启动 · desk110 up starts its own; it does not run now")
        url = valkey.url
    client = RedisCluster if in_cluster(url) else Redis
    with client.from_url(
        of_node(url) if in_cluster(url) else url, socket_timeout=3, socket_connect_timeout=3
    ) as it:
        it.ping()
    return Found("well", "有应答 answers")


def _media(settings: "Settings") -> Found:
    from dispatch.store import MediaStore

    parts = urlsplit(settings.media_url)
    if parts.scheme == "file" and not Path(unquote(parts.path)).is_dir():
        return Found("look", f"{unquote(parts.path)}: 还没有 · not there yet")
    MediaStore(settings.media_url).holds(UUID(int=0), "original")
    return Found("well", settings.media_url.partition(":")[0])


def _disk(settings: "Settings") -> Found:
    free = shutil.disk_usage(settings.home).free
    grade: Grade = "wrong" if free < DISK[0] else "look" if free < DISK[1] else "well"
    return Found(grade, f"{settings.home}: 剩余 free {free / GIB:.1f} GiB")


def _heads(settings: "Settings") -> Found:
    from dispatch.clock import now
    from dispatch.published import latest

    last = latest(settings.home / "heads")
    if last is None:
        return Found("look", "还没有公布过，worker 会公布 · none yet; a worker publishes them")
    age = now() - last.at
    words = f"最近 last {last.at.astimezone():%Y-%m-%d %H:%M:%S %z}"
    late = age > timedelta(seconds=MISSED * settings.heads_every_s)
    return Found(
        "look" if late else "well", words + ("，worker 没有在公布 · no worker publishes" if late else "")
    )
