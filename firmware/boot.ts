/**
 * From stored bytes to a pump that may start: which blobs there are, what is made on a first boot, what a loss means,
 * what newer firmware has left. Nothing is issued and nothing moves before this has returned. SECURITY.md section 6.12
 * has what each finding comes to.
 */

import { layout } from "./base/layout.js";
import type { Sha256 } from "./base/sha256.js";
import type { UptimeMs } from "./base/units.js";
import type { Board } from "./board.js";
import { CALIBRATION_BLOB, type Calibration, calibrationInForce } from "./motor/calibration.js";
import { Entropy, type EntropyFault } from "./nonce/entropy.js";
import { advanceEpoch, createIdentity, IDENTITY_BLOB, type Identity } from "./nonce/identity.js";
import type { RigConfig } from "./rig.js";
import { type Bonds, bondsBlob, NO_BONDS } from "./session/bonds.js";
import { type BlobSpec, type Durable, type Loaded, StateBlob } from "./storage/blob.js";
import { HistoryLog } from "./storage/history.js";
import { type Newer, newerText } from "./storage/newer.js";
import { bootTherapy } from "./therapy/boot.js";
import { JOURNAL_BLOB, type Journal, NEW_JOURNAL } from "./therapy/journal.js";
import { newProfiles, PROFILES_BLOB, type Profiles } from "./therapy/profiles.js";
import { newStanding, type Standing } from "./therapy/standing.js";
import { STANDING_BLOB } from "./therapy/standingBlob.js";
import type { Therapy } from "./therapy/therapy.js";

/** Everything the pump stores, but for the mark below. */
export interface Stores {
  readonly identity: StateBlob<Identity>;
  readonly bonds: StateBlob<Bonds>;
  readonly standing: StateBlob<Standing>;
  readonly journal: StateBlob<Journal>;
  readonly calibration: StateBlob<Calibration>;
  readonly profiles: StateBlob<Profiles>;
  readonly history: HistoryLog;
}

export interface Booted {
  readonly stores: Stores;
  readonly entropy: Entropy;
  /** Undefined when no identity could be made: then nothing is issued and there is no radio. */
  readonly identity: Durable<Identity> | undefined;
  readonly bonds: Bonds;
  readonly calibration: Calibration;
  /** The board's, calibrated: what every dose is planned by until the next boot. */
  readonly rig: RigConfig;
  readonly therapy: Therapy;
  readonly entropyFault: EntropyFault | undefined;
  readonly historyFailed: boolean;
  /** What the user must hear about, one line each. */
  readonly news: readonly string[];
}

/**
 * Says that this pump has been provisioned: written last, so that a missing blob is then a loss and not a first boot.
 * `CALIBRATED` says that it has run on a calibration besides: written by the first boot that finds one, so before
 * anything moves by it. `PROFILED`: there are profiles, and to have none is a loss. The mark's version
 * counts the blobs: a new one raises it, so that firmware that does not know the new one stops at the mark.
 */
interface Marker {
  /** Bits. */
  readonly provisioned: number;
}
const PROVISIONED = 1;
const CALIBRATED = 2;
const PROFILED = 4;
const MarkerLayout = layout(["provisioned", "u8"]);
const decodeMarker = (bytes: Uint8Array): Marker | undefined => MarkerLayout.decode(bytes);
const MARKER_BLOB: BlobSpec<Marker> = {
  name: "provisioned",
  version: 3,
  // From before there was a calibration, and before there were profiles.
  older: [
    { version: 1, decode: decodeMarker },
    { version: 2, decode: decodeMarker },
  ],
  copies: "mirrored",
  encode: (marker) => MarkerLayout.encode(marker),
  decode: decodeMarker,
};

/** How everything is stored that is stored as a blob. */
export function blobSpecs(sha256: Sha256) {
  return {
    marker: MARKER_BLOB,
    identity: IDENTITY_BLOB,
    bonds: bondsBlob(sha256),
    standing: STANDING_BLOB,
    journal: JOURNAL_BLOB,
    calibration: CALIBRATION_BLOB,
    profiles: PROFILES_BLOB,
  };
}

/**
 * Reads, reconciles and makes durable what a boot needs. Throws what the storage throws, and where newer firmware has
 * stored anything; then nothing has been written.
 */
export function boot(board: Board, now: UptimeMs): Booted {
  const { sha256 } = board;
  const keyValue = board.openKeyValue();
  const specs = blobSpecs(sha256);
  const marker = new StateBlob(keyValue, specs.marker);
  const stores: Stores = {
    identity: new StateBlob(keyValue, specs.identity),
    bonds: new StateBlob(keyValue, specs.bonds),
    standing: new StateBlob(keyValue, specs.standing),
    journal: new StateBlob(keyValue, specs.journal),
    calibration: new StateBlob(keyValue, specs.calibration),
    profiles: new StateBlob(keyValue, specs.profiles),
    history: new HistoryLog(board.openHistoryFlash()),
  };
  let historyFailed = false;
  const withHistory = <V>(use: () => V): V | undefined => {
    try {
      return use();
    } catch {
      // A pump without a history still has a button and an alarm: the fault is latched once it runs.
      historyFailed = true;
      return undefined;
    }
  };
  const mounted = withHistory(() => stores.history.mount());
  // Before anything is loaded: a load may write.
  refuseNewer([
    marker.newer(),
    stores.identity.newer(),
    stores.bonds.newer(),
    stores.standing.newer(),
    stores.journal.newer(),
    stores.calibration.newer(),
    stores.profiles.newer(),
    mounted && "newer" in mounted ? mounted.newer : undefined,
  ]);
  const historyNextSequence = mounted && "nextSequence" in mounted ? mounted.nextSequence : 0;

  const news: string[] = [];
  const load = <T>(blob: StateBlob<T>): Loaded<T> => {
    const found = blob.load();
    if (found.kind === "lost" && found.unreadVersion !== undefined)
      news.push(`Stored ${blob.name} is of version ${found.unreadVersion}, too old to be read`);
    return found;
  };
  const marked = load(marker);
  const identityFound = load(stores.identity);
  const bondsFound = load(stores.bonds);
  const standingLoaded = load(stores.standing);
  const hadBonds = "value" in bondsFound && bondsFound.value.confirmed.length > 0;
  // The standing state is stored before the first event goes to flash.
  const standingIsGone = standingLoaded.kind === "missing" && historyNextSequence > 0;
  const provisioned = marked.kind !== "missing" || identityFound.kind !== "missing" || hadBonds || standingIsGone;
  const mark = "value" in marked ? marked.value.provisioned : PROVISIONED;
  const calibrationFound = load(stores.calibration);
  const {
    calibration,
    rig,
    lost: calibrationLost,
  } = calibrationInForce(calibrationFound, (mark & CALIBRATED) !== 0, board.rig);
  const standingFound = orNew(standingLoaded, provisioned, newStanding(rig));
  const journalFound = orNew(load(stores.journal), provisioned, NEW_JOURNAL);

  const profilesFound = load(stores.profiles);
  // Firmware from before there were profiles left none, and the rate that it followed all day.
  const beforeProfiles =
    "value" in marked && (marked.value.provisioned & PROFILED) === 0 && profilesFound.kind === "missing";
  const profilesLost = !("value" in profilesFound) && provisioned && !beforeProfiles;
  const programmed = "value" in standingFound ? standingFound.value : newStanding(rig);
  const profiles = "value" in profilesFound ? profilesFound.value : newProfiles(programmed.basalMicrounitsPerHour);

  const entropy = new Entropy(board.entropy, sha256);
  const known = "value" in identityFound ? identityFound.value : undefined;
  const epoch = known ? known.epoch + 1 : 1;

  withHistory(() => {
    if ("value" in standingFound) for (const event of standingFound.value.history.pending) stores.history.append(event);
  });
  const identityFate = known ? "kept" : provisioned ? "lost" : "new";
  const found = {
    standing: standingFound,
    journal: journalFound,
    historyNextSequence,
    epoch,
    identity: identityFate,
    calibrationLost,
    profiles,
    profilesLost,
  } as const;
  const { next: therapy, record } = bootTherapy(found, now, rig);
  if (record?.kind !== "standing") throw new Error("invariant: a boot records the standing state");
  stores.standing.commit(record.value);
  // Not before: a cut in between must find the loss again, or the Stop that it has led to.
  if (profilesFound.kind !== "intact") stores.profiles.commit(profiles);
  withHistory(() => {
    for (const event of record.value.history.pending) stores.history.append(event);
  });
  stores.journal.commit(therapy.journal);
  if (standingFound.kind === "lost" || journalFound.kind === "lost")
    news.push("Stored therapy state was lost: stopped");
  if (calibrationLost) news.push("Calibration was lost: stopped");
  // Where the therapy state is lost, what else went with it is no news.
  if (profilesLost && standingFound.kind !== "lost" && journalFound.kind !== "lost")
    news.push("Basal profiles were lost: stopped");
  if (rig.drive.encoder === "none") news.push("No encoder: motion is not checked");
  if ("value" in calibrationFound && calibrationFound.kind !== "intact" && !calibrationLost)
    stores.calibration.commit(calibrationFound.value);

  // Without its identity a pump is a stranger to its controllers: their bonds go with it.
  const bondsKept = known && "value" in bondsFound ? bondsFound.value : NO_BONDS;
  const bondsAreGone = provisioned && (!known || !("value" in bondsFound));
  if (bondsAreGone) news.push("Pairings were lost: pair again");
  if (!known || bondsFound.kind !== "intact") stores.bonds.commit(bondsKept);

  const advanced = known ? advanceEpoch(known, entropy, sha256) : undefined;
  const created = known ? undefined : createIdentity(entropy);
  const identity = advanced?.identity ?? (created?.ok ? created.value : undefined);
  const durable = identity && stores.identity.commit(identity);
  const nowMarked = mark | PROFILED | ("value" in calibrationFound ? CALIBRATED : 0);
  if (durable && (marked.kind !== "intact" || mark !== nowMarked)) marker.commit({ provisioned: nowMarked });
  const entropyFault = advanced?.fault ?? (created && !created.ok ? created.refusal : undefined);
  return {
    stores,
    entropy,
    identity: durable,
    bonds: bondsKept,
    calibration,
    rig,
    therapy,
    entropyFault,
    historyFailed,
    news,
  };
}

/** Lets nothing go on where newer firmware was before. */
function refuseNewer(found: readonly (Newer | undefined)[]): void {
  const newer = found.filter((each) => each !== undefined);
  if (newer.length > 0) throw new Error(newerText(newer));
}

/** On a pump that was never provisioned a missing blob is made new; on any other it is lost. */
function orNew<T>(found: Loaded<T>, provisioned: boolean, fresh: T): Loaded<T> {
  if (found.kind !== "missing") return found;
  return provisioned ? { kind: "lost" } : { kind: "intact", value: fresh };
}
