"""The command `desk110`: all at once (`up`), one process (`citizen`, `console`, `worker`), the preparation, and what an
operator asks of an installation (`commands/`)."""

import os
import sys

import typer

from commands import accounts, audit, backup, check, desks, drill, export, figures, keys, retention, saying
from dispatch.settings import Settings

HELP = """互联网报警 · Reports to the police by internet.

结束状态 · Exit status: 0 正常 well, 1 有问题 something is wrong, 2 设置有误或无法开始 unfit."""

# Each command imports what it needs when its settings are found fit: a refusal should not take seconds.
# Tracebacks with the values of variables would print what people wrote.
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)
app.command()(check.check)
app.command()(drill.drill)
app.add_typer(desks.app, name="desk")
app.add_typer(accounts.app, name="account")
app.add_typer(audit.app, name="audit")
app.add_typer(export.app, name="export")
app.add_typer(figures.app, name="figures")
app.add_typer(retention.app, name="retention")
app.add_typer(backup.app, name="backup")
app.add_typer(keys.app, name="keys")


@app.command()
def up() -> None:
    """Prepare, start Valkey, citizen, console and worker, and look after them until Ctrl-C."""
    from processes.supervise import NotStarted
    from processes.up import up as run

    with saying.sentence():
        try:
            run(_demo_settings(), saying.say)
        except NotStarted as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        saying.say("已停止 · stopped")


@app.command()
def setup() -> None:
    """Only prepare: folders, newest tables, keys, boundaries; demo accounts if DESK110_DEMO=1."""
    with saying.sentence():
        settings = Settings.load()
        from processes.prepare import prepare

        prepare(settings, saying.say)


@app.command()
def citizen() -> None:
    """Run one citizen process: the reporters' app."""
    with saying.sentence():
        settings = Settings.load()
        from processes.serve import serve

        serve("asgi:citizen", settings, settings.citizen_port)


@app.command()
def console() -> None:
    """Run one console process: the dispatchers' app."""
    with saying.sentence():
        settings = Settings.load()
        from processes.serve import serve

        serve("asgi:console", settings, settings.console_port)


@app.command()
def worker() -> None:
    """Run one worker process: escalations, media, retention."""
    with saying.sentence():
        settings = Settings.load()
        from worker import run

        run(settings)


def main() -> None:
    """The entry point `desk110`."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may know no Chinese
    app()


def _demo_settings() -> Settings:
    """The settings with what `up` takes where nobody has said otherwise: it is the demonstration's command."""
    from dotenv import dotenv_values

    written = {name.upper() for name in dotenv_values(Settings.model_config["env_file"])}  # type: ignore[arg-type]  # ours is one path
    for name, value in (("DESK110_DEMO", "1"), ("DESK110_LIMITS", "demo")):
        if name not in written:
            os.environ.setdefault(name, value)  # the children read it too
    return Settings.load()


if __name__ == "__main__":
    main()
