/**
 * Enumerated values and flag masks of the Insulin Delivery Service 1.0. Names and numbers only; which of them this
 * version takes is PROTOCOL.md section 6. Any two values of one enumeration differ in 4 bits or more.
 */

/** Therapy Control State, u8. */
export const TherapyControlState = { Undetermined: 0x0f, Stop: 0x33, Pause: 0x3c, Run: 0x55 } as const;
export type TherapyControlState = (typeof TherapyControlState)[keyof typeof TherapyControlState];

/** Operational State, u8. */
export const OperationalState = {
  Undetermined: 0x0f,
  Off: 0x33,
  Standby: 0x3c,
  Preparing: 0x55,
  Priming: 0x5a,
  Waiting: 0x66,
  Ready: 0x96,
} as const;
export type OperationalState = (typeof OperationalState)[keyof typeof OperationalState];

/** What an annunciation is about, u16. */
export const AnnunciationType = {
  SystemIssue: 0x000f,
  MechanicalIssue: 0x0033,
  Occlusion: 0x003c,
  ReservoirIssue: 0x0055,
  ReservoirEmpty: 0x005a,
  ReservoirLow: 0x0066,
  PrimingIssue: 0x0069,
  InfusionSetIncomplete: 0x0096,
  InfusionSetDetached: 0x0099,
  PowerInsufficient: 0x00a5,
  BatteryEmpty: 0x00aa,
  BatteryLow: 0x00c3,
  BatteryMedium: 0x00cc,
  BatteryFull: 0x00f0,
  TemperatureOutOfRange: 0x00ff,
  AirPressureOutOfRange: 0x0303,
  BolusCanceled: 0x030c,
  TbrOver: 0x0330,
  TbrCanceled: 0x033f,
  MaxDelivery: 0x0356,
  DateTimeIssue: 0x0359,
  Temperature: 0x0365,
} as const;
export type AnnunciationType = (typeof AnnunciationType)[keyof typeof AnnunciationType];

/** Where an annunciation stands, u8. */
export const AnnunciationStatus = { Undetermined: 0x0f, Pending: 0x33, Snoozed: 0x3c, Confirmed: 0x55 } as const;
export type AnnunciationStatus = (typeof AnnunciationStatus)[keyof typeof AnnunciationStatus];

/** Bolus type, u8. */
export const BolusType = { Fast: 0x33, Extended: 0x3c, Multiwave: 0x55 } as const;
export type BolusType = (typeof BolusType)[keyof typeof BolusType];

/** Which amount Get Active Bolus Delivery asks for, u8. */
export const BolusValue = { Programmed: 0x0f, Remaining: 0x33, Delivered: 0x3c } as const;
export type BolusValue = (typeof BolusValue)[keyof typeof BolusValue];

/** What led to a bolus, u8. */
export const BolusActivation = { Manual: 0x33, Recommended: 0x3c, ManuallyChanged: 0x55, Commanded: 0x5a } as const;
export type BolusActivation = (typeof BolusActivation)[keyof typeof BolusActivation];

/** TBR type, u8: a rate in U/h, or a factor on the basal rate. */
export const TbrType = { Absolute: 0x33, Relative: 0x3c } as const;
export type TbrType = (typeof TbrType)[keyof typeof TbrType];

/** Who runs a TBR or the basal delivery, u8: the device itself, a remote control, an artificial pancreas. */
export const TbrContext = { Device: 0x33, Remote: 0x3c, ApController: 0x55 } as const;
export type TbrContext = (typeof TbrContext)[keyof typeof TbrContext];

/** What Get Counter asks about, u8: the device's lifetime, its warranty, its loan, the age of the insulin in it. */
export const CounterType = { Lifetime: 0x0f, Warranty: 0x33, Loaner: 0x3c, ReservoirInsulinOperation: 0x55 } as const;
export type CounterType = (typeof CounterType)[keyof typeof CounterType];

/** Which way a counter is read, u8. */
export const CounterValue = { Remaining: 0x0f, Elapsed: 0x33 } as const;
export type CounterValue = (typeof CounterValue)[keyof typeof CounterValue];

/** Bit masks of Status Changed and of Reset Status, u16. */
export const StatusChangedFlag = {
  TherapyControlState: 0x0001,
  OperationalState: 0x0002,
  Reservoir: 0x0004,
  Annunciation: 0x0008,
  TotalDailyInsulin: 0x0010,
  ActiveBasal: 0x0020,
  ActiveBolus: 0x0040,
  HistoryEvent: 0x0080,
} as const;
export type StatusChangedFlag = (typeof StatusChangedFlag)[keyof typeof StatusChangedFlag];

/** Bit masks of Status, u8. */
export const StatusFlag = { ReservoirAttached: 0x01 } as const;
export type StatusFlag = (typeof StatusFlag)[keyof typeof StatusFlag];

/** Bit masks of Annunciation Status, u8. */
export const AnnunciationFlag = {
  Present: 0x01,
  AuxInfo1Present: 0x02,
  AuxInfo2Present: 0x04,
  AuxInfo3Present: 0x08,
  AuxInfo4Present: 0x10,
  AuxInfo5Present: 0x20,
} as const;
export type AnnunciationFlag = (typeof AnnunciationFlag)[keyof typeof AnnunciationFlag];

/** Bit masks of Set Bolus and of an active bolus delivery, u8. */
export const BolusFlag = {
  DelayPresent: 0x01,
  TemplatePresent: 0x02,
  ActivationPresent: 0x04,
  Correction: 0x08,
  Meal: 0x10,
} as const;
export type BolusFlag = (typeof BolusFlag)[keyof typeof BolusFlag];

/** Bit masks of Set TBR, u8. */
export const TbrFlag = { TemplatePresent: 0x01, ContextPresent: 0x02, Change: 0x04 } as const;
export type TbrFlag = (typeof TbrFlag)[keyof typeof TbrFlag];

/** Bit masks of an active basal rate delivery, u8. The template is the TBR's. */
export const BasalFlag = { TbrPresent: 0x01, TemplatePresent: 0x02, ContextPresent: 0x04 } as const;
export type BasalFlag = (typeof BasalFlag)[keyof typeof BasalFlag];

/** Bit masks of insulin on board, u8. */
export const InsulinOnBoardFlag = { RemainingPresent: 0x01 } as const;
export type InsulinOnBoardFlag = (typeof InsulinOnBoardFlag)[keyof typeof InsulinOnBoardFlag];

/** Bit masks of the boluses that are available, u8. */
export const AvailableBolusFlag = { Fast: 0x01, Extended: 0x02, Multiwave: 0x04 } as const;
export type AvailableBolusFlag = (typeof AvailableBolusFlag)[keyof typeof AvailableBolusFlag];

/** Bit masks of Features, u24. */
export const FeatureFlag = {
  E2eProtection: 0x000001,
  Basal: 0x000002,
  TbrAbsolute: 0x000004,
  TbrRelative: 0x000008,
  TbrTemplate: 0x000010,
  FastBolus: 0x000020,
  ExtendedBolus: 0x000040,
  MultiwaveBolus: 0x000080,
  BolusDelay: 0x000100,
  BolusTemplate: 0x000200,
  BolusActivation: 0x000400,
  MultiBond: 0x000800,
  Isf: 0x001000,
  Icho: 0x002000,
  TargetRange: 0x004000,
  InsulinOnBoard: 0x008000,
  Extension: 0x800000,
} as const;
export type FeatureFlag = (typeof FeatureFlag)[keyof typeof FeatureFlag];

/** Event types of history records, u16. Part 1 and Part 2 are two records of one event. */
export const HistoryEvent = {
  ReferenceTime: 0x000f,
  ReferenceTimeBaseOffset: 0x0033,
  BolusCalculatedPart1: 0x003c,
  BolusCalculatedPart2: 0x0055,
  BolusProgrammedPart1: 0x005a,
  BolusProgrammedPart2: 0x0066,
  BolusDeliveredPart1: 0x0069,
  BolusDeliveredPart2: 0x0096,
  DeliveredBasalRateChanged: 0x0099,
  TbrStarted: 0x00a5,
  TbrEnded: 0x00aa,
  TbrChanged: 0x00c3,
  ProfileTemplateActivated: 0x00cc,
  BasalTimeBlockChanged: 0x00f0,
  TotalDailyInsulin: 0x00ff,
  TherapyControlStateChanged: 0x0303,
  OperationalStateChanged: 0x030c,
  ReservoirRemainingChanged: 0x0330,
  AnnunciationChangedPart1: 0x033f,
  AnnunciationChangedPart2: 0x0356,
  IsfTimeBlockChanged: 0x0359,
  IchoTimeBlockChanged: 0x0365,
  TargetTimeBlockChanged: 0x036a,
  PrimingStarted: 0x0395,
  PrimingDone: 0x039a,
  DataCorruption: 0x03a6,
  Pointer: 0x03a9,
  BolusTemplateChangedPart1: 0x03c0,
  BolusTemplateChangedPart2: 0x03cf,
  TbrTemplateChanged: 0x03f3,
  MaxBolusChanged: 0x03fc,
} as const;
export type HistoryEvent = (typeof HistoryEvent)[keyof typeof HistoryEvent];
