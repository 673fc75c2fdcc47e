/** Why a connection ended or did not come about, and what to do then. */

/** What to do, by reason, in words for the user of the library. */
export const END_ADVICE = {
  closed: "The controller closed the connection itself.",
  pumpDisconnected: "The pump, or the radio, ended the connection: open again.",
  notConnected:
    "No connection came about: bring the pump near; it takes one connection at a time. Two taps end its flight mode.",
  connectTimeout:
    "No pump answered within 30 s: bring it near; it takes one connection at a time. Two taps end its flight mode.",
  handshakeTimeout: "The pump did not finish the handshake within 6 s of the connection: open again.",
  silence: "No record came for 15 s: bring the pump near and open again.",
  answerTimeout: "The pump left a request without answer for 15 s: open again, then resolve what is pending.",
  m1Version: "The pump speaks another version of the protocol: update pump or controller.",
  m1Flags: "The pump's first message has unknown flags: update the controller.",
  m1Length: "The pump's first message has the wrong length: this is no Countersign pump, or somebody altered it.",
  unknownPump: "The pump that answered is not the one meant: pair with it, or bring the right one near.",
  noBond: "This controller has no bond: pair with a pump first.",
  windowClosed: "The pump's pairing window is closed: open it on the pump and pair again.",
  ephemeralRefused: "The pump's public key is of low order: somebody altered it. Pair again elsewhere.",
  m3Wrong: "The pump's proof is wrong: it has not this bond, or somebody altered the proof. Open again.",
  paired: "Pairing is done; a session is opened over a new connection.",
  fragment: "The pump broke a rule of fragments, or somebody altered one: open again.",
  recordNotOpened: "A record was altered, lost or repeated on its way: open again.",
  unexpectedMessage: "The pump sent what the protocol does not have in that place: open again; report it if it recurs.",
  queueFull: "Four messages wait for a pump that takes none: open again.",
  storeFailed: "The controller's store refused the write: make room, then try again.",
  storeFull: "The store holds as many bonds as it may: wait 7 minutes for provisional ones to expire, or erase some.",
} as const;

/** Why a connection ended or did not come about. */
export type EndReason = keyof typeof END_ADVICE;
