"""A controller for the command line, over the bridge of PROTOCOL.md section 10.

    python3 client.py --port 5160 --pair TEXT --store FILE demo
    python3 client.py --port 5160 --store FILE bolus 0.5

Prints one line of JSON for each step. Exits 0 when all went as asked.
"""

import argparse
import inspect
import json
import sys
from decimal import Decimal, InvalidOperation
from typing import Any

import countersign as cs
import messages as ms
from bridge import LinkLost
from controller import Answer, Controller, Refused
from store import Store

STATES = {ms.RUN_STATE: "run", ms.STOP_STATE: "stop"}


def tell(step: str, **what: Any) -> None:
    """One line of JSON; bytes in hexadecimal, codes with their names."""
    plain: dict[str, Any] = {"step": step}
    for name, value in what.items():
        if isinstance(value, Decimal):
            value = float(value)
        plain[name] = value.hex() if isinstance(value, bytes) else value
    print(json.dumps(plain), flush=True)


def microunits(text: str) -> int:
    """An amount in units, or units per hour."""
    try:
        amount = Decimal(text) * 1_000_000
    except InvalidOperation as e:
        raise ValueError(f"{text} is no number") from e
    if amount != int(amount):
        raise ValueError(f"{text} is no whole number of microunits")
    return int(amount)


class Client:
    """The commands of the command line, one method each."""

    def __init__(self, controller: Controller, approve_all: bool) -> None:
        self.controller, self.approve_all = controller, approve_all

    def approve(self, reading: Answer) -> bool:
        """Section 7: the user approves a reading that the controller could not compute."""
        tell("reading", **reading)
        return self.approve_all or input("sign this? (yes/no) ").strip() == "yes"

    def settle_open(self) -> None:
        """No new command while the outcome of an earlier one is open."""
        for dose_id in self.controller.store.open_doses(self.controller.bond):
            tell("outcome", **self.controller.settle(dose_id))

    def countersign(self, name: str, wish: ms.Wish, lose: bool = False) -> Answer:
        self.settle_open()
        done = self.controller.countersign(wish, self.approve, lose)
        tell(name, **done)
        return done

    def pair(self) -> None:
        """Done already, by --pair."""

    def status(self) -> Answer:
        status = self.controller.ask(ms.STATUS, b"", "Status")
        tell("status", state=STATES.get(status["therapyControlState"], "?"),
             ready=status["operationalState"] == 0x96, reservoirU=status["reservoirRemaining"], stale=status["stale"])
        return status

    def delivered(self) -> None:
        sums = self.controller.ask(ms.READER, ms.GET_DELIVERED, "Delivered Insulin")
        tell("delivered", bolusU=sums["bolus"], basalU=sums["basal"])

    def run(self, rate: str = "") -> None:
        """Without a rate the user is asked to approve the pump's."""
        if self.status()["therapyControlState"] == ms.RUN_STATE:
            return tell("run", note="runs already")
        self.countersign("run", ms.run(microunits(rate) if rate else None))

    def bolus(self, amount: str) -> Answer:
        done = self.countersign("bolus", ms.set_bolus(microunits(amount)))
        if done["kind"] == "delivering":
            done = self.controller.settle(done["doseId"])
            tell("outcome", **done)
        return done

    def tbr(self, rate: str, minutes: str, change: str = "") -> None:
        self.countersign("tbr", ms.set_tbr(microunits(rate), int(minutes), change == "change"))

    def cancel_tbr(self, rate: str = "") -> None:
        self.countersign("cancel_tbr", ms.cancel_tbr(microunits(rate) if rate else None))

    def cancel(self, bolus_id: str) -> None:
        self.controller.ask(ms.COMMAND, ms.cancel_bolus(int(bolus_id)), "Cancel Bolus Response")
        tell("cancel", bolusId=int(bolus_id))

    def stop(self) -> None:
        self.controller.ask(ms.COMMAND, ms.STOP, "Response")
        tell("stop")

    def outcome(self) -> None:
        """Of every open dose; else, again, of the last."""
        last = self.controller.store.last_dose(self.controller.bond)
        for dose_id in self.controller.store.open_doses(self.controller.bond) or ([last] if last else []):
            tell("outcome", **self.controller.settle(dose_id))

    def demo(self, amount: str = "0.5", lost_amount: str = "0.3") -> None:
        """Run, a bolus, another whose connection is lost right after Commit and which is then resolved, Stop."""
        self.run()
        expect(self.bolus(amount), "delivered")
        self.status()
        self.delivered()
        lost = self.countersign("bolus, its answer lost", ms.set_bolus(microunits(lost_amount)), lose=True)
        found = self.controller.settle(lost["doseId"])
        tell("outcome", **found)
        if found["kind"] == "never":  # one of the two that permit to dose anew
            found = self.bolus(lost_amount)
        expect(found, "delivered")
        self.delivered()
        self.stop()
        if self.status()["therapyControlState"] != ms.STOP_STATE:
            raise RuntimeError("the pump has not stopped")


def expect(found: Answer, kind: str) -> None:
    if found["kind"] != kind:
        raise RuntimeError(f"the dose is {found['kind']}, not {kind}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5160)
    parser.add_argument("--pair", metavar="TEXT", help="the 42 characters that the pump shows; "
                        "taken up when there is no bond with that pump, and by pair and demo")
    parser.add_argument("--store", required=True, metavar="FILE")
    parser.add_argument("--approve", action="store_true", help="sign the readings of Run and Cancel TBR unseen")
    parser.add_argument("command", choices=["demo", "pair", "run", "bolus", "tbr", "cancel_tbr", "cancel", "stop",
                                            "outcome", "status", "delivered"])
    parser.add_argument("arguments", nargs="*")
    args = parser.parse_args()
    controller = Controller(Store(args.store), args.host, args.port, tell)
    client = Client(controller, args.approve or args.command == "demo")
    command = getattr(client, args.command)
    try:
        inspect.signature(command).bind(*args.arguments)
    except TypeError as e:
        parser.error(f"{args.command}: {e}")
    try:
        bonds = [b.pump_id for b in [controller.store.confirmed()] if b]
        if args.pair and (args.command in ("pair", "demo") or cs.read_shown(args.pair).pump_id not in bonds):
            controller.pair(args.pair)
            tell("pair", pumpId=controller.bond.pump_id, role=controller.bond.role)
        else:
            controller.open()
        command(*args.arguments)
    except (LinkLost, Refused, cs.ProtocolError, RuntimeError, ValueError) as e:
        tell("failed", why=str(e))
        print(f"client: {e}", file=sys.stderr)
        return 1
    finally:
        controller.lose_link()
    return 0


if __name__ == "__main__":
    sys.exit(main())
