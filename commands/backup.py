"""`desk110 backup`: a copy of what an installation knows, and how it is brought back."""

from pathlib import Path
from typing import Annotated

import typer

from commands.saying import WRONG, complain, operator, say, sentence

app = typer.Typer(
    no_args_is_help=True, help="备份与恢复（不含密钥） · Back up and restore; keys are kept apart."
)


@app.command()
def create(
    out: Annotated[Path, typer.Option(help="放到哪个文件夹 · The folder for the backups, one folder each.")],
    keep: Annotated[
        int | None, typer.Option(min=1, help="只留最近几份 · Remove all but the newest so many.")
    ] = None,
) -> None:
    """备份数据库、媒体与已公布的链头，各台照常工作 · Back up database, media and published heads; the desks go on."""
    with sentence():
        from commands.ground import database
        from processes import backing_up

        with database() as (settings, _):
            made = backing_up.create(settings, out)
            gone = backing_up.prune(out, keep) if keep else []
        manifest = backing_up.Manifest.read(made)
        events = sum(seq for seq, _ in manifest.heads.values())
        files = len(backing_up.read_digests(made)) - 1
        say(f"已备份 · backed up: {made} ({events:,} events, {files:,} files)")
        if not manifest.media:
            say("媒体在 S3，由其运营者备份 · The media are in S3; their operator keeps them.")
        say("密钥不在其中，请另外备份 · The keys are not in it: back them up apart.")
        if gone:
            say(f"移除旧备份 {len(gone)} 份 · removed {len(gone)} older backups")


@app.command()
def restore(
    from_: Annotated[Path, typer.Option("--from", help="一份备份的文件夹 · The folder of one backup.")],
    keep_sessions: Annotated[
        bool,
        typer.Option(
            "--keep-sessions",
            help="接警台不必重新登录；备份之后退出的人也会恢复登录 · Consoles stay signed in, and so is anew whoever "
            "was signed out after the backup.",
        ),
    ] = False,
) -> None:
    """恢复到还没有数据库的安装；先放回密钥 · Bring a backup back to where there is no database yet; keys first.

    所有进程要先停下 · Stop every process before.
    """
    with sentence():
        from dispatch.settings import Settings
        from processes.restoring import restore as bring_back

        done = bring_back(Settings.load(), from_, operator(), keep_sessions=keep_sessions)
        at = done.manifest.made_at.astimezone()
        say(f"已恢复到 · restored as of {at:%Y-%m-%d %H:%M:%S %z}")
        say(
            f"旧纪元 {done.manifest.epoch}，之后核对日志请加 · The epoch that ended; verify from now on with\n"
            f"  desk110 audit verify --restored {done.manifest.epoch}"
        )
        if not done.manifest.media:
            say("备份中没有媒体 · The backup has no media; see that the S3 store still holds them.")
        if done.missing_keys:
            complain(
                f"缺少字段密钥 {' '.join(done.missing_keys)}，有个人信息解不开 · These field keys are missing; what is "
                "sealed with them cannot be read."
            )
            raise typer.Exit(WRONG)
