"""`desk110 account`: who may sign in at a console, and as what."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from commands.saying import WRONG, asked, complain, operator, say, sentence

app = typer.Typer(
    no_args_is_help=True,
    help="账户：接警员、值班长、督察、管理员 · Accounts: dispatchers, shift leaders, auditors, administrators.",
)


class Role(StrEnum):
    """What an account may do. One each: nobody leads, audits and administers at once."""

    dispatcher = "dispatcher"
    shift_leader = "shift_leader"
    auditor = "auditor"
    admin = "admin"


Number = Annotated[str, typer.Argument(help="警号 · The number that is signed in with.")]
Generate = Annotated[
    bool, typer.Option("--generate", help="生成密码并显示一次 · Make a password and print it once.")
]


@app.command("list")
def list_(
    desk: Annotated[str | None, typer.Option(help="只列这个台 · This desk alone (adcode).")] = None,
    role: Annotated[Role | None, typer.Option(help="只列这个角色 · This role alone.")] = None,
) -> None:
    """列出账户 · The accounts."""
    with sentence():
        from commands.ground import database
        from dispatch import accounts

        with database() as (_, found), found.read() as session:
            listed = accounts.all_accounts(session, desk, role.value if role else None)
        for one in listed:
            state = "停用 disabled" if one.disabled_at else "在用 enabled "
            factor = "  两步 second factor" if one.second_factor else ""
            say(f"{one.number:<16}  {one.role:<12}  {one.desk or '-':<6}  {state}{factor}")
        say(f"{len(listed)} 个账户 · {len(listed)} accounts")


@app.command()
def add(
    number: Number,
    role: Annotated[Role, typer.Option(help="角色 · The role.")],
    desk: Annotated[
        str | None,
        typer.Option(help="所属台，接警员和值班长必填 · The desk, for a dispatcher and a shift leader."),
    ] = None,
    generate: Generate = False,
) -> None:
    """新建账户 · A new account; its password is asked for, or made.

    密码从不写在命令行里 · A password is never an argument.
    """
    with sentence():
        from commands.ground import database, done
        from dispatch import accounts
        from dispatch.dispatchers import hash_password
        from dispatch.reporters import PROVINCE

        accounts.check_new(number, role.value, desk)
        password = _password(number, generate=generate)
        hashed = hash_password(password)
        with database() as (_, found):
            done(
                found,
                lambda session: accounts.add(session, number, role.value, desk, hashed, operator()),
                *sorted({desk or PROVINCE, PROVINCE}),
            )
        say(f"已建账户 {number} · Account {number} is there ({role.value})")
        _show(password, generate=generate)


@app.command()
def disable(number: Number) -> None:
    """停用账户并令其退出 · Disable an account and sign it out."""
    _switch(number, enabled=False)


@app.command()
def enable(number: Number) -> None:
    """恢复账户 · Enable an account again."""
    _switch(number, enabled=True)


@app.command()
def password(number: Number, generate: Generate = False) -> None:
    """更换密码并令其退出 · Another password; who is signed in signs in anew."""
    with sentence():
        from commands.ground import database, done
        from dispatch import accounts
        from dispatch.dispatchers import hash_password

        typed = _password(number, generate=generate)
        hashed = hash_password(typed)
        with database() as (_, found):
            done(found, lambda session: accounts.set_password(session, number, hashed, operator()))
        say(f"已更换 {number} 的密码 · The password of {number} is another one now")
        _show(typed, generate=generate)


@app.command()
def totp(
    number: Number,
    remove: Annotated[
        bool, typer.Option("--remove", help="取消第二步 · Take the second factor away.")
    ] = False,
) -> None:
    """设置第二步验证（动态口令） · Set a second factor (TOTP).

    用验证器上的一个口令确认 · It is confirmed by one of its codes.
    """
    with sentence():
        from commands.ground import database, done
        from dispatch import accounts, dispatchers
        from dispatch.cipher import FieldCipher
        from dispatch.clock import now
        from dispatch.errors import Refused
        from dispatch.keys import KeyPaths

        with database() as (settings, found):
            if remove:
                news = done(found, lambda session: accounts.remove_totp(session, number, operator()))
                say(
                    f"{number} 不再需要第二步 · {number} has no second factor any more"
                    if news
                    else f"{number} 本来就没有第二步 · {number} had no second factor"
                )
                return
            with found.read() as session:
                if dispatchers.account(session, number) is None:
                    raise Refused("account_unknown")
            secret = accounts.new_secret()
            say(
                f"密钥只显示这一次 · The secret, shown this once:\n{secret}\n{accounts.address_of(number, secret)}"
            )
            code = asked("验证器上的六位口令 · The six digits that the authenticator shows: ", hidden=False)
            step = dispatchers.totp_step(secret, code.strip(), now())
            if step is None:
                complain("口令不对，没有改动 · The code is wrong; nothing was changed.")
                raise typer.Exit(WRONG)
            cipher = FieldCipher.load(KeyPaths.under(settings.home))
            done(found, lambda session: accounts.set_totp(session, cipher, number, secret, operator(), step))
        say(f"{number} 登录时要第二步 · {number} signs in with a second factor now")


def _switch(number: str, *, enabled: bool) -> None:
    with sentence():
        from commands.ground import database, done
        from dispatch import accounts

        act = accounts.enable if enabled else accounts.disable
        with database() as (_, found):
            news = done(found, lambda session: act(session, number, operator()))
        zh, en = ("在用", "enabled") if enabled else ("停用", "disabled")
        say(
            f"{number}{'现在' if news else '本来就'}{zh} · {number} {'is now' if news else 'was'} {en}"
            f"{'' if news else ' already'}"
        )


def _password(number: str, *, generate: bool) -> str:
    from dispatch import accounts
    from dispatch.errors import Refused

    if generate:
        return accounts.new_password()
    first = asked("新密码 · New password: ")
    accounts.check_password(number, first)
    if sys.stdin.isatty() and asked("再输一次 · Once more: ") != first:
        raise Refused("passwords_differ")
    return first


def _show(password: str, *, generate: bool) -> None:
    if generate:
        say(f"密码只显示这一次 · The password, shown this once: {password}")
