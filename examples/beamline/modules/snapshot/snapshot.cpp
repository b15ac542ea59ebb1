// One structure with what belongs together, served by pvxs.
#include <stdexcept>
#include <string>

#include <dbAccess.h>
#include <epicsExport.h>
#include <initHooks.h>
#include <iocsh.h>

#include <pvxs/data.h>
#include <pvxs/iochooks.h>
#include <pvxs/nt.h>
#include <pvxs/server.h>
#include <pvxs/sharedpv.h>

static const iocshArg nameArg = {"name", iocshArgString};
static const iocshArg placeArg = {"place", iocshArgString};
static const iocshArg *const args[] = {&nameArg, &placeArg};
static const iocshFuncDef def = {"snapshotServe", 2, args};

static void serve(const iocshArgBuf *a) {
    if (!a[0].sval || !a[1].sval) {
        fprintf(stderr, "usage: snapshotServe NAME PLACE\n");
        return;
    }
    try {
        using namespace pvxs;
        auto value = TypeDef(TypeCode::Struct, "beamline:snapshot:1.0",
                             {members::String("place"), members::Float64("charge"), members::Int32A("profile")})
                         .create();
        value["place"] = a[1].sval;
        value["charge"] = 0.25;
        value["profile"] = shared_array<const int32_t>({1, 4, 9, 4, 1});
        auto pv = server::SharedPV::buildReadonly();
        pv.open(value);
        ioc::server().addPV(a[0].sval, pv);
    } catch (std::exception &e) {
        fprintf(stderr, "snapshotServe: %s\n", e.what());
    }
}

static void snapshotRegister() { iocshRegister(&def, serve); }

extern "C" {
epicsExportRegistrar(snapshotRegister);
}
