#include "report.h"

#include <stdio.h>

void report(const char *name, size_t n, size_t packed)
{
    printf("%s: %s %zu bytes to %zu, and back\n", name, REPORT_WORD, n, packed);
}
