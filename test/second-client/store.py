"""What a controller keeps: its ID, its bonds and the doses it committed, in one file, durable before it goes on.

PROTOCOL.md section 4 (provisional bonds) and section 7 (dose IDs). The file holds keys: only its owner reads it.
"""

import json
import os
import time
from typing import Any

from countersign import Bond

PROVISIONAL_S = 7 * 60
KEPT_DOSES = 64


class Store:
    def __init__(self, path: str) -> None:
        self.path = path
        try:
            with open(path, encoding="utf-8") as file:
                self.data: dict[str, Any] = json.load(file)
        except FileNotFoundError:
            self.data = {"controllerId": os.urandom(8).hex(), "bonds": [], "doses": []}
            self.save()

    def save(self) -> None:
        """A new file beside the old one, flushed to the disk, then put in its place."""
        temporary = self.path + ".new"
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
        folder = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    @property
    def controller_id(self) -> bytes:
        return bytes.fromhex(self.data["controllerId"])

    # ---- bonds: `storedAt` is there while the bond is provisional

    def _bond(self, entry: dict[str, Any]) -> Bond:
        return Bond(bytes.fromhex(entry["pumpId"]), self.controller_id, entry["role"],
                    bytes.fromhex(entry["kAuth"]), bytes.fromhex(entry["kDose"]))

    def _entry(self, bond: Bond) -> dict[str, Any]:
        return {"pumpId": bond.pump_id.hex(), "role": bond.role, "kAuth": bond.k_auth.hex(), "kDose": bond.k_dose.hex()}

    def add_provisional(self, bond: Bond) -> None:
        self.data["bonds"].append({**self._entry(bond), "storedAt": time.time()})
        self.save()

    def provisional(self) -> list[Bond]:
        """Newest first; those over 7 minutes old are erased."""
        now = time.time()
        kept = [e for e in self.data["bonds"] if "storedAt" not in e or 0 <= now - e["storedAt"] < PROVISIONAL_S]
        if len(kept) < len(self.data["bonds"]):
            self.data["bonds"] = kept
            self.save()
        return [self._bond(e) for e in reversed(kept) if "storedAt" in e]

    def confirm(self, bond: Bond) -> None:
        """Keeps this bond as confirmed and erases every other of its pump."""
        others = [e for e in self.data["bonds"] if e["pumpId"] != bond.pump_id.hex()]
        self.data["bonds"] = others + [self._entry(bond)]
        self.save()

    def confirmed(self) -> Bond | None:
        """The newest confirmed bond."""
        bonds = [e for e in self.data["bonds"] if "storedAt" not in e]
        return self._bond(bonds[-1]) if bonds else None

    # ---- doses: `outcome` is None until it is final

    def add_dose(self, bond: Bond, dose_id: bytes, command: bytes) -> None:
        """Before Commit is sent."""
        self.data["doses"] = self.data["doses"][-KEPT_DOSES:]
        self.data["doses"].append({"pumpId": bond.pump_id.hex(), "doseId": dose_id.hex(), "command": command.hex(),
                                   "outcome": None})
        self.save()

    def set_outcome(self, bond: Bond, dose_id: bytes, outcome: dict[str, Any]) -> None:
        for dose in self.data["doses"]:
            if (dose["pumpId"], dose["doseId"]) == (bond.pump_id.hex(), dose_id.hex()):
                dose["outcome"] = outcome
        self.save()

    def open_doses(self, bond: Bond) -> list[bytes]:
        """The IDs of this pump's doses whose outcome is not final yet."""
        return [bytes.fromhex(d["doseId"]) for d in self.data["doses"]
                if d["pumpId"] == bond.pump_id.hex() and d["outcome"] is None]

    def last_dose(self, bond: Bond) -> bytes | None:
        doses = [d["doseId"] for d in self.data["doses"] if d["pumpId"] == bond.pump_id.hex()]
        return bytes.fromhex(doses[-1]) if doses else None
