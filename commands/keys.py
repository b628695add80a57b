"""`desk110 keys`: which keys there are, and how they are changed, step by step (docs/operations.md, Keys)."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from commands.saying import WRONG, complain, operator, say, sentence

if TYPE_CHECKING:
    from dispatch.keys import KeyPaths

app = typer.Typer(no_args_is_help=True, help="密钥与轮换 · The keys, and how they are changed.")

Key = Annotated[str, typer.Argument(metavar="KEY", help="密钥编号，见 list · Its id, as `list` shows it.")]


@app.command("list")
def list_() -> None:
    """列出密钥及各自加密了多少值 · The keys by id, and how much is sealed with each; never a key."""
    with sentence():
        from commands.ground import database
        from dispatch import keys, resealing
        from dispatch.receipts import key_id

        with database() as (settings, found):
            paths = keys.KeyPaths.under(settings.home)
            ring, public = keys.load_field_keys(paths), keys.load_receipt_public(paths)
            with found.read() as session:
                sealed = resealing.counted(session)
        for name in ring.keys:
            marks = "在用 seals" if name == ring.current else "只解密 opens"
            say(f"字段密钥 field key  {name.hex()}  {marks:<13}  {sealed.pop(name.hex(), 0):>9,}")
        for missing, count in sorted(sealed.items()):
            say(f"字段密钥 field key  {missing}  缺失 MISSING  {count:>9,}")
        signing = key_id(keys.load_receipt_key(paths).public_key()) if paths.receipt_key.exists() else None
        for one in public["keys"]:
            marks = "在用 signs" if one["kid"] == signing else "只验证 verifies"
            say(f"签名密钥 signing key  {one['kid']}  {marks}")
        if sealed:
            complain("有值解不开：请从备份恢复字段密钥 · A field key is missing: restore it from its backup.")
            raise typer.Exit(WRONG)


@app.command()
def add() -> None:
    """一、加一把字段密钥，暂时只解密 · First: a new field key, which only opens as yet.

    随后重启所有进程，再用 seal-with · Then start every process anew, and go on with seal-with.
    """
    with sentence():
        from dispatch import keys

        say(f"已加 · added: {keys.add_field_key(_paths())}")


@app.command("seal-with")
def seal_with(key: Key) -> None:
    """二、改用这把字段密钥加密 · Second: seal with this field key.

    随后重启所有进程，再用 reseal · Then start every process anew, and go on with reseal.
    """
    with sentence():
        from dispatch import keys

        keys.make_current(_paths(), key)
        say(f"下次启动起用它加密 · from the next start on, this one seals: {key}")


@app.command()
def reseal() -> None:
    """三、把旧密钥加密的值用新密钥重新加密 · Third: seal anew what is sealed with another field key.

    各台照常工作；中断后再运行就接着做 · The desks go on meanwhile; killed at any point, another run goes on there.
    """
    with sentence():
        from commands.ground import database
        from dispatch import resealing
        from dispatch.cipher import FieldCipher
        from dispatch.keys import KeyPaths
        from dispatch.writer import Writer

        with database() as (settings, found):
            writer = Writer(found, lambda _: None)
            writer.start()
            try:
                cipher = FieldCipher.load(KeyPaths.under(settings.home))
                ended = resealing.reseal(found, writer.submit, cipher, operator(), _progress)
            finally:
                writer.stop()
        say(f"重新加密 {ended.values:,} 个值 · sealed {ended.values:,} values anew with {cipher.current}")
        if ended.unopenable:
            complain(
                f"{ended.unopenable:,} 个值解不开，保持原样 · {ended.unopenable:,} values cannot be opened and stay as "
                "they are: their key is missing, or they were changed."
            )
            raise typer.Exit(WRONG)


@app.command()
def remove(key: Key) -> None:
    """四、移除不再加密任何值的字段密钥 · Last: forget a field key that nothing is sealed with any more.

    旧备份还要用它：先把密钥夹备份好 · Older backups still need it: back up the keys first.
    """
    with sentence():
        from commands.ground import database
        from dispatch import keys, resealing

        with database() as (settings, found):
            with found.read() as session:
                left = resealing.counted(session)[key]
            if left:
                complain(
                    f"还有 {left:,} 个值用它加密，请先 reseal · {left:,} values are still sealed with it: run reseal."
                )
                raise typer.Exit(WRONG)
            keys.remove_field_key(keys.KeyPaths.under(settings.home), key)
        say(f"已移除 · removed: {key}")


@app.command("add-signing")
def add_signing() -> None:
    """一、造一把签名密钥，先只公布公钥 · First: a new signing key; only its public half is published as yet.

    随后重启所有进程，再用 sign-with-new · Then start every process anew, and go on with sign-with-new.
    """
    with sentence():
        from dispatch import keys

        say(f"公钥已加 · its public half is added: {keys.add_receipt_key(_paths())}")


@app.command("sign-with-new")
def sign_with_new() -> None:
    """二、改用新的签名密钥 · Second: sign with the new key. Old receipts verify as before; start the processes anew."""
    with sentence():
        from dispatch import keys

        say(f"下次启动起用它签名 · from the next start on, this one signs: {keys.sign_with_next(_paths())}")


def _paths() -> "KeyPaths":
    from dispatch.keys import KeyPaths
    from dispatch.settings import Settings

    return KeyPaths.under(Settings.load().home)


def _progress(values: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{values:,}", err=True, nl=False)
