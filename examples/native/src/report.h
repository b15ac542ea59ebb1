/* What a person sees of a round trip. */
#ifndef REPORT_H
#define REPORT_H
#include <stddef.h>

#define REPORT_WORD "packed"

void report(const char *name, size_t n, size_t packed);
#endif
