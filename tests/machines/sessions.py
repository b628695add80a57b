"""Who is signed in: dispatchers and reporters, their sign-in, expiry, disabling, change of role and desk."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule

from dispatch import accounts, dispatchers, reporters
from dispatch.reporters import token_digest
from tests.domain import DESK, OTHER_DESK, add_reporter, done
from tests.machines import DONE, Machine

NUMBERS = st.sampled_from([f"{DESK}01", f"{DESK}02", f"{OTHER_DESK}01"])
OPERATOR, WHY = "operator:root", "轮岗"
REPORTERS_SESSION = timedelta(days=30)


@dataclass
class Account:
    """What is expected of an account."""

    role: str
    desk: str
    enabled: bool = True


@dataclass
class Open:
    """What is expected of a session, a dispatcher's or a reporter's."""

    of: str | int
    until: timedelta
    pending: bool = False
    ended: bool = False


class Sessions(Machine):
    """Three dispatchers, two reporters, an operator, and a clock that runs ahead."""

    desks = (DESK, OTHER_DESK, reporters.PROVINCE)
    tokens: Bundle[str] = Bundle("tokens")

    @initialize()
    def people(self) -> None:
        self.accounts: dict[str, Account] = {}
        for number in (f"{DESK}01", f"{DESK}02", f"{OTHER_DESK}01"):
            state = self.read(lambda session, of=number: accounts.account_state(session, of))
            self.accounts[number] = Account(state.role, state.desk or "")
        self.open: dict[str, Open] = {}
        self.reporters: list[UUID] = [done(self.writer, add_reporter) for _ in range(2)]

    def _stands(self, token: str) -> bool:
        one = self.open[token]
        account = self.accounts[one.of].enabled if isinstance(one.of, str) else True
        return not one.ended and one.until > self.offset and account

    @rule(target=tokens, number=NUMBERS, pending=st.booleans())
    def sign_in(self, number: str, pending: bool) -> str:
        token = f"console {len(self.open)}"
        opened = done(
            self.writer,
            partial(dispatchers.sign_in, number=number, token=token, address="10.0.0.1", pending=pending),
        )
        assert opened is self.accounts[number].enabled
        until = self.offset + (dispatchers.FIRST if pending else dispatchers.SHIFT)
        self.open[token] = Open(number, until, pending, ended=not opened)
        return token

    @rule(target=tokens, token=tokens)
    def finish(self, token: str) -> str:
        one, fresh = self.open[token], f"console {len(self.open)}"
        who = self.read(lambda session: dispatchers.first(session, token_digest(token)))
        assert (who is not None) is (one.pending and self._stands(token))
        if who is not None:
            assert done(self.writer, partial(dispatchers.finish, who=who, token=fresh, address="10.0.0.1"))
            one.ended = True
            self.open[fresh] = Open(one.of, self.offset + dispatchers.SHIFT)
            assert not done(self.writer, partial(dispatchers.finish, who=who, token="again", address=""))
            return fresh
        return token

    @rule(token=tokens)
    def sign_out(self, token: str) -> None:
        one, digest = self.open[token], token_digest(token)
        if isinstance(one.of, int):
            done(self.writer, partial(reporters.sign_out, digest=digest))
            one.ended = True
            return
        who = self.read(lambda session: dispatchers.on_duty(session, digest))
        if who is not None:
            for _ in range(2):  # twice is once
                done(self.writer, partial(dispatchers.sign_out, who=who))
            one.ended = True

    @rule(target=tokens, of=st.integers(0, 1))
    def a_reporter_signs_in(self, of: int) -> str:
        token = f"phone {len(self.open)}"
        done(
            self.writer,
            partial(
                reporters.open_session, reporter=self.reporters[of], token=token, device="Android Firefox"
            ),
        )
        self.open[token] = Open(of, self.offset + REPORTERS_SESSION)
        return token

    @rule(of=st.integers(0, 1), keep=tokens)
    def a_reporter_ends_all_but_one(self, of: int, keep: str) -> None:
        ended = done(
            self.writer,
            partial(reporters.end_sessions, reporter=self.reporters[of], keep=token_digest(keep)),
        )
        expected = {
            token_digest(token)
            for token, one in self.open.items()
            if one.of == of and token != keep and self._stands(token)
        }
        assert set(ended) == expected
        recently = self.read(
            lambda session: reporters.ended_since(session, self.now() - timedelta(seconds=30))
        )
        assert expected <= recently, "their sockets close"
        for token, one in self.open.items():
            one.ended |= token_digest(token) in expected

    @rule(minutes=st.sampled_from([1, 20, 13 * 60, 31 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.offset += timedelta(minutes=minutes, seconds=30)

    @rule(number=NUMBERS)
    def disable(self, number: str) -> None:
        news = done(self.writer, partial(accounts.disable, number=number, actor=OPERATOR, reason=WHY))
        assert news is self.accounts[number].enabled
        self.accounts[number].enabled = False
        self._end_all(number)

    @rule(number=NUMBERS)
    def enable(self, number: str) -> None:
        news = done(self.writer, partial(accounts.enable, number=number, actor=OPERATOR, reason=WHY))
        assert news is not self.accounts[number].enabled
        self.accounts[number].enabled = True

    @rule(
        number=NUMBERS,
        role=st.sampled_from(["dispatcher", "shift_leader"]),
        desk=st.sampled_from([DESK, OTHER_DESK]),
    )
    def change(self, number: str, role: str, desk: str) -> None:
        account = self.accounts[number]
        command = partial(accounts.change, number=number, role=role, desk=desk, actor=OPERATOR, reason=WHY)
        assert self.did(command) == DONE
        if (account.role, account.desk) != (role, desk):
            account.role, account.desk = role, desk
            self._end_all(number)

    @rule(number=NUMBERS)
    def another_password(self, number: str) -> None:
        command = partial(accounts.set_password, number=number, password="hash", actor=OPERATOR, reason=WHY)
        assert self.did(command) == DONE
        self._end_all(number)

    @rule(number=NUMBERS)
    def nobody_changes_their_own_account(self, number: str) -> None:
        command = partial(accounts.disable, number=number, actor=f"dispatcher:{number}", reason=WHY)
        assert self.did(command) == "own_account"

    def _end_all(self, number: str) -> None:
        for one in self.open.values():
            one.ended |= one.of == number

    @invariant()
    def as_expected(self) -> None:
        with self.database.read() as session:
            digests = [token_digest(token) for token in self.open]
            standing = dispatchers.standing(session, digests)
            for token, one in self.open.items():
                digest, stands = token_digest(token), self._stands(token)
                if isinstance(one.of, int):
                    known = reporters.signed_in(session, digest)
                    assert (known.id if known else None) == (self.reporters[one.of] if stands else None)
                    assert digest not in standing
                    continue
                who, account = dispatchers.on_duty(session, digest), self.accounts[one.of]
                counts = stands and not one.pending
                assert (who is not None) is counts
                assert not who or (who.number, who.role, who.desk) == (one.of, account.role, account.desk)
                assert standing.get(digest) == (account.desk if counts else None)
                assert (dispatchers.first(session, digest) is not None) is (stands and one.pending)
                assert reporters.signed_in(session, digest) is None
