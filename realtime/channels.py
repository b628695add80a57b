"""Every name that this system uses in Redis, in one place."""

from uuid import UUID

ANY_DESK = "desk:*"


def desk_channel(desk: str) -> str:
    """The pub/sub channel on which a desk's events are rung."""
    return f"desk:{desk}"


def desk_of(channel: str) -> str:
    """The desk of a channel's name."""
    return channel.removeprefix("desk:")


CONSOLES = "consoles"
"""The sorted set of the console processes, by when each last told all that it has open."""


def phone_key(reporter: UUID) -> str:
    """Whether a reporter's page is open, and since when."""
    return f"phone:{reporter}"


def writing_key(report: UUID) -> str:
    """There while a report's reporter is writing."""
    return f"writing:{report}"


def arriving_key(report: UUID) -> str:
    """The hash of a report's uploads: how much of each has come, and when the last of it did."""
    return f"arriving:{report}"


def presence_key(desk: str) -> str:
    """The hash of a desk's open screens: which they are, whose, and what they have shown."""
    return f"presence:{desk}"


WECHAT_TOKEN = "wechat:token:"  # noqa: S105 - a name
"""With a mini program's AppID: its access token, sealed."""

WECHAT_ASKING = "wechat:asking:"
"""With a mini program's AppID: there while one process asks WeChat for the next token."""
