/**
 * Opcodes of the Insulin Delivery Service 1.0 (Bluetooth SIG, service 183A) and the channels that carry them. Names
 * and numbers only: the tables hold every opcode of the standard, also those this version answers with
 * OpcodeNotSupported, so that a later command is one more row elsewhere. Any two opcodes differ in 4 bits or more.
 */

import { Refusal, SUCCESS } from "../base/refusal.js";

/**
 * What a record's value belongs to (PROTOCOL.md section 5): Countersign's own channels, or the low byte of an Insulin
 * Delivery characteristic, 2B20 to 2B28, or of a Device Time one, 2B90 and 2B91, or C0 and the low byte of a
 * characteristic from 2A00 to 2A3F.
 */
export const Channel = {
  Control: 0x00,
  Tick: 0x01,
  StatusChanged: 0x20,
  Status: 0x21,
  AnnunciationStatus: 0x22,
  Features: 0x23,
  StatusReaderControlPoint: 0x24,
  CommandControlPoint: 0x25,
  CommandData: 0x26,
  RecordAccessControlPoint: 0x27,
  HistoryData: 0x28,
  DeviceTime: 0x90,
  DeviceTimeControlPoint: 0x91,
  BatteryLevel: 0xd9,
  ModelNumber: 0xe4,
  FirmwareRevision: 0xe6,
  SoftwareRevision: 0xe8,
  ManufacturerName: 0xe9,
} as const;

export type Channel = (typeof Channel)[keyof typeof Channel];

/** Opcodes of the Status Reader Control Point (2B24), u16. */
export const StatusReaderOpcode = {
  Response: 0x0303,
  ResetStatus: 0x030c,
  GetActiveBolusIds: 0x0330,
  GetActiveBolusIdsResponse: 0x033f,
  GetActiveBolusDelivery: 0x0356,
  GetActiveBolusDeliveryResponse: 0x0359,
  GetActiveBasalRateDelivery: 0x0365,
  GetActiveBasalRateDeliveryResponse: 0x036a,
  GetTotalDailyInsulinStatus: 0x0395,
  GetTotalDailyInsulinStatusResponse: 0x039a,
  GetCounter: 0x03a6,
  GetCounterResponse: 0x03a9,
  GetDeliveredInsulin: 0x03c0,
  GetDeliveredInsulinResponse: 0x03cf,
  GetInsulinOnBoard: 0x03f3,
  GetInsulinOnBoardResponse: 0x03fc,
} as const;

export type StatusReaderOpcode = (typeof StatusReaderOpcode)[keyof typeof StatusReaderOpcode];

/** Opcodes of the Command Control Point (2B25), u16. */
export const CommandOpcode = {
  Response: 0x0f55,
  SetTherapyControlState: 0x0f5a,
  SetFlightMode: 0x0f66,
  SnoozeAnnunciation: 0x0f69,
  SnoozeAnnunciationResponse: 0x0f96,
  ConfirmAnnunciation: 0x0f99,
  ConfirmAnnunciationResponse: 0x0fa5,
  ReadBasalRateProfileTemplate: 0x0faa,
  ReadBasalRateProfileTemplateResponse: 0x0fc3,
  WriteBasalRateProfileTemplate: 0x0fcc,
  WriteBasalRateProfileTemplateResponse: 0x0ff0,
  SetTbr: 0x0fff,
  CancelTbr: 0x1111,
  GetTbrTemplate: 0x111e,
  GetTbrTemplateResponse: 0x1122,
  SetTbrTemplate: 0x112d,
  SetTbrTemplateResponse: 0x1144,
  SetBolus: 0x114b,
  SetBolusResponse: 0x1177,
  CancelBolus: 0x1178,
  CancelBolusResponse: 0x1187,
  GetAvailableBoluses: 0x1188,
  GetAvailableBolusesResponse: 0x11b4,
  GetBolusTemplate: 0x11bb,
  GetBolusTemplateResponse: 0x11d2,
  SetBolusTemplate: 0x11dd,
  SetBolusTemplateResponse: 0x11e1,
  GetTemplateStatus: 0x11ee,
  GetTemplateStatusResponse: 0x1212,
  ResetTemplateStatus: 0x121d,
  ResetTemplateStatusResponse: 0x1221,
  ActivateProfileTemplates: 0x122e,
  ActivateProfileTemplatesResponse: 0x1247,
  GetActivatedProfileTemplates: 0x1248,
  GetActivatedProfileTemplatesResponse: 0x1274,
  StartPriming: 0x127b,
  StopPriming: 0x1284,
  SetInitialReservoirFill: 0x128b,
  ResetReservoirInsulinOperationTime: 0x12b7,
  ReadIsfProfileTemplate: 0x12b8,
  ReadIsfProfileTemplateResponse: 0x12d1,
  WriteIsfProfileTemplate: 0x12de,
  WriteIsfProfileTemplateResponse: 0x12e2,
  ReadIchoProfileTemplate: 0x12ed,
  ReadIchoProfileTemplateResponse: 0x1414,
  WriteIchoProfileTemplate: 0x141b,
  WriteIchoProfileTemplateResponse: 0x1427,
  ReadTargetProfileTemplate: 0x1428,
  ReadTargetProfileTemplateResponse: 0x1441,
  WriteTargetProfileTemplate: 0x144e,
  WriteTargetProfileTemplateResponse: 0x1472,
  GetMaxBolus: 0x147d,
  GetMaxBolusResponse: 0x1482,
  SetMaxBolus: 0x148d,
} as const;

export type CommandOpcode = (typeof CommandOpcode)[keyof typeof CommandOpcode];

/**
 * The response code u8 of the two general responses: the standard's 0F and 70 to 76, and Countersign's from 80 up.
 * The standard gives the Status Reader 70 to 74 only. The numbers are those of base/refusal.ts.
 */
export const ControlPointResponse = { Success: SUCCESS, ...Refusal } as const;

export type ControlPointResponse = (typeof ControlPointResponse)[keyof typeof ControlPointResponse];

/** Opcodes of the Record Access Control Point (2B27), u8. */
export const RecordAccessOpcode = {
  Response: 0x0f,
  ReportRecords: 0x33,
  DeleteRecords: 0x3c,
  Abort: 0x55,
  ReportNumberOfRecords: 0x5a,
  NumberOfRecordsResponse: 0x66,
} as const;

export type RecordAccessOpcode = (typeof RecordAccessOpcode)[keyof typeof RecordAccessOpcode];

/** Operators of the Record Access Control Point, u8. Both comparisons include the bound. */
export const RecordAccessOperator = {
  Null: 0x0f,
  All: 0x33,
  LessOrEqual: 0x3c,
  GreaterOrEqual: 0x55,
  Range: 0x5a,
  First: 0x66,
  Last: 0x69,
} as const;

export type RecordAccessOperator = (typeof RecordAccessOperator)[keyof typeof RecordAccessOperator];

/**
 * Filters of the Record Access Control Point, u8: all of the history, only its time references (Reference Time and
 * Reference Time Base Offset), or everything else. What they filter is named by sequence number.
 */
export const RecordAccessFilter = { Sequence: 0x0f, ReferenceTimes: 0x33, OtherEvents: 0x3c } as const;

export type RecordAccessFilter = (typeof RecordAccessFilter)[keyof typeof RecordAccessFilter];

/** Response codes of the Record Access Control Point, u8. */
export const RecordAccessResponse = {
  Success: 0xf0,
  OpcodeNotSupported: 0x02,
  InvalidOperator: 0x03,
  OperatorNotSupported: 0x04,
  InvalidOperand: 0x05,
  NoRecordsFound: 0x06,
  AbortUnsuccessful: 0x07,
  NotCompleted: 0x08,
  OperandNotSupported: 0x09,
  NotApplicable: 0x0a,
} as const;

export type RecordAccessResponse = (typeof RecordAccessResponse)[keyof typeof RecordAccessResponse];
