/* ESP-IDF's, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

_Noreturn void esp_restart(void);
