#include "fieldbus.h"

int fieldbusAsk(const char *address, char *answer, size_t size) {
    snprintf(answer, size, "%s", address); /* an echo: no bus is attached */
    return 1;
}
