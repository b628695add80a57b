"""The command `desk110`: all at once (`up`), one process (`citizen`, `console`, `worker`), or the preparation."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from dispatch.errors import Unfit
from dispatch.settings import Settings

REFUSED = 2

# Tracebacks with the values of variables would print what people wrote.
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up() -> None:
    """Prepare, start Valkey, citizen, console and worker, and look after them until Ctrl-C."""
    from processes.lock import held
    from processes.prepare import prepare
    from processes.supervise import NotStarted
    from processes.up import up as run

    with _sentence():
        settings = _demo_settings()
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(settings.home):
            prepare(settings, _say)
            try:
                run(settings, _say)
            except NotStarted as error:
                typer.echo(str(error), err=True)
                raise typer.Exit(1) from None
            _say("已停止 · stopped")


@app.command()
def setup() -> None:
    """Only prepare: folders, newest tables, keys, boundaries; demo accounts if DESK110_DEMO=1."""
    from processes.prepare import prepare

    with _sentence():
        prepare(Settings.load(), _say)


@app.command()
def citizen() -> None:
    """Run one citizen process: the reporters' app."""
    from processes.serve import serve

    with _sentence():
        settings = Settings.load()
        serve("asgi:citizen", settings, settings.citizen_port)


@app.command()
def console() -> None:
    """Run one console process: the dispatchers' app."""
    from processes.serve import serve

    with _sentence():
        settings = Settings.load()
        serve("asgi:console", settings, settings.console_port)


@app.command()
def worker() -> None:
    """Run one worker process: escalations, media, retention."""
    from worker import run

    with _sentence():
        run(Settings.load())


def main() -> None:
    """The entry point `desk110`."""
    app()


@contextmanager
def _sentence() -> Iterator[None]:
    """An installation that cannot run says so in a sentence, not in a traceback."""
    try:
        yield
    except Unfit as error:
        typer.echo(f"desk110: {error}", err=True)
        raise typer.Exit(REFUSED) from None


def _demo_settings() -> Settings:
    """The settings with what `up` takes where nobody has said otherwise: it is the demonstration's command."""
    from dotenv import dotenv_values

    written = {name.upper() for name in dotenv_values(Settings.model_config["env_file"])}  # type: ignore[arg-type]
    for name, value in (("DESK110_DEMO", "1"), ("DESK110_LIMITS", "demo")):
        if name not in written:
            os.environ.setdefault(name, value)  # the children read it too
    return Settings.load()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
