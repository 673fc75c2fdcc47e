/*
 * xs_countersign_entropy(lengthBytes): that many bytes of the ESP32's hardware random number generator, as an ArrayBuffer.
 * The generator is true only while radio or bootloader entropy source is on (ESP-IDF, Random Number Generation);
 * the firmware tests what it is given (nonce/entropy.ts).
 */

#include "xsmc.h"
#include "esp_random.h"

/* Longest draw of the firmware: 512 samples. */
#define MAX_BYTES 512

void xs_countersign_entropy(xsMachine *the)
{
	xsIntegerValue lengthBytes = xsmcToInteger(xsArg(0));
	void *bytes;
	xsUnsignedValue size;

	if ((lengthBytes < 1) || (lengthBytes > MAX_BYTES))
		xsRangeError("1 to 512 bytes");
	xsmcSetArrayBuffer(xsResult, NULL, lengthBytes);
	xsmcGetBufferWritable(xsResult, &bytes, &size);
	esp_fill_random(bytes, size);
}
