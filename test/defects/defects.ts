/**
 * Defects that a careful reader might let through, each with the one test that must catch it. A test that would pass
 * with its defect in place shows nothing.
 */

/** One place in one compiled module, and what to put there. */
export interface Planted {
  /** Path of the module below the build folder. */
  readonly module: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface Defect extends Planted {
  readonly name: string;
  readonly caughtBy: {
    /** Path below test/, without `.test.ts`. */
    readonly file: string;
    /** The test's title, or a part that only it has. */
    readonly title: string;
  };
}

export const DEFECTS: readonly Defect[] = [
  {
    name: "a pulse moves before it is durable",
    module: "firmware/delivery.js",
    from: 'return { kind: "pulse", proof: journal.commit(record.value) };',
    to: 'return { kind: "pulse", proof: { value: record.value } };',
    caughtBy: { file: "campaigns/power", title: "leave a fast bolus in the interval reported" },
  },
  {
    name: "a dose's intent is not stored",
    module: "firmware/delivery.js",
    from: "standing.commit(record.value);",
    to: "void standing;",
    caughtBy: { file: "campaigns/power", title: "leave a fast bolus in the interval reported" },
  },
  {
    name: "a challenge is not spent by its Commit",
    module: "firmware/nonce/store.js",
    from: "const outstanding = this.#outstanding[purpose];\n        this.#outstanding[purpose] = undefined;",
    to: "const outstanding = this.#outstanding[purpose];",
    caughtBy: { file: "nonce/store", title: "gives a nonce back once, whoever asks again" },
  },
  {
    name: "a challenge's life is not checked",
    module: "firmware/nonce/store.js",
    from: "return now > expiresAt ?",
    to: "return false ?",
    caughtBy: { file: "command/countersign", title: "answers 82 from the first millisecond after its life" },
  },
  {
    name: "a challenge is good in any session",
    module: "firmware/nonce/store.js",
    from: " || outstanding.session !== session",
    to: "",
    caughtBy: { file: "command/countersign", title: "belongs to the session that it was issued in" },
  },
  {
    name: "the two handshake tags carry one label",
    module: "firmware/session/keys.js",
    from: "concat(LABELS.pumpTag,",
    to: "concat(LABELS.controllerTag,",
    caughtBy: { file: "session/vectors", title: "pump: bond keys, m1, m2 taken, m3, session keys" },
  },
  {
    name: "the role is not in the controller's tag",
    module: "firmware/session/keys.js",
    from: "concat(LABELS.controllerTag, Uint8Array.of(role),",
    to: "concat(LABELS.controllerTag, Uint8Array.of(1),",
    caughtBy: { file: "session/handshake", title: "takes m2 of each confirmed controller with its own key and role" },
  },
  {
    name: "tags are compared on a prefix",
    module: "firmware/base/bytes.js",
    from: "for (let i = 0; i < a.length; i++)\n        difference",
    to: "for (let i = 0; i < 4; i++)\n        difference",
    caughtBy: { file: "session/handshake", title: "refuses m2 altered in any byte" },
  },
  {
    name: "a reflected tag passes: one key for both directions",
    module: "firmware/session/handshake.js",
    from: "controllerTag(tagKeys.controllerTagKey,",
    to: "controllerTag(tagKeys.pumpTagKey,",
    caughtBy: { file: "session/handshake", title: "refuses a reflected tag" },
  },
  {
    name: "the record's counter stands still",
    module: "firmware/session/record.js",
    from: "next: { key: direction.key, counter: direction.counter + 1 }, plaintext",
    to: "next: direction, plaintext",
    caughtBy: { file: "session/record", title: "opens what was sealed, whatever it holds" },
  },
  {
    name: "what is held back is not stale",
    module: "firmware/session/session.js",
    from: "ageMs > STALE_MS",
    to: "false",
    caughtBy: { file: "session/sessionOpen", title: "calls a record stale when its echo is over 10,000 ms old" },
  },
  {
    name: "pairing overwrites confirmed bonds",
    module: "firmware/session/bonds.js",
    from: "return { confirmed: bonds.confirmed, unconfirmed: bond };",
    to: "return { confirmed: bonds.confirmed.slice(1), unconfirmed: bond };",
    caughtBy: { file: "session/bonds", title: "overwrite the unconfirmed alone" },
  },
  {
    name: "the pairing window outlives its bond",
    module: "firmware/radio.js",
    from: 'this.#closeWindow();\n                return this.#annunciator.announce("New controller"',
    to: 'return this.#annunciator.announce("New controller"',
    caughtBy: { file: "scenarios/pairing", title: "lets the secret die with the bond that it made" },
  },
  {
    name: "the countersignature does not cover the reading",
    module: "firmware/command/countersign.js",
    from: "ReadingLength.encode({ readingLength: reading.length }), reading)",
    to: "ReadingLength.encode({ readingLength: reading.length }))",
    caughtBy: { file: "command/countersign", title: "accepts PROTOCOL.md's own tag, and no other" },
  },
  {
    name: "a changed reading is obeyed",
    module: "firmware/command/countersign.js",
    from: "if (!equalInConstantTime(meant.value.reading, outstanding.reading))",
    to: "if (false)",
    caughtBy: { file: "command/countersign", title: "answers 84 when the command now has another reading" },
  },
  {
    name: "the last operator revokes itself",
    module: "firmware/command/bondMessages.js",
    from: "if (!own || isLastOperator(bonds, controllerId))",
    to: "if (!own)",
    caughtBy: { file: "command/bondMessages", title: "of the last operator is refused beside observers" },
  },
  {
    name: "a revoked bond is answered before it is stored",
    module: "firmware/bondKeeper.js",
    from: "this.#store.commit(bonds);",
    to: "void bonds;",
    caughtBy: { file: "scenarios/bonds", title: "leaves the old bonds or the new ones, for good" },
  },
  {
    name: "an occlusion is confirmed by radio",
    module: "firmware/therapy/resolve.js",
    from: "if (!annunciation || !mayConfirmByRadio(annunciation.type))",
    to: "if (!annunciation)",
    caughtBy: { file: "scenarios/annunciations", title: "is not confirmed when somebody has to look at the pump" },
  },
  {
    name: "a force sensor that cannot be read shows an open line",
    module: "firmware/motor/motor.js",
    from: "reading === undefined ? 1 :",
    to: "reading === undefined ? 0 :",
    caughtBy: { file: "motor/motor-loop", title: "takes two failed readings of the force sensor in a row" },
  },
  {
    name: "never leaves the challenge alive",
    module: "firmware/command/outcome.js",
    from: "outstanding ? killChallenge(given, nonces) : given",
    to: "given",
    caughtBy: { file: "command/outcome", title: "by an Outcome that answers never for it" },
  },
  {
    name: "an observer may command",
    module: "firmware/radio.js",
    from: 'mayOperate: bond.role === "operate"',
    to: "mayOperate: true",
    caughtBy: { file: "scenarios/observe", title: "is refused with 85 every command" },
  },
  {
    name: "a countersigned command is obeyed in one step",
    module: "firmware/command/countersign.js",
    from: 'if (row.class !== "oneStep")',
    to: "if (false)",
    caughtBy: {
      file: "command/dispatch",
      title: "answers 74 to every countersigned command that comes without a Commit",
    },
  },
  {
    name: "something is shown before the coils are off",
    module: "firmware/pump.js",
    from: "const motor = new Motor(board,",
    to: "board.show([]); const motor = new Motor(board,",
    caughtBy: { file: "boot-order", title: "writes the coils off before it touches anything else" },
  },
  {
    name: "a change of version leaves the old copy of an alternating blob",
    module: "firmware/storage/blob.js",
    from: "writeBoth: mirrored || older || !intact,",
    to: "writeBoth: mirrored || !intact,",
    caughtBy: { file: "storage/blob-versions", title: "leaves no copy of the old version behind" },
  },
  {
    name: "what newer firmware has stored does not stop the boot",
    module: "firmware/boot.js",
    from: "if (newer.length > 0)",
    to: "if (newer.length < 0)",
    caughtBy: { file: "boot", title: "writes nothing where newer firmware has stored anything" },
  },
  {
    name: "the epoch stands still over a boot",
    module: "firmware/nonce/identity.js",
    from: "epoch: identity.epoch + 1",
    to: "epoch: identity.epoch",
    caughtBy: { file: "nonce/identity", title: "advances its epoch by one a boot" },
  },
  {
    name: "the newest copy is overwritten first",
    module: "firmware/storage/blob.js",
    from: 'copies.b.sequence < copies.a.sequence ? "b" : "a"',
    to: 'copies.b.sequence < copies.a.sequence ? "a" : "b"',
    caughtBy: { file: "storage/blob-power-cut", title: "survives a power cut at every write" },
  },
  {
    name: "what counts for the limits is not persisted",
    module: "firmware/therapy/journal.js",
    from: "bolusTotal: journal.bolusTotalMicrounits",
    to: "bolusTotal: 0",
    caughtBy: { file: "scenarios/limits-clock", title: "keeps the day's limit over a restart in every hour of it" },
  },
  {
    name: "the day's window is half a day",
    module: "firmware/therapy/windows.js",
    from: "closed.slice(0, CLOSED_BINS)",
    to: "closed.slice(0, CLOSED_BINS / 2)",
    caughtBy: { file: "scenarios/limits-windows", title: "allows 80 U in 24 hours" },
  },
  {
    name: "a bolus that was cut off counts as certain",
    module: "firmware/therapy/boot.js",
    from: "const uncertain = open + unknownPulse;",
    to: "const uncertain = 0;",
    caughtBy: { file: "therapy/boot", title: "is uncertain within a pulse and 4 half-steps at each end" },
  },
  {
    name: "a temporary rate never ends",
    module: "firmware/therapy/pulses.js",
    from: "tbr && tbr.endsAtMs < given.rateEndsAtMs ? tbr.endsAtMs : given.rateEndsAtMs",
    to: "given.rateEndsAtMs",
    caughtBy: { file: "scenarios/basal", title: "follows TBRs set, changed, at zero, cancelled and run out" },
  },
  {
    name: "insulin that is owed is delivered in Stop",
    module: "firmware/therapy/pulses.js",
    from: ' || therapy.standing.control !== "run")',
    to: ")",
    caughtBy: { file: "therapy/pulses", title: "begins none in Stop, though one is owed" },
  },
  {
    name: "pulses follow each other too soon",
    module: "firmware/therapy/pulses.js",
    from: "now - leastMs + drive.pulseIntervalMs",
    to: "now - leastMs + drive.pulseIntervalMs - 100",
    caughtBy: { file: "scenarios/stall", title: "loses no half-step and hurries no pulse" },
  },
  {
    name: "fractions of a half-step are dropped",
    module: "firmware/motor/geometry.js",
    from: "const remainderAfter = owed % denominator;",
    to: "const remainderAfter = 0 * (owed % denominator);",
    caughtBy: { file: "motor/geometry", title: "less than one below the ideal over any history" },
  },
  {
    name: "a fragment's index is not checked",
    module: "firmware/link/fragment.js",
    from: "if (index !== (this.#nextIndex ?? 0))",
    to: "if (false)",
    caughtBy: { file: "link/fragment", title: "a continuation of nothing or out of turn" },
  },
  {
    name: "the history tells the least that a cut bolus can have been",
    module: "firmware/therapy/change.js",
    from: "bolusDelivered(bolus.bolusId, highMicrounits, endReason)",
    to: "bolusDelivered(bolus.bolusId, lowMicrounits, endReason)",
    caughtBy: { file: "scenarios/life", title: "leave plant, outcomes, history, counters and program in agreement" },
  },
  {
    name: "history sequences repeat",
    module: "firmware/therapy/history.js",
    from: "nextSequence: history.nextSequence + all.length",
    to: "nextSequence: history.nextSequence",
    caughtBy: { file: "therapy/annunciations", title: "number events on" },
  },
  {
    name: "a failed health test makes a key all the same",
    module: "firmware/nonce/entropy.js",
    from: "if (repeated)\n            return refuse",
    to: "if (false)\n            return refuse",
    caughtBy: { file: "nonce/entropy", title: "pass a run one short of the repetition cutoff and fail at it" },
  },
  {
    name: "the bench does not ask for controllers",
    module: "firmware/bringUp/guard.js",
    from: "if (bonds.confirmed.length > 0 || bonds.unconfirmed)",
    to: "if (false)",
    caughtBy: { file: "scenarios/bringUpGuard", title: "nor in Stop with a controller, observers included" },
  },
  {
    name: "the bench asks before a turning and not before its pulses",
    module: "firmware/bringUp/step.js",
    from: "if (refusal !== undefined)\n        return ended(",
    to: "if (false)\n        return ended(",
    caughtBy: { file: "scenarios/bringUpGuard", title: "before its next pulse when a controller pairs half-way" },
  },
  {
    name: "a pulse of the bench is stored without its coil phase",
    module: "firmware/therapy/bench.js",
    from: "coilPhase: (journal.coilPhase + steps) % PHASES,",
    to: "coilPhase: journal.coilPhase + 0 * (steps % PHASES),",
    caughtBy: { file: "scenarios/bringUpPower", title: "moves nothing at all: the phase is the one kept" },
  },
  {
    name: "a lost calibration is taken for the nominal one",
    module: "firmware/motor/calibration.js",
    from: 'lost: found.kind !== "missing" || expected',
    to: "lost: false && expected",
    caughtBy: { file: "scenarios/bringUpPower", title: "stops the pump at every start" },
  },
  {
    name: "noise on the console is left out of the line instead of spoiling it",
    module: "firmware/console.js",
    from: 'this.#spoilt ??= "noise";',
    to: "return;",
    caughtBy: { file: "console", title: "drops a line with a byte that no keyboard sends" },
  },
  {
    name: "an LE bond made after the window closed is kept",
    module: "firmware/radio.js",
    from: "this.#linkPairing.allow(false);",
    to: "",
    caughtBy: { file: "scenarios/linkSecurity", title: "keeps no bond when the window closed while" },
  },
  {
    name: "LE bonds outlive the revocation",
    module: "firmware/radio.js",
    from: "this.#linkPairing.forgetBonds();",
    to: "",
    caughtBy: { file: "scenarios/linkSecurity", title: "deletes the LE bonds with all others" },
  },
  {
    name: "an LE pairing without a passkey is welcome",
    module: "firmware/link/pairing.js",
    from: "if (!authenticated)",
    to: "if (false)",
    caughtBy: { file: "scenarios/linkSecurity", title: "refuses a central without keys inside the window" },
  },
  {
    name: "history records are sent without waiting for their acknowledgement",
    module: "firmware/radio.js",
    from: " && this.#session.waiting.length < UNASKED_WAIT_MAX",
    to: "",
    caughtBy: { file: "scenarios/history", title: "waits for a controller that takes none" },
  },
  {
    name: "a report outlives its session",
    module: "firmware/radio.js",
    from: "this.#report = undefined;",
    to: "",
    caughtBy: { file: "scenarios/history", title: "is let go with its session" },
  },
  {
    name: "a report goes on in a block that was erased since",
    module: "firmware/storage/historyWalk.js",
    from: "log.firstSequence(walk.place.block) === walk.place.first",
    to: "true",
    caughtBy: { file: "storage/historyWalk", title: "even where that erases the block it stands in" },
  },
  {
    name: "a report reads on for as long as nothing is legible",
    module: "firmware/storage/historyWalk.js",
    from: "for (let reads = kept ? 0 : 1; reads < slotsMax;) {",
    to: "for (let reads = 0; reads >= 0;) {",
    caughtBy: { file: "command/recordAccess", title: "reads at most so many slots a turn" },
  },
  {
    name: "a report runs on into what is recorded meanwhile",
    module: "firmware/command/recordAccess.js",
    from: "Math.min(to, newest.sequence)",
    to: "to",
    caughtBy: { file: "command/recordAccess", title: "not what is recorded meanwhile" },
  },
  {
    name: "a gap in the history is not told",
    module: "host-sim/controller/historyFetch.js",
    from: 'this.#batch.push({ kind: "gap", from: due, to: sequence - 1 });',
    to: "",
    caughtBy: { file: "scenarios/history", title: "tells of what the pump has lost" },
  },
  {
    name: "a link is advertised for while its end is waited for",
    module: "firmware/link/gatt.js",
    from: "now > this.#endBy",
    to: "true",
    caughtBy: { file: "link/gatt", title: "does not advertise while a link is ending" },
  },
];
