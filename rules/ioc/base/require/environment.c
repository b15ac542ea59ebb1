/* Variables that the scripts after a require use. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cantProceed.h>
#include <envDefs.h>
#include <epicsVersion.h>

#include "require.h"

/* Sets a variable whose name is made of a module's. */
static void setOf(const char *name, const char *what, const char *value)
{
    char *variable = requireText("%s_%s", name, what);

    epicsEnvSet(variable, value);
    free(variable);
}

/* Puts a folder at the head of a search path, behind "." only, and takes it out further back. */
static void lead(const char *variable, const char *folder)
{
    const char *old = getenv(variable);
    char *path = requireText(".:%s", folder);

    while (old && *old) {
        size_t length = strcspn(old, ":");
        if (length && !(length == 1 && *old == '.') && !(length == strlen(folder) && strncmp(old, folder, length) == 0)) {
            char *longer = requireText("%s:%.*s", path, (int)length, old);
            free(path);
            path = longer;
        }
        old += length;
        old += *old == ':';
    }
    epicsEnvSet(variable, path);
    free(path);
}

/* StreamDevice looks for protocols where modules have their databases, also those that were loaded before it. */
static void setProtocols(void)
{
    const requireModule *m;

    if (!requireLoaded("stream"))
        return;
    for (m = requireModules(); m; m = m->next) {
        char *db = requireText("%s/db", m->folder);
        if (requireIsFolder(db))
            lead("STREAM_PROTOCOL_PATH", db);
        free(db);
    }
}

void requireSetModule(const char *name, const char *version, const char *folder)
{
    char *slashed = requireText("%s/", folder);
    char *db = requireText("%s/db", folder);
    char *dbSlashed = requireText("%s/", db);

    epicsEnvSet("MODULE", name);
    setOf(name, "VERSION", version);
    setOf(name, "DIR", slashed);
    lead("SCRIPT_PATH", folder);
    if (requireIsFolder(db)) {
        const char *value = requireOld() ? db : dbSlashed;
        setOf(name, "DB", value);
        if (requireOld())
            setOf(name, "TEMPLATES", value);
        epicsEnvSet("TEMPLATES", value);
        lead("EPICS_DB_INCLUDE_PATH", db);
    }
    setProtocols();
    free(dbSlashed);
    free(db);
    free(slashed);
}

void requireSetHost(const char *arch)
{
    /* The IOC's own version is what its libraries put into the environment; the headers may be of another base. */
    const char *release = getenv("EPICS_VERSION_FULL");

    epicsEnvSet("T_A", arch);
    epicsEnvSet("EPICS_HOST_ARCH", arch);
    epicsEnvSet("EPICS_RELEASE", release && release[0] ? release : EPICS_VERSION_FULL);
#if defined(__linux__)
    epicsEnvSet("OS_CLASS", "Linux");
#elif defined(__APPLE__)
    epicsEnvSet("OS_CLASS", "Darwin");
#endif
}
