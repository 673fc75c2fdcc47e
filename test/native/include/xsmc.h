/*
 * As much of the Moddable SDK's xsmc.h and xs.h as firmware/native uses, to check types and numbers of arguments where
 * the SDK is not installed. The firmware is never built with these.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct xsMachineRecord xsMachine;
typedef struct {
	uintptr_t value[4];
} xsSlot;
typedef int32_t xsIntegerValue;
typedef uint32_t xsUnsignedValue;

struct xsMachineRecord {
	xsSlot *frame;
	xsSlot scratch;
};

_Noreturn void fxThrowMessage(xsMachine *the, char *path, xsIntegerValue line, xsIntegerValue error, char *message, ...)
	__attribute__((format(printf, 5, 6)));
xsIntegerValue fxToInteger(xsMachine *the, xsSlot *slot);
xsIntegerValue fxToBoolean(xsMachine *the, xsSlot *slot);
void fxArrayBuffer(xsMachine *the, xsSlot *slot, void *data, xsIntegerValue byteLength, xsIntegerValue maxByteLength);
void fxGetBuffer(xsMachine *the, xsSlot *slot, void **data, xsUnsignedValue *count, uint8_t writable);

#define xsResult (the->frame[1])
#define xsArg(index) (the->frame[-1 - (index)])
#define xsUnknownError(...) fxThrowMessage(the, NULL, 0, 1, __VA_ARGS__)
#define xsRangeError(...) fxThrowMessage(the, NULL, 0, 3, __VA_ARGS__)
#define xsmcToInteger(slot) fxToInteger(the, &slot)
#define xsmcTest(slot) fxToBoolean(the, &slot)
#define xsmcSetArrayBuffer(slot, buffer, size) fxArrayBuffer(the, &slot, buffer, size, -1)
#define xsmcGetBufferWritable(slot, data, count) fxGetBuffer(the, &slot, data, count, 1)
