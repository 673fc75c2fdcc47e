/*
 * Runs the GAP listener of firmware/native/link.c and prints the ticks for which each event holds NimBLE's task, a line
 * each. Arguments, in order: connect, taken (XS has taken the connection in), mtu, encrypt, subscribe, disconnect.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../firmware/native/link.c"

struct ble_hs_cfg ble_hs_cfg;
static struct ble_gap_event_listener *gRegistered;
static TickType_t gDelayed;

void vTaskDelay(const TickType_t xTicksToDelay)
{
	gDelayed += xTicksToDelay;
}

int ble_gap_event_listener_register(struct ble_gap_event_listener *listener, ble_gap_event_fn *fn, void *arg)
{
	listener->fn = fn;
	listener->arg = arg;
	gRegistered = listener;
	return 0;
}

int ble_gap_terminate(uint16_t conn_handle, uint8_t hci_reason)
{
	(void)conn_handle;
	(void)hci_reason;
	return 0;
}

int ble_gap_unpair_oldest_peer(void)
{
	return 1;
}

int ble_store_clear(void)
{
	return 0;
}

int ble_store_util_count(int type, int *out_count)
{
	(void)type;
	*out_count = 0;
	return 0;
}

static int write(int obj_type, const union ble_store_value *val)
{
	(void)obj_type;
	(void)val;
	return 0;
}

xsIntegerValue fxToBoolean(xsMachine *the, xsSlot *slot)
{
	(void)the;
	(void)slot;
	return 0;
}

void fxThrowMessage(xsMachine *the, char *path, xsIntegerValue line, xsIntegerValue error, char *message, ...)
{
	(void)the;
	(void)path;
	(void)line;
	(void)error;
	printf("throws: %s\n", message);
	exit(1);
}

static const struct {
	const char *name;
	uint8_t type;
} EVENTS[] = {
	{ "connect", BLE_GAP_EVENT_CONNECT },
	{ "mtu", BLE_GAP_EVENT_MTU },
	{ "encrypt", BLE_GAP_EVENT_ENC_CHANGE },
	{ "subscribe", BLE_GAP_EVENT_SUBSCRIBE },
	{ "disconnect", BLE_GAP_EVENT_DISCONNECT },
};

static void happen(const char *name)
{
	struct ble_gap_event event = { .type = 0 };
	size_t i;

	for (i = 0; i < sizeof(EVENTS) / sizeof(EVENTS[0]); i++)
		if (0 == strcmp(name, EVENTS[i].name)) {
			event.type = EVENTS[i].type;
			gDelayed = 0;
			gRegistered->fn(&event, gRegistered->arg);
			printf("%u\n", (unsigned)gDelayed);
			return;
		}
	exit(2);
}

int main(int argc, char **argv)
{
	xsMachine machine = { .frame = NULL };
	int i;

	ble_hs_cfg.store_write_cb = write;
	xs_countersign_link_watch(&machine);
	for (i = 1; i < argc; i++)
		if (0 == strcmp(argv[i], "taken"))
			xs_countersign_link_taken(&machine);
		else
			happen(argv[i]);
	return 0;
}
