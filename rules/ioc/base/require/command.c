/* The command `require`, and what happens when this module itself is registered. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dbAccess.h>
#include <epicsExit.h>
#include <epicsExport.h>
#include <iocsh.h>

#include "require.h"

/* This library's own version: a file that is made when it is built has it. */
extern const char _requireLibRelease[];

int requireDebug = 0;
epicsExportAddress(int, requireDebug);

const char *requireArch = "";

static const iocshArg moduleArg = {"module", iocshArgString};
static const iocshArg versionArg = {"version", iocshArgString};
static const iocshArg *const requireArgs[] = {&moduleArg, &versionArg};
static const iocshFuncDef requireDef = {
    "require", 2, requireArgs,
    "Loads a module and what it depends on from EPICS_DRIVER_PATH.\n"
    "A version MAJOR.MINOR.PATCH means its highest revision, MAJOR.MINOR.PATCH+REVISION that one.\n"
    "Without a version the highest is taken. The version 'none' skips the module.\n"};

static void requireCall(const iocshArgBuf *args)
{
    const char *module = args[0].sval;

    if (!module || !module[0]) {
        fprintf(stderr, "Usage: require MODULE[,VERSION]\n");
        iocshSetError(-1);
        return;
    }
    if (interruptAccept) {
        printf("Modules can only be loaded before iocInit\n");
        iocshSetError(-1);
        return;
    }
    if (requireLoad(module, args[1].sval) == 0)
        return;
    fflush(stdout);
    fprintf(stderr, "Aborting startup script\n");
    epicsExit(EXIT_FAILURE);
}

/* The folder above the lib folder of the library that holds this function; *arch is the name of the folder that it lies in. */
static char *ownFolder(char **arch)
{
    Dl_info info;
    char *path, *last;
    int i;

    if (!dladdr((void *)ownFolder, &info) || !info.dli_fname)
        return NULL;
    /* Links are not followed: what is around the library is where it was loaded from, not where its bytes lie. */
    if (info.dli_fname[0] == '/') {
        path = requireText("%s", info.dli_fname);
    } else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here))
            return NULL;
        path = requireText("%s/%s", here, info.dli_fname);
    }
    for (i = 0; i < 3; i++) { /* the file's name, its folder's name, "lib" */
        last = strrchr(path, '/');
        if (!last)
            break;
        *last = '\0';
        if (i == 1)
            *arch = requireText("%s", last + 1);
    }
    return path;
}

static void requireRegister(void)
{
    static int once;
    char *arch = NULL;
    char *own;

    if (once++)
        return;
    own = ownFolder(&arch);
    if (!own || !arch) {
        fprintf(stderr, "require does not lie in <module>/<version>/lib/<arch> and cannot be used\n");
        return;
    }
    requireArch = arch;
    requireSetHost(arch);
    requireRecordsStart(own);
    requireAdd("require", _requireLibRelease, own);
    requireSetModule("require", _requireLibRelease, own);
    requireModuleRecords("require", _requireLibRelease);
    if (!requireOld())
        requireModuleRecords("Require", _requireLibRelease);
    iocshRegister(&requireDef, requireCall);
    free(own);
}
epicsExportRegistrar(requireRegister);
