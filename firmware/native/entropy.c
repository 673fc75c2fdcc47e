/*
 * xs_countersign_entropy(lengthBytes): that many bytes of the ESP32's hardware random number generator, as an ArrayBuffer.
 * The generator is true only while the radio or the bootloader's entropy source is on (ESP-IDF, Random Number Generation).
 * So before the radio is on the latter is switched on for the draw. It takes the converter for itself: nothing may have
 * opened one by then (motor/motor.ts opens the force sensor's after the boot's draws). The firmware tests what it is
 * given (nonce/entropy.ts).
 */

#include "xsmc.h"
#include "bootloader_random.h"
#include "esp_bt.h"
#include "esp_random.h"

/* Longest draw of the firmware: 512 samples. */
#define MAX_BYTES 512

void xs_countersign_entropy(xsMachine *the)
{
	xsIntegerValue lengthBytes = xsmcToInteger(xsArg(0));
	int radioIsOn = (ESP_BT_CONTROLLER_STATUS_ENABLED == esp_bt_controller_get_status());
	void *bytes;
	xsUnsignedValue size;

	if ((lengthBytes < 1) || (lengthBytes > MAX_BYTES))
		xsRangeError("1 to 512 bytes");
	xsmcSetArrayBuffer(xsResult, NULL, lengthBytes);
	xsmcGetBufferWritable(xsResult, &bytes, &size);
	if (!radioIsOn)
		bootloader_random_enable();
	esp_fill_random(bytes, size);
	if (!radioIsOn)
		bootloader_random_disable();
}
