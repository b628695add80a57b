"""A fault just before or just after a commit reaches the database."""

from collections.abc import Callable

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import PoolProxiedConnection


def around_commits(before: Callable[[], None] | None = None, after: Callable[[], None] | None = None) -> None:
    """Call these at every commit of this process. Only its writer commits: readers roll back."""
    commit: Callable[[DefaultDialect, PoolProxiedConnection], None] = DefaultDialect.do_commit

    def do_commit(self: DefaultDialect, connection: PoolProxiedConnection) -> None:
        if before is not None:
            before()
        commit(self, connection)
        if after is not None:
            after()

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]  # the fault
