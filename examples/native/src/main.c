#include "pack.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *slurp(const char *name, size_t *n)
{
    FILE *f = fopen(name, "rb");
    uint8_t *b = NULL;
    if (f && !fseek(f, 0, SEEK_END)) {
        *n = (size_t)ftell(f);
        rewind(f);
        b = malloc(*n ? *n : 1);
        if (b && fread(b, 1, *n, f) != *n) {
            free(b);
            b = NULL;
        }
    }
    if (f)
        fclose(f);
    return b;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t n, packed;
        uint8_t *in = slurp(argv[i], &n);
        uint8_t *small = in ? pack(in, n, &packed) : NULL;
        uint8_t *back = small ? unpack(small, packed, n) : NULL;
        if (!back || memcmp(in, back, n)) {
            fprintf(stderr, "%s: did not survive the round trip\n", argv[i]);
            return 1;
        }
        report(argv[i], n, packed);
        free(in);
        free(small);
        free(back);
    }
    return 0;
}
