/* NimBLE's, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

#include <stdint.h>

#define BLE_STORE_OBJ_TYPE_OUR_SEC 1
#define BLE_STORE_OBJ_TYPE_PEER_SEC 2
#define BLE_STORE_OBJ_TYPE_CCCD 3
#define BLE_STORE_OBJ_TYPE_PEER_ADDR 6

struct ble_store_value_sec {
	uint8_t key_size;
	unsigned authenticated:1;
	uint8_t sc:1;
};

union ble_store_value {
	struct ble_store_value_sec sec;
};

typedef int ble_store_write_fn(int obj_type, const union ble_store_value *val);

int ble_store_clear(void);
int ble_store_util_count(int type, int *out_count);
