"""Counts together with every gateway that names the same Redis.

All claims of one turn of the event loop, and whatever came in while a call was under way, go in one call; one is under way at a
time. A limit that is high is taken ahead in small parts, so that most of its requests ask nobody. Redis' clock is everybody's.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Literal

from stoa.adapters.limits.accounts import FIXED, SLIDING, Account
from stoa.adapters.limits.measured import Measured
from stoa.adapters.limits.script import PREFIX, Counted, NotCounted, Script
from stoa.adapters.redis.client import RedisClient
from stoa.domain.counting import Claim, Outcome, Refused
from stoa.domain.metrics import Sheet

log = logging.getLogger("stoa.gateway")

LEASE_S = 5.0
"""How long what a gateway has under way is counted after its last sign of life."""
_FAILURES = 3  # in a row, until it counts as lost
_LATELY_S = 1.0
_TICK_S = 0.25  # between two looks at what was taken ahead, and two tries while Redis is lost
_SIGN_OF_LIFE_S = 1.0
_SOON_S = 0.002  # in which more may come that is to be told
_LEAST_S = 0.005  # of a call, however long its requests have waited for the one before
_MOST_REQUESTS = 256  # in one call: a few milliseconds of Redis' time
_MOST_ACCOUNTS = 512
_SWEEP_S = 60.0


class _Asked:
    """A request whose claims were not all within reach."""

    __slots__ = ("accounts", "at", "called_s", "claims", "second", "since", "taken", "told")

    def __init__(
        self, claims: Sequence[Claim], accounts: list[Account], second: int, called_s: float, told: Callable[[Outcome], None]
    ) -> None:
        self.claims, self.accounts, self.told = claims, accounts, told
        self.second, self.since = second, time.monotonic()
        self.called_s = called_s
        """What all calls had taken until then: what they take from then on, the request waits for Redis."""
        self.taken: list[int] = []
        """Places of the claims that were taken of what is here."""
        self.at: list[int] = []
        """Those that Redis is asked for."""


class Granted:
    """Implements `domain.counting.Held`."""

    __slots__ = ("_accounts", "_alone", "_claims", "_counter", "_seconds")

    def __init__(
        self, counter: "RedisCounter", claims: Sequence[Claim], accounts: list[Account], seconds: list[int], *, alone: bool
    ) -> None:
        self._counter, self._claims, self._accounts, self._seconds, self._alone = counter, claims, accounts, seconds, alone

    def settle(self, amounts: Sequence[int | None]) -> None:
        self._counter.settle(self._claims, self._accounts, self._seconds, amounts, alone=self._alone)


class RedisCounter:
    """Implements `domain.counting.SharedCounter`. `run` it; until then every meter is open or closed as it says."""

    kind: Literal["redis"] = "redis"

    def __init__(
        self,
        client: RedisClient,
        *,
        timeout_s: float,
        name: str = "gateway",
        lease_s: float = LEASE_S,
        life_s: float = _SIGN_OF_LIFE_S,
        tick_s: float = _TICK_S,
        waited_s: Callable[[], float] = float,
    ) -> None:
        """`waited_s` tells what a request may have waited for Redis before it came here, in seconds."""
        self._life_s = life_s
        self.patience_s = timeout_s
        self._call_s = timeout_s - _LEAST_S if timeout_s > 2 * _LEAST_S else timeout_s / 2
        self._tick_s = tick_s
        self._waited_s = waited_s
        self._late_at = -_LATELY_S
        self._script = Script(client, holder=f"{name}-{secrets.token_hex(6)}", lease_ms=int(lease_s * 1000))
        self._latest: dict[str, Account] = {}
        """By meter, of the window that was claimed of last."""
        self._accounts: dict[tuple[str, int], Account] = {}
        self._waiting: list[_Asked] = []
        self._changed: dict[Account, None] = {}
        self._leased: dict[Account, None] = {}
        self._wake = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None
        self._ahead_ms = time.time() * 1000 - _clock_ms()
        """Redis' clock less this process's, as of the last answer; until then that of this machine."""
        self._alive = 1
        self._failures = 0
        self._known = False
        self._called = self._called_s = self._swept = self._ticked = 0.0
        self.lost = True
        """Until Redis has answered."""
        self._told_lost = False
        self._measured = Measured()

    # --- the port

    def claim(self, claims: Sequence[Claim], now_ms: int, told: Callable[[Outcome], None]) -> Outcome | None:
        second, accounts, short, latest = self._second(), list[Account](), self.lost, self._latest
        for claim in claims:
            meter, amount, starts_ms, _, _ = claim
            account = latest.get(meter.id)
            if account is None or account.starts_ms != starts_ms:
                account = self._find(claim)
            if account.meter is not meter:
                account.meter = meter
            accounts.append(account)
            if not account.has(amount, second):
                short = True
        if not short:
            for account, claim in zip(accounts, claims, strict=True):
                account.take(claim[1])
            return Granted(self, claims, accounts, [second] * len(claims), alone=False)
        if self.lost:
            return self._alone(claims, accounts, now_ms)
        self._ask(_Asked(claims, accounts, second, self._called_s, told))
        return None

    def used(self, claim: Claim, now_ms: int) -> tuple[int, int]:
        account = self._accounts.get((claim.meter.id, claim.starts_ms))
        if account is None or not account.as_of_ms:
            return claim.floor, now_ms
        return max(account.used - account.left, claim.floor), account.as_of_ms

    def show(self, sheet: Sheet) -> None:
        self._measured.show(sheet, lost=self.lost)

    def settle(
        self,
        claims: Sequence[Claim],
        accounts: list[Account],
        seconds: list[int],
        amounts: Sequence[int | None],
        *,
        alone: bool,
    ) -> None:
        """Of a request that was granted."""
        second = 0
        for claim, account, at, amount in zip(claims, accounts, seconds, amounts, strict=True):
            if amount is None and account.kind <= FIXED:
                continue
            second = second or self._second()
            if alone and amount is not None:
                account.share.add(amount - claim.amount, at)
            if account.settle(claim.amount, amount, at, second):
                self._changed[account] = None
        if self._changed and self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_SOON_S, self._tell)

    # --- within reach

    def _find(self, claim: Claim) -> Account:
        name = (claim.meter.id, claim.starts_ms)
        account = self._accounts.get(name)
        if account is None:
            key = f"{PREFIX}{claim.meter.id}:{claim.starts_ms}" if claim.ends_ms else f"{PREFIX}{claim.meter.id}"
            account = self._accounts[name] = Account(claim, key)
        self._latest[claim.meter.id] = account
        return account

    def _ask(self, asked: _Asked) -> None:
        for place, (account, claim) in enumerate(zip(asked.accounts, asked.claims, strict=True)):
            if account.has(claim.amount, asked.second):
                account.take(claim.amount)
                asked.taken.append(place)
            else:
                asked.at.append(place)
        self._waiting.append(asked)
        self._wake.set()

    def _second(self) -> int:
        """Of Redis' clock, as far as it is known here: late by no more than a call takes."""
        return int(_clock_ms() + self._ahead_ms) // 1000

    def _tell(self) -> None:
        self._soon = None
        self._wake.set()

    # --- calls

    async def run(self) -> None:
        """Until cancelled."""
        task = asyncio.current_task()
        while task is None or not task.cancelling():  # a client may have taken it for something else
            try:
                async with asyncio.timeout(self._tick_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            now = time.monotonic()
            if now - self._ticked >= self._tick_s:
                self._ticked = now
                self._tick(now)
            since = now - self._called
            if since >= self._tick_s if self.lost else self._waiting or self._changed or since >= self._life_s:
                await self._call(now)
                if self._waiting or (self._changed and not self.lost):
                    self._wake.set()

    async def close(self) -> None:
        """Give back what was taken ahead, after `run` was cancelled."""
        for account in self._accounts.values():
            if account.give_back() or account.dirty:
                self._changed[account] = None
        if self._known and not self._failures:
            await self._call(time.monotonic())

    async def _call(self, now: float) -> None:
        asked, self._waiting = self._waiting[:_MOST_REQUESTS], self._waiting[_MOST_REQUESTS:]
        floors, amounts = dict[Account, int](), dict[Account, int]()
        for each in asked:
            for place in each.at:
                account, claim = each.accounts[place], each.claims[place]
                floors[account] = max(floors.get(account, 0), claim.floor)
                amounts[account] = amounts.get(account, 0) + claim.amount
        for account in self._changed:
            if len(floors) >= _MOST_ACCOUNTS:
                break
            floors.setdefault(account, 0)
        for account in floors:
            self._changed.pop(account, None)
        accounts, places = list(floors), {account: place for place, account in enumerate(floors)}
        second, alive = self._second(), self._alive
        wires = [each.tell(floors[each], amounts.get(each, 0), second=second, alive=alive) for each in accounts]
        requests = [
            [number for place in each.at for number in (places[each.accounts[place]], each.claims[place].amount)]
            for each in asked
        ]
        waited_s = self._waited_s() + self._called_s - asked[0].called_s if asked else 0.0
        within = max(_LEAST_S, self._call_s - waited_s)
        latest = int(_clock_ms() + self._ahead_ms + 2000 * self.patience_s) if self._known else 0
        self._called, began = now, time.perf_counter()
        try:
            keys = [account.key for account in accounts]
            answer = await self._script.count(keys, wires, requests, latest_ms=latest, within_s=within)
        except asyncio.CancelledError:
            self.lost = True
            self._decide(asked, accounts, certain=False)
            raise
        except NotCounted as error:
            self._failed(str(error), asked, accounts, certain=error.certain)
            return
        except Exception as error:  # whatever it is, requests wait for this, and for the calls to come
            log.exception("limits could not be counted together")
            self._failed(type(error).__name__, asked, accounts, certain=False)
            return
        finally:
            took = time.perf_counter() - began
            self._called_s += took
            self._measured.called(took)
        self._ahead_ms = answer.now_ms - _clock_ms()
        if not answer.alive:
            self._failed("it answers too late", asked, accounts, certain=True)
            return
        self._answered(answer, asked, accounts)

    def _answered(self, counted: Counted, asked: list[_Asked], accounts: list[Account]) -> None:
        now_ms = time.time_ns() // 1_000_000
        self._alive, self._failures = counted.alive, 0
        for account, (used, leased, mark) in zip(accounts, counted.accounts, strict=True):
            account.told(used, leased, mark, now_ms)
            if leased:
                self._leased[account] = None
            if account.dirty:
                self._changed[account] = None
        if counted.fresh and self._known:
            self._forgotten()
        self._known = True
        if self.lost:
            self._found()
        now = time.monotonic()
        for each, outcome in zip(asked, counted.outcomes, strict=True):
            self._measured.waited(now - each.since)
            if isinstance(outcome, int):
                _hand(each, self._granted(each))
            else:
                self._take_back(each)
                claim = each.claims[each.at[outcome[0]]]
                _hand(each, Refused(claim, outcome[1], now_ms, outcome[2] / 1000))

    def _granted(self, asked: _Asked) -> Granted:
        seconds = [asked.second] * len(asked.claims)
        for place in asked.at:
            account = asked.accounts[place]
            account.granted(asked.claims[place].amount)
            if account.kind == SLIDING:
                seconds[place] = account.mark
        return Granted(self, asked.claims, asked.accounts, seconds, alone=False)

    def _take_back(self, asked: _Asked) -> None:
        """What a request that is refused took of what is here."""
        for place in asked.taken:
            account, amount = asked.accounts[place], asked.claims[place].amount
            if account.settle(amount, 0, asked.second, asked.second):
                self._changed[account] = None

    # --- failure

    def failed_lately(self) -> bool:
        """Whether a request may have waited here in vain just now: it should not wait for Redis once more."""
        return time.monotonic() - self._late_at < _LATELY_S

    def _failed(self, why: str, asked: list[_Asked], accounts: list[Account], *, certain: bool) -> None:
        self._failures += 1
        self._late_at = time.monotonic()
        if self._failures >= _FAILURES:
            self.lost = True
        if self.lost and not self._told_lost:
            self._told_lost = True
            log.warning("limits cannot be counted together: %s. Each is open or closed meanwhile, as it says.", why)
        self._decide(asked, accounts, certain=certain)

    def _decide(self, asked: list[_Asked], accounts: list[Account], *, certain: bool) -> None:
        """Of a call that failed, and of all who waited for its end."""
        for account in accounts:
            account.untold(certain=certain)
            self._changed[account] = None
        waiting, self._waiting = self._waiting, []
        now, now_ms = time.monotonic(), time.time_ns() // 1_000_000
        for each in (*asked, *waiting):
            self._measured.waited(now - each.since)
            self._take_back(each)
            _hand(each, self._alone(each.claims, each.accounts, now_ms))

    def _alone(self, claims: Sequence[Claim], accounts: list[Account], now_ms: int) -> Outcome:
        second = self._second()
        for claim, account in zip(claims, accounts, strict=True):
            used = account.lacks_alone(claim, second)
            if used is not None:
                self._measured.decided_alone("refused")
                return Refused(claim, used, now_ms, 1.0, lost=True)
        for claim, account in zip(claims, accounts, strict=True):
            account.take_alone(claim.amount, second)
            self._changed[account] = None
        self._measured.decided_alone("open")
        return Granted(self, claims, accounts, [second] * len(claims), alone=True)

    def _found(self) -> None:
        self.lost = self._told_lost = False
        log.info("limits and budgets are counted together in Redis")

    def _forgotten(self) -> None:
        """Redis was emptied, or has counted this process as gone."""
        log.warning("Redis had forgotten this gateway: what it has under way and has spent is told again")
        for account in self._accounts.values():
            account.forgotten()
            if account.dirty:
                self._changed[account] = None

    # --- now and then

    def _tick(self, now: float) -> None:
        second = self._second()
        for account in tuple(self._leased):
            if account.demand == 0 or (account.kind == SLIDING and account.second != second):
                if account.give_back():
                    self._changed[account] = None
                del self._leased[account]
            account.demand = 0
        if now - self._swept >= _SWEEP_S:
            self._swept = now
            self._accounts = {name: each for name, each in self._accounts.items() if not each.idle(second)}
            self._latest = {name: each for name, each in self._latest.items() if (name, each.starts_ms) in self._accounts}


def _hand(asked: _Asked, outcome: Outcome) -> None:
    try:
        asked.told(outcome)
    except Exception:  # one request's fault is no other's
        log.exception("a request could not go on with what was counted")


def _clock_ms() -> float:
    return time.monotonic() * 1000
