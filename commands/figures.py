"""`desk110 figures`: the counts that are kept of the reports."""

import typer

from commands.saying import say, sentence

app = typer.Typer(
    no_args_is_help=True, help="统计：从警情重新计算 · The figures that are kept of the reports."
)


@app.callback()
def figures() -> None:
    """统计 · The figures that are kept of the reports."""


@app.command()
def rebuild() -> None:
    """重新统计所有警情 · Count all reports anew. The figures stay as they are until that is done."""
    with sentence():
        from dispatch.desks import DESKS
        from dispatch.recounting import recount
        from dispatch.settings import Settings

        settings = Settings.load()
        recount(settings.database_url, lambda desk: say(f"{desk} {DESKS[desk].name_zh}"))
        say("统计已重新计算 · the figures are counted anew")
