/* A cavity's field from the in-phase and quadrature channels of a card. */
#include <math.h>
#include <stdlib.h>

#include <aSubRecord.h>
#include <dbAccess.h>
#include <epicsExport.h>
#include <registryFunction.h>

#include <digitizer.h>
#include <scaling.h>

/* From volts at the card to megavolts in the cavity. */
static scalingLine cavity = {12.5, 0};

/* INPA and INPB are addresses of channels; VALA is the amplitude, VALB the phase in degrees. */
static long llrfField(aSubRecord *r) {
    digitizerChannel i, q;
    double re, im;

    if (!digitizerOpen(r->a, &i) || !digitizerOpen(r->b, &q))
        return -1;
    re = digitizerVolts(&i);
    im = digitizerVolts(&q);
    *(double *)r->vala = scalingApply(&cavity, sqrt(re * re + im * im));
    *(double *)r->valb = atan2(im, re) * 57.29577951308232;
    return 0;
}

epicsRegisterFunction(llrfField);
