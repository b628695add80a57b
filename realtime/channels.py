"""Every name that this system uses in Redis, in one place."""

ANY_DESK = "desk:*"


def desk_channel(desk: str) -> str:
    """The pub/sub channel on which a desk's events are rung."""
    return f"desk:{desk}"


def desk_of(channel: str) -> str:
    """The desk of a channel's name."""
    return channel.removeprefix("desk:")


def presence_key(desk: str) -> str:
    """The hash of a desk's open screens: which they are, whose, and what they have shown."""
    return f"presence:{desk}"
