/* A record that goes up or down by a step each time it is processed, until it is where it should end. */
#include <stddef.h>
#include <string.h>

#include <alarm.h>
#include <dbAccess.h>
#include <dbEvent.h>
#include <epicsExport.h>
#include <recGbl.h>
#include <recSup.h>

#include "menuRampDirection.h"

#define GEN_SIZE_OFFSET
#include "rampRecord.h"
#undef GEN_SIZE_OFFSET

static long process(struct dbCommon *common) {
    rampRecord *r = (rampRecord *)common;
    double old = r->val;

    r->pact = TRUE;
    if (r->dir == menuRampDirection_Up)
        r->val = r->val + r->step < r->goal ? r->val + r->step : r->goal;
    else if (r->dir == menuRampDirection_Down)
        r->val = r->val - r->step > r->goal ? r->val - r->step : r->goal;
    r->udf = FALSE;
    recGblGetTimeStamp(r);
    {
        unsigned short mask = recGblResetAlarms(r);
        if (r->val != old)
            mask |= DBE_VALUE | DBE_LOG;
        if (mask)
            db_post_events(r, &r->val, mask);
    }
    recGblFwdLink(r);
    r->pact = FALSE;
    return 0;
}

static long units(DBADDR *addr, char *text) {
    strncpy(text, ((rampRecord *)addr->precord)->egu, DB_UNITS_SIZE);
    return 0;
}

static long precision(const DBADDR *addr, long *digits) {
    *digits = ((rampRecord *)addr->precord)->prec;
    return 0;
}

static rset rampRSET = {.number = RSETNUMBER, .process = process, .get_units = units, .get_precision = precision};
epicsExportAddress(rset, rampRSET);
