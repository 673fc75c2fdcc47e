/*
 * Runs firmware/native/entropy.c once and prints what it calls, a line each. Arguments: whether the radio is on (0 or 1),
 * how many bytes are asked for.
 */

#include <stdio.h>
#include <stdlib.h>
#include "../../firmware/native/entropy.c"

static esp_bt_controller_status_t gRadio;
static xsIntegerValue gAsked;
static uint8_t gBytes[MAX_BYTES];
static xsUnsignedValue gSize;

esp_bt_controller_status_t esp_bt_controller_get_status(void)
{
	return gRadio;
}

void bootloader_random_enable(void)
{
	puts("enable");
}

void bootloader_random_disable(void)
{
	puts("disable");
}

void esp_fill_random(void *buf, size_t len)
{
	printf("fill %zu%s\n", len, gBytes == buf ? "" : " elsewhere");
}

xsIntegerValue fxToInteger(xsMachine *the, xsSlot *slot)
{
	(void)the;
	(void)slot;
	return gAsked;
}

void fxArrayBuffer(xsMachine *the, xsSlot *slot, void *data, xsIntegerValue byteLength, xsIntegerValue maxByteLength)
{
	(void)the;
	(void)slot;
	(void)data;
	(void)maxByteLength;
	gSize = byteLength;
}

void fxGetBuffer(xsMachine *the, xsSlot *slot, void **data, xsUnsignedValue *count, uint8_t writable)
{
	(void)the;
	(void)slot;
	(void)writable;
	*data = gBytes;
	*count = gSize;
}

void fxThrowMessage(xsMachine *the, char *path, xsIntegerValue line, xsIntegerValue error, char *message, ...)
{
	(void)the;
	(void)path;
	(void)line;
	(void)error;
	printf("throws: %s\n", message);
	exit(0);
}

int main(int argc, char **argv)
{
	xsSlot frame[3];
	xsMachine machine = { .frame = &frame[1] };

	if (argc != 3)
		return 2;
	gRadio = atoi(argv[1]) ? ESP_BT_CONTROLLER_STATUS_ENABLED : ESP_BT_CONTROLLER_STATUS_IDLE;
	gAsked = atoi(argv[2]);
	xs_countersign_entropy(&machine);
	return 0;
}
