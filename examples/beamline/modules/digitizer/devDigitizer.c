/* Device support: an ai record whose INP is "@<slot> <channel>". */
#include <stdlib.h>

#include <aiRecord.h>
#include <alarm.h>
#include <dbAccess.h>
#include <devSup.h>
#include <epicsExport.h>
#include <recGbl.h>

#include "digitizer.h"

static long init(struct dbCommon *common) {
    aiRecord *r = (aiRecord *)common;
    digitizerChannel *channel = malloc(sizeof *channel);

    if (!channel || !digitizerOpen(r->inp.value.instio.string, channel)) {
        free(channel);
        recGblRecordError(S_db_badField, r, "devDigitizer: INP is not \"@<slot> <channel>\"");
        return S_db_badField;
    }
    r->dpvt = channel;
    return 0;
}

static long read(aiRecord *r) {
    if (!r->dpvt) {
        recGblSetSevr(r, READ_ALARM, INVALID_ALARM);
        return 2;
    }
    r->val = digitizerVolts(r->dpvt);
    r->udf = FALSE;
    return 2; /* no conversion */
}

static aidset devAiDigitizer = {{6, NULL, NULL, init, NULL}, read, NULL};
epicsExportAddress(dset, devAiDigitizer);
