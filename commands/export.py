"""`desk110 export`: a report, or an incident, handed out as evidence, with a reason that the log tells first."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.saying import operator, say, sentence

app = typer.Typer(no_args_is_help=True, help="证据导出 · Hand a report or an incident out as evidence.")


class Form(StrEnum):
    """What is written."""

    bundle = "bundle"
    eido = "eido"
    cap = "cap"


@app.callback()
def _group() -> None:
    """证据导出 · Hand a report or an incident out as evidence."""


@app.command()
def report(
    number: Annotated[str, typer.Argument(help="警情编号 · The report's number.")],
    reason: Annotated[str, typer.Option(help="为什么导出，交给谁 · Why it is exported, and for whom.")],
    out: Annotated[Path, typer.Option(help="写到这个文件，不会覆盖 · The file; never written over.")],
    form: Annotated[
        Form, typer.Option(help="证据包、EIDO 或 CAP · The signed bundle, EIDO or CAP 1.2.")
    ] = Form.bundle,
) -> None:
    """导出一条警情，含未脱敏的个人信息 · One report, with personal data unmasked.

    包里的 VERIFY.md 写着怎样核对 · VERIFY.md in it says how to verify it.
    """
    _hand_out(number, reason, out, form.value)


@app.command()
def person(
    number: Annotated[str, typer.Argument(help="此人任一警情的编号 · The number of any of their reports.")],
    reason: Annotated[str, typer.Option(help="为什么导出，交给谁 · Why it is exported, and for whom.")],
    out: Annotated[Path, typer.Option(help="写到这个文件，不会覆盖 · The file; never written over.")],
) -> None:
    """导出一个人的全部谎报和骚扰警情 · All false and harassing reports of one person, personal data unmasked.

    一个签名的证据包，各台的都在 · One signed bundle, of all desks.
    """
    _hand_out(number, reason, out, "person")


@app.command()
def incident(
    number: Annotated[
        str, typer.Argument(help="事件编号，以 E 开头 · The incident's number, with E before it.")
    ],
    reason: Annotated[str, typer.Option(help="为什么导出，交给谁 · Why it is exported, and for whom.")],
    out: Annotated[Path, typer.Option(help="写到这个文件，不会覆盖 · The file; never written over.")],
    form: Annotated[
        Form, typer.Option(help="证据包、EIDO 或 CAP · The signed bundle, EIDO or CAP 1.2.")
    ] = Form.bundle,
) -> None:
    """导出一个事件的全部警情，含未脱敏的个人信息 · An incident with all its reports, personal data unmasked.

    一个文件，一份清单，一个签名 · One file, one manifest, one signature.
    """
    _hand_out(number, reason, out, form.value, incident=True)


def _hand_out(number: str, reason: str, out: Path, form: str, *, incident: bool = False) -> None:
    with sentence():
        from commands.ground import database, done
        from dispatch import bundle, evidence, exports, looking_back
        from dispatch.cipher import FieldCipher
        from dispatch.clock import now
        from dispatch.errors import Refused, Unfit
        from dispatch.keys import KeyPaths, load_receipt_key, load_receipt_public
        from dispatch.signatures import BUNDLE, Seal
        from dispatch.store import MediaStore, StoreAway

        if out.exists():
            raise Unfit(f"--out: {out} is there already.")
        with database() as (settings, found):
            keys = KeyPaths.under(settings.home)
            cipher, seal = FieldCipher.load(keys), Seal(load_receipt_key(keys), BUNDLE)
            store = MediaStore(settings.media_url)
            actor = operator()
            of = exports.incident_numbered if incident else looking_back.report_of
            with found.read() as session:
                id_ = of(session, number)
            if id_ is None:
                raise Refused("incident_unknown" if incident else "report_unknown")
            whole: bundle.Handed
            if incident:
                begun = done(found, lambda session: exports.begin_incident(session, id_, actor, form, reason))
                export = begun.export
                with found.read() as session:
                    whole = evidence.gather_case(session, cipher, id_, begun.reports, begun.elsewhere)
            else:
                if form == exports.PERSON:
                    begin = lambda session: exports.begin_person(session, id_, actor, reason)  # noqa: E731
                    export, ids = done(found, begin)
                else:
                    export = done(found, lambda session: exports.begin(session, id_, actor, form, reason))
                    ids = [id_]
                with found.read() as session:
                    whole = [evidence.gather(session, cipher, one) for one in ids]
            made = bundle.Made(export, now(), actor, " ".join(reason.split()))
            beside = out.with_name(f".{out.name}.{os.getpid()}")
            try:
                with open(beside, "xb", opener=_private) as file:
                    fetch = lambda media: store.get(media, "original")  # noqa: E731
                    bundle.make(file, form, whole, made, fetch, seal, load_receipt_public(keys), settings)
                    file.flush()
                    os.fsync(file.fileno())
                beside.rename(out)
            except StoreAway:
                raise Refused("store_unavailable") from None
            except OSError as error:
                raise Unfit(f"--out: {out} cannot be written ({error.strerror}).") from None
            finally:
                beside.unlink(missing_ok=True)
        say(f"{out}：含未脱敏的个人信息，妥善保管 · holds personal data unmasked: keep it safe")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
