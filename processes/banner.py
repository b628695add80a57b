"""What is printed when everything is ready: where it is, who can sign in, what to try."""

import os
import sys
import unicodedata

from dispatch.settings import Settings

PASSWORD = "desk110-demo"  # noqa: S105 - printed for everyone, of demo accounts alone
COLUMN = 24

ACCOUNTS = (
    ("33010601 02 03", "西湖区接警员 · dispatchers of Xihu district"),
    ("33010690", "值班长 · shift leader"),
    ("auditor  admin", "督察、管理员 · auditor, administrator"),
    ("<adcode>01 …", "浙江 102 个接警台都一样 · the same at each of the 102 desks"),
)
TRY = (
    (
        "在手机大小的窗口打开报警页，登录，一键报警。",
        "Open the first address in a phone-sized window, sign in, report.",
    ),
    ("接警台立刻出现这条警情，按一个键接收。", "The desk shows it without a reload; accept it with one key."),
    ("报警人的屏幕变成「已接收」。", "The reporter's open page turns to 已接收."),
)


def banner(settings: Settings) -> str:
    """The lines, in Chinese and English; demo accounts only in demo mode."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "localhost"} else settings.host  # noqa: S104 - compared, not bound
    shown = f"[{host}]" if ":" in host else host
    lines = [
        "",
        f"  {_bold('desk110')}  互联网报警已就绪 · ready",
        "",
        _row("报警人 · reporter", _bold(f"http://{shown}:{settings.citizen_port}")),
        _row("接警台 · desk", _bold(f"http://{shown}:{settings.console_port}/console")),
    ]
    if settings.demo:
        lines += ["", f"  演示账号，密码都是 {_bold(PASSWORD)} · demo accounts, one password"]
        lines += [_row(f"  {name}", what) for name, what in ACCOUNTS]
        lines += ["", "  试一试 · try it"]
        for number, (chinese, english) in enumerate(TRY, start=1):
            lines += [f"    {number}. {chinese}", f"       {english}"]
    lines += ["", f"  记录 · logs  {settings.home / 'log'}", "  按 Ctrl-C 停止 · Ctrl-C stops it", ""]
    return "\n".join(lines)


def _row(name: str, value: str) -> str:
    # A Chinese character is two columns wide in a terminal.
    width = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in name)
    return f"  {name}{' ' * max(1, COLUMN - width)}{value}"


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text
