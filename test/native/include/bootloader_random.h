/* Of ESP-IDF, as far as firmware/native uses it. */

#pragma once

void bootloader_random_enable(void);
void bootloader_random_disable(void);
