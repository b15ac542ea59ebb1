/* Where a telescope looks: a function for sub records. */
#include <math.h>

#include <epicsExport.h>
#include <registryFunction.h>
#include <subRecord.h>

/* A is the site's latitude, B the target's declination, C its hour angle; all are in degrees, and so is the altitude. */
static long telescopeAltitude(subRecord *r) {
    double degree = acos(-1) / 180;
    double s = sin(r->a * degree) * sin(r->b * degree) + cos(r->a * degree) * cos(r->b * degree) * cos(r->c * degree);

    r->val = asin(s) / degree;
    return 0;
}

epicsRegisterFunction(telescopeAltitude);
