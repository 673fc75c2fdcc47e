"""A controller at work: it pairs, opens sessions, asks, countersigns, and resolves what it lost.

The sections cited are those of PROTOCOL.md.
"""

import os
import time
from typing import Any, Callable

import countersign as cs
import messages as ms
from bridge import Bridge, LinkLost
from store import Store

Answer = dict[str, Any]
HANDSHAKE_S = 6.0   # this and the next two: section 1.3
SILENCE_S = 15.0
ANSWER_S = 15.0
AGAIN_S = 2.0       # before a question is asked again
ROUNDS = 3          # how often a connection is tried again
LIFE_S = 30         # the longest life that the pump grants


class Refused(Exception):
    """The pump refused."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(f"{what}: refused with {code:02x} {ms.CODES.get(code, '?')}")
        self.code = code


class Controller:
    def __init__(self, store: Store, host: str, port: int, tell: Callable[..., None]) -> None:
        self.store, self.bridge, self.tell = store, Bridge(host, port), tell
        self.session: cs.Session | None = None
        self.bond: cs.Bond | None = None

    # ---- sections 3 and 4: connections

    def _message(self, timeout_s: float, what: str) -> bytes:
        message = self.bridge.receive(timeout_s)
        if message is None:
            self.lose_link()
            raise LinkLost(f"{what} did not come")
        return message

    def lose_link(self) -> None:
        self.session = None
        self.bridge.close()

    def pair(self, text: str) -> None:
        """Section 4. The bond is stored before m2 goes out, since the pump may store its own and m3 be lost."""
        shown = cs.read_shown(text)
        try:
            self.bridge.connect()
            m1 = self._message(HANDSHAKE_S, "m1")
            hands, bond = cs.pair(shown, self.store.controller_id, m1, os.urandom(16), os.urandom(32))
            self.store.add_provisional(bond)
            self.bridge.send(hands.m2)
            cs.check_m3(hands, self._message(HANDSHAKE_S, "m3"))
        except LinkLost as e:
            self.tell("note", text=f"{e} while pairing")
        finally:
            self.lose_link()
        self.open(shown.pump_id)

    def open(self, paired: bytes | None = None) -> None:
        """A session: mode 03 with the provisional bonds, newest first, then mode 01 with the confirmed one.

        After pairing with a pump only its provisional bonds are tried.
        """
        why: Exception = LinkLost("no bond to try in the store")
        for _ in range(ROUNDS):
            tries = [(b, cs.UNCONFIRMED) for b in self.store.provisional() if paired in (None, b.pump_id)]
            if confirmed := not paired and self.store.confirmed():
                tries.append((confirmed, cs.CONFIRMED))
            for bond, mode in tries:
                try:
                    return self._open(bond, mode)
                except (LinkLost, cs.ProtocolError) as e:
                    why = e
        raise LinkLost(f"no session: {why}. If that goes on: open the pump's pairing window and pair anew")

    def _open(self, bond: cs.Bond, mode: int) -> None:
        try:
            self.bridge.connect()
            m1 = self._message(HANDSHAKE_S, "m1")
            cs.check_m1(m1, bond.pump_id)
            hands, k_cp, k_pc = cs.shake_hands(bond, mode, m1, os.urandom(16))
            self.bridge.send(hands.m2)
            cs.check_m3(hands, self._message(HANDSHAKE_S, "m3"))
            self.bond, self.session, self.heard = bond, cs.Session(k_cp, k_pc), time.monotonic()
            if mode == cs.UNCONFIRMED:
                self.store.confirm(bond)
            hello = self._next(time.monotonic() + ANSWER_S)
            if hello is None or hello["message"] != "Hello" or hello["role"] != bond.role:
                raise cs.ProtocolError("the pump's first record is not a Hello of this bond's role")
        except Exception:
            self.lose_link()
            raise

    # ---- section 5: records

    def _next(self, deadline: float) -> Answer | None:
        """The next message that is not a tick; ticks are answered. None when the time has come."""
        while self.session:
            until = min(deadline, self.heard + SILENCE_S)
            record = self.bridge.receive(max(0.0, until - time.monotonic()))
            if record is None and until == deadline:
                return None
            if record is None:
                self.lose_link()
                raise LinkLost("the pump has been silent for 15 s")
            try:
                opened = self.session.open(record, int(time.monotonic() * 1000))
                self.heard = time.monotonic()
                if opened.channel != ms.TICK:
                    answer = ms.read_answer(opened.channel, opened.value)
                    return {**answer, "channel": opened.channel, "stale": opened.stale}
            except cs.ProtocolError:
                self.lose_link()
                raise
            self.bridge.send(self.session.seal(ms.TICK, b""))
        raise LinkLost("no session")

    def wait(self, seconds: float) -> None:
        """Does nothing but answer ticks and tell of changes."""
        deadline = time.monotonic() + seconds
        while (answer := self._next(deadline)) is not None:
            self._unasked(answer)

    def _unasked(self, answer: Answer) -> None:
        if answer["channel"] != ms.STATUS_CHANGED:
            self.lose_link()
            raise cs.ProtocolError(f"{answer['message']} came unasked")
        self.tell("status changed", flags=f"{answer['flags']:04x}")

    def send(self, channel: int, value: bytes) -> None:
        if not self.session:
            raise LinkLost("no session")
        self.bridge.send(self.session.seal(channel, value))

    def request(self, channel: int, value: bytes = b"") -> Answer:
        """Sends one request and gives its answer; one at a time, so that the next answer is its answer."""
        self.send(channel, value)
        deadline = time.monotonic() + ANSWER_S
        while (answer := self._next(deadline)) is not None:
            if answer["channel"] != ms.STATUS_CHANGED or channel == ms.STATUS_CHANGED:
                return answer
            self._unasked(answer)
        self.lose_link()
        raise LinkLost(f"no answer on channel {channel:02x}")

    def ask(self, channel: int, value: bytes, message: str) -> Answer:
        """A request, in a new session if there is none, whose answer must be this message; a refusal is raised."""
        if not self.session:
            self.open()
        answer = self.request(channel, value)
        if answer["message"] == message and (message != "Response" or answer["code"] == ms.SUCCESS):
            return answer
        if answer["message"] in ("Refused", "Response"):
            raise Refused(message, answer["code"])
        self.lose_link()
        raise cs.ProtocolError(f"{answer['message']} where {message} was due")

    # ---- section 7: the countersigned command and its outcome

    def countersign(self, wish: ms.Wish, approve: Callable[[Answer], bool], lose: bool = False) -> Answer:
        """Prepare, compare, Commit. With `lose` the connection goes right after Commit. Gives what is known then."""
        challenge = self.ask(ms.CONTROL, ms.prepare(LIFE_S, wish.command), "Challenge")
        reading, dose_id = challenge["reading"], challenge["doseId"]
        if challenge["stale"]:
            raise RuntimeError("the challenge came too late to sign")
        if reading != wish.reading and not (reading.startswith(wish.reading) and approve(ms.read_reading(reading))):
            raise RuntimeError(f"not signed: the pump's reading is {reading.hex()}")
        assert self.bond
        tag = cs.countersignature(self.bond, dose_id, challenge["challenge"], ms.COMMAND, wish.command, reading)
        self.store.add_dose(self.bond, dose_id, wish.command)
        try:
            if lose:
                self.send(ms.CONTROL, ms.commit(dose_id, tag))
                raise LinkLost("lost on purpose")
            answer = self.request(ms.CONTROL, ms.commit(dose_id, tag))
        except LinkLost as e:
            self._link_lost(dose_id, e)
            return self.outcome(dose_id)
        if answer["message"] == "Refused":  # by this Commit nothing has moved and nothing will, and there was no other
            self.store.set_outcome(self.bond, dose_id, {"kind": "refused", "code": answer["code"]})
            raise Refused("Commit", answer["code"])
        if answer["message"] == "Response":
            self.store.set_outcome(self.bond, dose_id, {"kind": "applied"})
            return {"doseId": dose_id, "kind": "applied"}
        return {"doseId": dose_id, "kind": "delivering", "bolusId": answer["bolusId"]}

    def outcome(self, dose_id: bytes) -> Answer:
        """Asks Outcome, through lost connections and a pump that cannot tell yet; a final one is stored."""
        for _ in range(60):
            try:
                answer = self.ask(ms.CONTROL, ms.outcome(dose_id), "OutcomeIs")
            except LinkLost as e:
                self._link_lost(dose_id, e)
                continue
            except Refused as e:
                if e.code != ms.NOT_COMPLETED:
                    raise
                self.lose_link()  # the pump cannot tell yet
                time.sleep(AGAIN_S)
                continue
            kind = ms.KINDS.get(answer["kind"], "unknown")
            found = {"kind": kind, **{k: answer[k] for k in (
                "code", "intendedMicrounits", "lowMicrounits", "highMicrounits")}}
            if answer["doseId"] != dose_id or kind == "unknown":
                raise cs.ProtocolError("an outcome of another dose or an unknown kind")
            assert self.bond
            if kind != "delivering":
                self.store.set_outcome(self.bond, dose_id, found)
            return {"doseId": dose_id, **found}
        raise LinkLost("the outcome stays unknown: ask again later, and do not dose anew")

    def settle(self, dose_id: bytes, limit_s: float = 900) -> Answer:
        """Asks until the outcome is final."""
        end = time.monotonic() + limit_s
        while (found := self.outcome(dose_id))["kind"] == "delivering" and time.monotonic() < end:
            self.tell("outcome", **found)
            try:
                self.wait(AGAIN_S)
            except LinkLost as e:
                self._link_lost(dose_id, e)
        return found

    def _link_lost(self, dose_id: bytes, why: LinkLost) -> None:
        """With a dose under way this is told, and the connection made again by the next question."""
        self.lose_link()
        self.tell("link lost", doseId=dose_id.hex(), why=str(why))
        time.sleep(AGAIN_S)
