/* ESP-IDF's, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

#include <stddef.h>

void esp_fill_random(void *buf, size_t len);
