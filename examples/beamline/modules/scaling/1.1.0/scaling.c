#include <stdio.h>
#include <stdlib.h>

#include <epicsExport.h>
#include <iocsh.h>

#include "scaling.h"

int scalingDebug;

double scalingApply(const scalingLine *line, double counts) {
    double value = line->slope * counts + line->offset;
    if (line->low < line->high)
        value = value < line->low ? line->low : value > line->high ? line->high : value;
    if (scalingDebug)
        printf("scaling: %g counts are %g\n", counts, value);
    return value;
}

static const iocshArg countsArg = {"counts", iocshArgDouble};
static const iocshArg *const showArgs[] = {&countsArg};
static const iocshFuncDef showDef = {"scalingShow", 1, showArgs};

static void show(const iocshArgBuf *args) {
    scalingLine line = {0.001, 0, -10, 10};
    printf("%g counts are %g\n", args[0].dval, scalingApply(&line, args[0].dval));
}

static void scalingRegister(void) {
    iocshRegister(&showDef, show);
}

epicsExportAddress(int, scalingDebug);
epicsExportRegistrar(scalingRegister);
