/* FreeRTOS as ESP-IDF has it, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

#include <stdint.h>

typedef uint32_t TickType_t;

#define pdMS_TO_TICKS(ms) ((TickType_t)(ms))
