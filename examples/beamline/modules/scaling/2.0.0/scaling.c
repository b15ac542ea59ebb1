#include <stdio.h>
#include <stdlib.h>

#include <epicsExport.h>
#include <iocsh.h>

#include "scaling.h"

int scalingDebug;

double scalingApply(const scalingLine *line, double counts) {
    double value = 0;
    size_t i;

    for (i = line->degree + 1; i-- > 0;)
        value = value * counts + line->factors[i];
    if (scalingDebug)
        printf("scaling: %g counts are %g\n", counts, value);
    return value;
}

static const iocshArg countsArg = {"counts", iocshArgDouble};
static const iocshArg *const showArgs[] = {&countsArg};
static const iocshFuncDef showDef = {"scalingShow", 1, showArgs};

static void show(const iocshArgBuf *args) {
    scalingLine line = {1, {0, 0.001}};
    printf("%g counts are %g\n", args[0].dval, scalingApply(&line, args[0].dval));
}

static void scalingRegister(void) {
    iocshRegister(&showDef, show);
}

epicsExportAddress(int, scalingDebug);
epicsExportRegistrar(scalingRegister);
