/* Device support for one record type, as fieldbusReferences.c has it for each that records.txt names. */
#include <stdio.h>

#include <dbAccess.h>
#include <devSup.h>
#include <epicsExport.h>
#include <epicsTypes.h>

/* What a fieldbus would answer. */
int fieldbusAsk(const char *address, char *answer, size_t size);

static inline void fieldbus_ai(epicsFloat64 *val, const char *answer) { sscanf(answer, "%lf", val); }
static inline void fieldbus_longin(epicsInt32 *val, const char *answer) { sscanf(answer, "%d", val); }
static inline void fieldbus_stringin(char (*val)[MAX_STRING_SIZE], const char *answer) {
    snprintf(*val, sizeof *val, "%.39s", answer);
}

#define FIELDBUS_DEVICE(TYPE)                                                                   \
    static long read_##TYPE(TYPE##Record *r) {                                                  \
        char answer[MAX_STRING_SIZE];                                                           \
        if (!fieldbusAsk(r->inp.value.instio.string, answer, sizeof answer))                    \
            return -1;                                                                          \
        fieldbus_##TYPE(&r->val, answer);                                                       \
        r->udf = FALSE;                                                                         \
        return 2; /* no conversion */                                                           \
    }                                                                                           \
    static struct {                                                                             \
        dset common;                                                                            \
        long (*read)(TYPE##Record *);                                                           \
        long (*convert)(TYPE##Record *, int);                                                   \
    } devFieldbus_##TYPE = {{6, NULL, NULL, NULL, NULL}, read_##TYPE, NULL};                    \
    epicsExportAddress(dset, devFieldbus_##TYPE)
