/* NimBLE's, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

#include "host/ble_gap.h"
#include "host/ble_store.h"

#define MYNEWT_VAL(name) MYNEWT_VAL_##name
#ifndef MYNEWT_VAL_BLE_MAX_CONNECTIONS
	#define MYNEWT_VAL_BLE_MAX_CONNECTIONS 1
#endif
#define MYNEWT_VAL_BLE_STORE_MAX_BONDS 3

#define BLE_HS_EALREADY 2
#define BLE_HS_CONN_HANDLE_NONE 0xffff
#define BLE_HS_KEY_DIST_ENC_KEY 0x01
#define BLE_HS_KEY_DIST_ID_KEY 0x02

struct ble_hs_cfg {
	unsigned sm_bonding:1;
	uint8_t sm_our_key_dist;
	uint8_t sm_their_key_dist;
	ble_store_write_fn *store_write_cb;
};

extern struct ble_hs_cfg ble_hs_cfg;
