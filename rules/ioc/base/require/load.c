/* One request: found, its .dep first, library, dbd, registration, environment, records. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <dbAccess.h>

#include "require.h"

#ifdef __APPLE__
#define LIBRARY "dylib"
#else
#define LIBRARY "so"
#endif

/* The modules whose .dep files are being read, the innermost first: to see a cycle before it has no end. */
typedef struct chain {
    const struct chain *outer;
    const char *module;
} chain;

static int loadIn(const char *module, const char *request, const chain *outer);

static int given(const char *request)
{
    return request && request[0];
}

/* A name that is one part of a path and no hidden one. */
static int isName(const char *module)
{
    return module[0] && module[0] != '.' && !strchr(module, '/');
}

static void notFound(const char *module, const char *request, const requireFound *f)
{
    const char *version = given(request) ? " version " : "";
    const char *path = getenv("EPICS_DRIVER_PATH");

    if (!given(request))
        request = "";
    if (f->n && !f->matched)
        fprintf(stderr, "Module %s%s%s not available (but other versions are available)\n", module, version, request);
    else if (f->present)
        fprintf(stderr, "Module %s%s%s not available for %s (but maybe for other EPICS versions or architectures)\n",
                module, version, request, requireArch);
    else
        fprintf(stderr, "Module %s%s%s not available\n", module, version, request);
    if (!path || !path[0])
        fprintf(stderr, "EPICS_DRIVER_PATH is not set\n");
}

/* Reads <module>.dep and loads what it names. */
static int loadDependencies(const char *module, const char *folder, const chain *outer)
{
    chain here = {outer, module};
    char *file = requireText("%s/lib/%s/%s.dep", folder, requireArch, module);
    requireDependency *deps;
    size_t n, i;
    int status = 0;
    int fault = requireReadDep(file, &deps, &n);

    if (fault)
        fprintf(stderr, "Warning: cannot read dependency file %s: %s\n", file, strerror(fault));
    for (i = 0; i < n && status == 0; i++) {
        const char *version = deps[i].version;
        printf("Module %s depends on %s%s%s\n", module, deps[i].module, version ? " " : "", version ? version : "");
        status = loadIn(deps[i].module, version, &here);
    }
    requireFreeDep(deps, n);
    free(file);
    return status;
}

/* The name of one of a module's symbols: what is no letter, digit or underscore cannot be in it. */
static char *symbolName(const char *format, const char *module)
{
    char *name = requireText(format, module);
    char *c;

    for (c = name; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return name;
}

/* Opens the library, if there is one, and checks its own version. *version is that, or the folder's. */
static int loadLibrary(const char *module, const char *request, const char *folder, const char **version, void **handle)
{
    char *file = requireText("%s/lib/%s/lib%s." LIBRARY, folder, requireArch, module);
    char *name = symbolName("_%sLibRelease", module);
    const char *own;
    int status = 0;

    *handle = NULL;
    if (!requireIsFile(file)) {
        printf("Module %s has no library\n", module);
        goto done;
    }
    printf("Loading library %s\n", file);
    fflush(stdout);
    *handle = dlopen(file, RTLD_NOW | RTLD_GLOBAL);
    if (!*handle) {
        const char *why = dlerror();
        fprintf(stderr, "Loading library %s failed: %s\n", file, why ? why : "unknown reason");
        status = -1;
        goto done;
    }
    own = dlsym(*handle, name);
    if (!own) {
        fprintf(stderr, "Warning: library %s does not say which version it is (no symbol %s)\n", file, name);
        goto loaded;
    }
    if (strcmp(own, *version) != 0 && !(given(request) && requireMatches(own, request))) {
        fprintf(stderr, "Requested %s version %s not available, found only %s.\n", module, given(request) ? request : *version, own);
        status = -1;
        goto done;
    }
    *version = own;
loaded:
    printf("Loaded %s version %s\n", module, *version);
done:
    free(name);
    free(file);
    return status;
}

static int callRegistration(const char *module, void *handle)
{
    char *name = symbolName("%s_registerRecordDeviceDriver", module);
    int (*registration)(struct dbBase *);
    int status = 0;

    *(void **)&registration = dlsym(handle, name);
    if (registration) {
        printf("Calling function %s\n", name);
        fflush(stdout);
        if (registration(pdbbase) != 0) {
            fprintf(stderr, "Function %s failed\n", name);
            status = -1;
        }
    } else {
        fprintf(stderr, "Module %s has a dbd file and no function %s\n", module, name);
        status = -1;
    }
    free(name);
    return status;
}

static int loadDbd(const char *module, const char *folder, void *handle)
{
    char *file = requireText("%s/dbd/%s.dbd", folder, module);
    struct stat info;
    int status = 0;

    if (stat(file, &info) == 0 && info.st_size > 0) {
        printf("Loading dbd file %s\n", file);
        fflush(stdout);
        if (dbLoadDatabase(file, NULL, NULL) != 0) {
            fprintf(stderr, "Loading dbd file %s failed\n", file);
            status = -1;
        } else if (handle) {
            status = callRegistration(module, handle);
        }
    }
    free(file);
    return status;
}

static int loadFrom(const char *module, const char *request, const requireInstalled *found, const chain *outer)
{
    const char *version = found->version;
    void *handle;

    printf("Module %s version %s found in %s/\n", module, found->version, found->folder);
    if (loadDependencies(module, found->folder, outer) != 0)
        return -1;
    if (loadLibrary(module, request, found->folder, &version, &handle) != 0)
        return -1;
    if (loadDbd(module, found->folder, handle) != 0)
        return -1;
    requireAdd(module, version, found->folder);
    requireSetModule(module, version, found->folder);
    printf("Loading module info records for %s\n", module);
    requireModuleRecords(module, version);
    return 0;
}

/* Says what may be unexpected about a choice. */
static void remark(const char *module, const char *request, const requireFound *f, int chosen)
{
    const char *version = f->have[chosen].version;
    int rival = requireRival(request, f->have, f->n, chosen);

    if (!given(request) && requireParse(version).length)
        fprintf(stderr, "Warning: there is no numeric version of %s, so that the test version %s is taken\n", module, version);
    if (rival >= 0)
        fprintf(stderr, "Warning: between %s %s and %s the order of folders decides elsewhere; %s is taken\n", module, version,
                f->have[rival].version, version);
}

static int isCycle(const char *module, const chain *outer)
{
    const chain *c;

    for (c = outer; c; c = c->outer)
        if (strcmp(c->module, module) == 0) {
            fprintf(stderr, "Module %s depends on itself:", module);
            /* The chain is from the inside out: what is printed says "is wanted by". */
            fprintf(stderr, " %s", module);
            for (c = outer; strcmp(c->module, module) != 0; c = c->outer)
                fprintf(stderr, " <- %s", c->module);
            fprintf(stderr, " <- %s\n", module);
            return 1;
        }
    return 0;
}

static int loadIn(const char *module, const char *request, const chain *outer)
{
    const requireModule *loaded = requireLoaded(module);
    const char *strict = getenv("REQUIRE_STRICT_ORDER");
    int optional = requireOld() && request && strcmp(request, "ifexists") == 0;
    requireFound found;
    int chosen, status;

    if (request && strcmp(request, "none") == 0)
        return 0;
    if (optional)
        request = NULL;
    if (loaded) {
        if (requireMatches(loaded->version, request)) {
            printf("Module %s version %s already loaded\n", module, loaded->version);
            return 0;
        }
        printf("Conflict between requested %s version %s and already loaded version %s.\n", module, request, loaded->version);
        return -1;
    }
    if (!isName(module)) {
        fprintf(stderr, "Module %s not available\n", module);
        return -1;
    }
    if (isCycle(module, outer))
        return -1;
    found = requireFind(module, request, requireArch);
    chosen = requireSelect(request, found.have, found.n, strict && strict[0] && strcmp(strict, "0") != 0);
    if (chosen >= 0) {
        remark(module, request, &found, chosen);
        status = loadFrom(module, request, &found.have[chosen], outer);
    } else if (optional) {
        status = 0;
    } else {
        notFound(module, request, &found);
        status = -1;
    }
    requireFoundFree(&found);
    return status;
}

int requireLoad(const char *module, const char *request)
{
    return loadIn(module, request, NULL);
}
