"""What the domain says no to.

A refusal is an answer, not an accident: it has a stable `code` that clients may rely on, and the values
its sentence needs. Which HTTP status a code gets is decided by the apps; the sentence stands in
`words/<language>/problems.toml` under the code.
"""


class Refused(Exception):
    """The domain will not do this; `code` says why.

    `values` fill the placeholders of the sentence and may stand in the answer. They never hold
    personal words (phone, name, identity number, text).
    """

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class Overloaded(Exception):
    """More commands wait for the writer than it will take; nothing was written."""


class Unfit(Exception):
    """The installation cannot start or go on as it is; the message is a sentence for its operator."""
