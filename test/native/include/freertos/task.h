/* FreeRTOS as ESP-IDF has it, as far as firmware/native uses it: see xsmc.h here. */
#pragma once

#include "freertos/FreeRTOS.h"

void vTaskDelay(const TickType_t xTicksToDelay);
