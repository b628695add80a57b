"""Times that the product promises. Tests print what they measured, and fail only where no busy machine explains it."""

SLACK = 3


def promised(what: str, took_s: float, promise_s: float, slack: float = SLACK) -> None:
    """Something took so long; the promise is `promise_s`, and a crowded machine gets `slack` times that."""
    print(f"{what}: {took_s:.3f} s (promised {promise_s} s)")
    assert took_s <= slack * promise_s, f"{what}: {took_s:.3f} s, promised {promise_s} s"
