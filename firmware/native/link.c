/*
 * What the SDK's GATT server (modules/io/ble/server/esp32) leaves out, in terms of NimBLE:
 *
 * - the end of the link by which the ordinary disconnection comes: the SDK's own close() frees its record at once, and
 *   the events of the link's end then read through a null pointer;
 * - a hold: NimBLE's task waits until XS has taken a new connection in, since the SDK takes the record for granted when
 *   an MTU exchange or a secured write comes before; and a pace for subscriptions, which would fill its queue;
 * - a gate in front of NimBLE's store, so that no LE bond is kept but one made with the passkey, by Secure Connections
 *   and 128 bits of key, while the pump lets one in; and no subscription, which NimBLE would restore before the
 *   central's client listens.
 *
 * `native("...")` of main.ts calls these from the thread of XS; listener and gate run in NimBLE's task.
 */

#include "xsmc.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "host/ble_gap.h"
#include "host/ble_hs.h"
#include "host/ble_store.h"

#if MYNEWT_VAL(BLE_MAX_CONNECTIONS) != 1
	#error "link.c knows one connection: set CONFIG_BT_NIMBLE_MAX_CONNECTIONS=1"
#endif

/* Beyond any stall of the thread that was thought of (600 ms), under what an LE link bears (Vol 3 Part F 3.3.3: 30 s). */
#define HOLD_MS 1000
/*
 * A subscription costs one message of XS's queue, which holds 32 (manifest.json) and, full, would lose the button's: at
 * this pace not even a stall of HOLD_MS fills it.
 */
#define SUBSCRIPTION_MS 50
/* Secure Connections gives no more, and with 7 bytes would agree to less (Vol 3 Part H 2.3.4). */
#define KEY_BYTES 16

static volatile uint16_t gHandle = BLE_HS_CONN_HANDLE_NONE;
/* Connections that NimBLE announced, and that XS took in. */
static volatile uint32_t gAnnounced = 0, gTaken = 0;
static volatile uint8_t gBondsAllowed = 0;
/* Of the pairing whose records are being written: NimBLE writes both keys, then the address. */
static uint8_t gBondRefused = 1;
static ble_store_write_fn *gStoreWrite = NULL;
static struct ble_gap_event_listener gListener;

static int onGapEvent(struct ble_gap_event *event, void *arg)
{
	TickType_t waited;

	(void)arg;
	switch (event->type) {
		case BLE_GAP_EVENT_CONNECT:
			if (0 == event->connect.status) {
				gHandle = event->connect.conn_handle;
				gAnnounced += 1;
			}
			break;
		case BLE_GAP_EVENT_DISCONNECT:
			gHandle = BLE_HS_CONN_HANDLE_NONE;
			break;
		case BLE_GAP_EVENT_SUBSCRIBE:
			vTaskDelay(pdMS_TO_TICKS(SUBSCRIPTION_MS));
			/* fall through */
		case BLE_GAP_EVENT_MTU:
		case BLE_GAP_EVENT_ENC_CHANGE:
			for (waited = 0; (gTaken != gAnnounced) && (waited < pdMS_TO_TICKS(HOLD_MS)); waited++)
				vTaskDelay(1);
			break;
		default:
			break;
	}
	return 0;
}

/* Says "stored" of what it drops: an error would reach the central as an ATT error of no meaning. */
static int storeWrite(int type, const union ble_store_value *value)
{
	switch (type) {
		case BLE_STORE_OBJ_TYPE_OUR_SEC:
		case BLE_STORE_OBJ_TYPE_PEER_SEC:
			gBondRefused = !gBondsAllowed || !value->sec.authenticated || !value->sec.sc || (KEY_BYTES != value->sec.key_size);
			if (gBondRefused)
				return 0;
			break;
		case BLE_STORE_OBJ_TYPE_PEER_ADDR:
			if (gBondRefused)
				return 0;
			break;
		case BLE_STORE_OBJ_TYPE_CCCD:
			return 0;
		default:
			break;
	}
	return gStoreWrite(type, value);
}

/*
 * To be called in onReady, before anything is advertised. Asks for identity keys, without which a bonded phone is a
 * stranger under its next private address. Throws when NimBLE is not as it should be: then nothing may be advertised.
 */
void xs_countersign_link_watch(xsMachine *the)
{
	int rc = ble_gap_event_listener_register(&gListener, onGapEvent, NULL);

	if ((0 != rc) && (BLE_HS_EALREADY != rc))
		xsUnknownError("no GAP listener");
	if (NULL == ble_hs_cfg.store_write_cb)
		xsUnknownError("no LE bond store");
	if (storeWrite != ble_hs_cfg.store_write_cb) {
		gStoreWrite = ble_hs_cfg.store_write_cb;
		ble_hs_cfg.store_write_cb = storeWrite;
	}
	ble_hs_cfg.sm_our_key_dist = BLE_HS_KEY_DIST_ENC_KEY | BLE_HS_KEY_DIST_ID_KEY;
	ble_hs_cfg.sm_their_key_dist = BLE_HS_KEY_DIST_ENC_KEY | BLE_HS_KEY_DIST_ID_KEY;
	ble_hs_cfg.sm_bonding = gBondsAllowed;
}

/* To be called in onConnect. */
void xs_countersign_link_taken(xsMachine *the)
{
	(void)the;
	gTaken += 1;
}

/* Ends the link, if there is one: onDisconnect follows. */
void xs_countersign_link_end(xsMachine *the)
{
	uint16_t handle = gHandle;

	(void)the;
	/* An error says that the link is ending or gone already. */
	if (BLE_HS_CONN_HANDLE_NONE != handle)
		ble_gap_terminate(handle, BLE_ERR_REM_USER_CONN_TERM);
}

/* (allowed): whether a pairing leaves an LE bond from now on. Not before the first call. */
void xs_countersign_link_bonds(xsMachine *the)
{
	gBondsAllowed = xsmcTest(xsArg(0));
	ble_hs_cfg.sm_bonding = gBondsAllowed;
}

/* Deletes every LE bond, in the controller's list of identities too. Throws when one stays. */
void xs_countersign_link_forget(xsMachine *the)
{
	int i, ours = 0, theirs = 0;

	for (i = 0; (i < MYNEWT_VAL(BLE_STORE_MAX_BONDS)) && (0 == ble_gap_unpair_oldest_peer()); i++)
		;
	/* What a torn record kept from the loop. Its result says nothing: it may lack a kind that holds no bond. */
	ble_store_clear();
	if (ble_store_util_count(BLE_STORE_OBJ_TYPE_OUR_SEC, &ours) || ble_store_util_count(BLE_STORE_OBJ_TYPE_PEER_SEC, &theirs))
		xsUnknownError("LE bonds cannot be read");
	if (ours || theirs)
		xsUnknownError("LE bonds stay");
}
