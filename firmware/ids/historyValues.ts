/**
 * Enumerated values and flag masks of the data of history events (Insulin Delivery Service 1.0). Names and numbers only.
 * Any two values of one enumeration differ in 4 bits or more.
 */

/** Why a time reference was recorded, u8: time was set, was due to be recorded again, or was lost. */
export const RecordingReason = { Undetermined: 0x0f, TimeSet: 0x33, Periodic: 0x3c, TimeLost: 0x55 } as const;
export type RecordingReason = (typeof RecordingReason)[keyof typeof RecordingReason];

/** Why a bolus ended, u8. */
export const BolusEndReason = { Undetermined: 0x0f, Delivered: 0x33, Canceled: 0x3c, ErrorAbort: 0x55 } as const;
export type BolusEndReason = (typeof BolusEndReason)[keyof typeof BolusEndReason];

/** Why a TBR ended, u8. */
export const TbrEndReason = { Undetermined: 0x0f, DurationOver: 0x33, Canceled: 0x3c, ErrorAbort: 0x55 } as const;
export type TbrEndReason = (typeof TbrEndReason)[keyof typeof TbrEndReason];

/** Why priming ended, u8: the user stopped it, the amount was reached, or an error. */
export const PrimingEndReason = { Undetermined: 0x0f, Aborted: 0x33, AmountReached: 0x3c, ErrorAbort: 0x55 } as const;
export type PrimingEndReason = (typeof PrimingEndReason)[keyof typeof PrimingEndReason];

/** What kind of profile was activated, u8; not the numbers of a template's type. */
export const ProfileType = { BasalRate: 0x33, Isf: 0x3c, Icho: 0x55, TargetRange: 0x5a } as const;
export type ProfileType = (typeof ProfileType)[keyof typeof ProfileType];

/** Bit masks of Bolus Delivered, part 2, u8. */
export const BolusDeliveredFlag = {
  ActivationPresent: 0x01,
  EndReasonPresent: 0x02,
  AnnunciationPresent: 0x04,
} as const;
export type BolusDeliveredFlag = (typeof BolusDeliveredFlag)[keyof typeof BolusDeliveredFlag];

/** Bit masks of Delivered Basal Rate Changed, u8. */
export const BasalRateChangedFlag = { ContextPresent: 0x01 } as const;
export type BasalRateChangedFlag = (typeof BasalRateChangedFlag)[keyof typeof BasalRateChangedFlag];

/** Bit masks of a TBR started and changed, u8. */
export const TbrSetFlag = { TemplatePresent: 0x01 } as const;
export type TbrSetFlag = (typeof TbrSetFlag)[keyof typeof TbrSetFlag];

/** Bit masks of a TBR ended, u8. */
export const TbrEndedFlag = { TemplatePresent: 0x01, AnnunciationPresent: 0x02 } as const;
export type TbrEndedFlag = (typeof TbrEndedFlag)[keyof typeof TbrEndedFlag];

/** Bit masks of Total Daily Insulin Delivery, u8: the clock was set on that day, so it was longer or shorter. */
export const TotalDailyInsulinFlag = { TimeChanged: 0x01 } as const;
export type TotalDailyInsulinFlag = (typeof TotalDailyInsulinFlag)[keyof typeof TotalDailyInsulinFlag];

/** Bit masks of Annunciation Status Changed, part 1, u8. */
export const AnnunciationPart1Flag = { AuxInfo1Present: 0x01, AuxInfo2Present: 0x02 } as const;
export type AnnunciationPart1Flag = (typeof AnnunciationPart1Flag)[keyof typeof AnnunciationPart1Flag];

/** Bit masks of Annunciation Status Changed, part 2, u8. */
export const AnnunciationPart2Flag = { AuxInfo3Present: 0x01, AuxInfo4Present: 0x02, AuxInfo5Present: 0x04 } as const;
export type AnnunciationPart2Flag = (typeof AnnunciationPart2Flag)[keyof typeof AnnunciationPart2Flag];

/** Bit masks of Priming Done, u8. */
export const PrimingDoneFlag = { AnnunciationPresent: 0x01 } as const;
export type PrimingDoneFlag = (typeof PrimingDoneFlag)[keyof typeof PrimingDoneFlag];
