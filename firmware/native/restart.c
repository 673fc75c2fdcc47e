/*
 * xs_countersign_restart(): restarts the board, as a power cut would but for the time without power. Does not return.
 */

#include "xsmc.h"
#include "esp_system.h"

void xs_countersign_restart(xsMachine *the)
{
	esp_restart();
}
