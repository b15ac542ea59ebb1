// The position of the beam from two electrodes, kept within the pipe.
#include <aSubRecord.h>
#include <dbAccess.h>
#include <epicsExport.h>
#include <registryFunction.h>

#include <scaling.h>

static long bpmPosition(aSubRecord *r) {
    const scalingLine pipe = {20, 0, -20, 20}; // mm
    double a = *static_cast<double *>(r->a), b = *static_cast<double *>(r->b);
    *static_cast<double *>(r->vala) = scalingApply(&pipe, (a - b) / (a + b));
    return 0;
}

extern "C" {
epicsRegisterFunction(bpmPosition);
}
