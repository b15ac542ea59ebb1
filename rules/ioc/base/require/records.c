/* Records that say which modules are loaded: one for each module, made when it is loaded, and lists of all, made when iocInit begins
 * and filled before servers answer. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cantProceed.h>
#include <dbAccess.h>
#include <envDefs.h>
#include <epicsExit.h>
#include <initHooks.h>
#include <registryFunction.h>
#include <subRecord.h>

#include "require.h"

#define PREFIX 30  /* letters of REQUIRE_IOC that names have */
#define MODULE 24  /* of a module's name */
#define VERSION 39 /* of a version */
#define RECORD 60  /* of the whole name of a record */
#define CELL 40    /* bytes of a string, with its end */

static char *templates; /* the folder with this module's templates */
static char *prefix;
static char *modulesCells, *versionsCells, *lines; /* what the lists hold */
static size_t cells;

static void load(const char *template, const char *macros)
{
    char *file = requireText("%s/%s", templates, template);

    requireTrace("dbLoadRecords %s %s\n", file, macros);
    if (dbLoadRecords(file, macros) != 0)
        fprintf(stderr, "Warning: records of %s cannot be made\n", file);
    free(file);
}

static void loadText(const char *name, const char *description, const char *value)
{
    char *full = requireText("%s:%s", prefix, name);
    char *cut = requireText("%.*s", VERSION, value);
    char *quotedName = requireQuoted(full);
    char *quotedValue = requireQuoted(cut);
    char *macros = requireText("NAME=%s,DESC=\"%s\",VALUE=%s", quotedName, description, quotedValue);

    load("requireText.template", macros);
    free(macros);
    free(quotedValue);
    free(quotedName);
    free(cut);
    free(full);
}

/* What names of records begin with where nobody says it. */
static char *unnamed(void)
{
    const char *name = getenv("IOCNAME");
    char *prefix;
    char *c;

    if (requireOld()) {
        char host[256] = "";
        gethostname(host, sizeof host - 1);
        return requireText("REQMOD:%.15s-%ld", host, (long)getpid());
    }
    if (name && name[0])
        return requireText("%s", name);
    name = getenv("USER");
    if (!name || !name[0]) {
        const struct passwd *user = getpwuid(getuid());
        name = user ? user->pw_name : "unknown";
    }
    prefix = requireText("TEST:%s-%ld", name, (long)getpid());
    for (c = prefix; *c; c++) /* a user's name may have what that of a record has not */
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:[]<>;", *c))
            *c = '_';
    return prefix;
}

static void findPrefix(void)
{
    const char *given = getenv("REQUIRE_IOC");

    if (!given || !given[0]) {
        char *name = unnamed();
        epicsEnvSet("REQUIRE_IOC", name);
        free(name);
        given = getenv("REQUIRE_IOC");
    }
    if (strlen(given) > PREFIX)
        fprintf(stderr, "Warning: REQUIRE_IOC %s is longer than %d letters, and records have the first of them only\n", given, PREFIX);
    prefix = requireText("%.*s", PREFIX, given);
}

void requireModuleRecords(const char *module, const char *version)
{
    const char *end = requireOld() ? "_VER" : "Version";
    int room = RECORD - (int)strlen(prefix) - 1 - (int)strlen(end);
    int most = room < MODULE ? room : MODULE;
    char *name = requireText("%.*s%s", most, module, end);

    if ((int)strlen(module) > most)
        fprintf(stderr, "Warning: the record of module %s has the first %d letters of its name only\n", module, most);
    loadText(name, "Version of a module", version);
    free(name);
}

/* Makes the lists: how long they are is known now. */
static void makeLists(void)
{
    const requireModule *m;
    size_t size = 1, i = 0;
    char *quoted = requireQuoted(prefix);
    char *macros;

    for (m = requireModules(); m; m = m->next) {
        cells++;
        size += strlen(m->name) + strlen(m->version) + 2;
    }
    modulesCells = callocMustSucceed(cells, CELL, "require");
    versionsCells = callocMustSucceed(cells, CELL, "require");
    lines = callocMustSucceed(size, 1, "require");
    for (m = requireModules(); m; m = m->next, i++) {
        snprintf(modulesCells + i * CELL, CELL, "%s", m->name);
        snprintf(versionsCells + i * CELL, CELL, "%s", m->version);
        strcat(strcat(strcat(strcat(lines, m->name), " "), m->version), "\n");
    }
    /* PVA gives the one element of a list for one as a value that is no list. */
    macros = requireText("P=%s,N=%lu,SIZE=%lu", quoted, (unsigned long)(cells < 2 ? 2 : cells), (unsigned long)size);
    load(requireOld() ? "requireLists34.template" : "requireLists.template", macros);
    free(macros);
    free(quoted);
}

static void fill(const char *name, short type, const void *values, size_t n)
{
    char *full = requireText("%s:%s", prefix, name);
    struct dbAddr field;

    if (dbNameToAddr(full, &field) == 0) {
        dbScanLock(field.precord);
        if (dbPut(&field, type, values, (long)n) != 0)
            fprintf(stderr, "Warning: record %s cannot be filled\n", full);
        dbScanUnlock(field.precord);
    }
    free(full);
}

static void hook(initHookState state)
{
    static int made, filled;
    int old = requireOld();

    if (state == initHookAtIocBuild && !made) {
        made = 1;
        makeLists();
    }
    if (state == initHookAfterFinishDevSup && made && !filled) {
        filled = 1;
        fill(old ? "MODULES" : "Modules", DBR_STRING, modulesCells, cells);
        fill(old ? "VERSIONS" : "Versions", DBR_STRING, versionsCells, cells);
        fill(old ? "MOD_VER" : "ModuleVersions", DBR_CHAR, lines, strlen(lines) + 1);
    }
}

/* The subroutine of the record that ends an IOC. */
static long leave(struct subRecord *record)
{
    (void)record;
    epicsExitLater(EXIT_SUCCESS);
    return 0;
}

void requireRecordsStart(const char *own)
{
    templates = requireText("%s/db", own);
    findPrefix();
    initHookRegister(hook);
    loadText("BaseVersion", "Version of EPICS base", getenv("EPICS_RELEASE"));
    if (requireOld()) {
        char *quoted = requireQuoted(prefix);
        char *macros = requireText("P=%s", quoted);
        registryFunctionAdd("requireLeave", (REGISTRYFUNCTION)leave);
        load("requireExit.template", macros);
        free(macros);
        free(quoted);
    }
}
