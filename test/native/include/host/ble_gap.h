/* NimBLE's, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

#include <stdint.h>

#define BLE_ERR_REM_USER_CONN_TERM 0x13

#define BLE_GAP_EVENT_CONNECT 0
#define BLE_GAP_EVENT_DISCONNECT 1
#define BLE_GAP_EVENT_ENC_CHANGE 10
#define BLE_GAP_EVENT_SUBSCRIBE 14
#define BLE_GAP_EVENT_MTU 15

struct ble_gap_event {
	uint8_t type;
	union {
		struct {
			int status;
			uint16_t conn_handle;
		} connect;
	};
};

typedef int ble_gap_event_fn(struct ble_gap_event *event, void *arg);

struct ble_gap_event_listener {
	ble_gap_event_fn *fn;
	void *arg;
};

int ble_gap_event_listener_register(
	struct ble_gap_event_listener *listener, ble_gap_event_fn *fn, void *arg);
int ble_gap_terminate(uint16_t conn_handle, uint8_t hci_reason);
int ble_gap_unpair_oldest_peer(void);
