/* A cavity's field from the in-phase and quadrature channels of a card. */
#include <math.h>
#include <stdio.h>

#include <aSubRecord.h>
#include <dbAccess.h>
#include <epicsExport.h>
#include <registryFunction.h>

#include <digitizer.h>
#include <scaling.h>

/* From volts at the card to megavolts in the cavity. */
static scalingLine cavity = {12.5, 0};

/* A is the card's slot, whose channels 0 and 4 are meant; VALA is the amplitude, VALB the phase in degrees. */
static long llrfField(aSubRecord *r) {
    digitizerChannel i, q;
    char address[32];
    double re, im;

    sprintf(address, "%d 0", *(epicsInt32 *)r->a);
    if (!digitizerOpen(address, &i))
        return -1;
    q = i;
    q.channel = 4;
    re = digitizerVolts(&i);
    im = digitizerVolts(&q);
    *(double *)r->vala = scalingApply(&cavity, sqrt(re * re + im * im));
    *(double *)r->valb = atan2(im, re) * 57.29577951308232;
    return 0;
}

epicsRegisterFunction(llrfField);
