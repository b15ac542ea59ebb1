/* The parts of cairn's require module: what each file gives to the others. Nothing here is for other modules. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INC_cairn_require_H
#define INC_cairn_require_H

#include <stddef.h>

/* The library is loaded with its symbols seen by all modules after it: these are not to be among them. */
#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* version.c: versions as require reads them, and which one a request means. */

typedef struct {
    long number[3];
    long revision;     /* -1: none */
    const char *text;  /* of a test version, not terminated; it points into the string that was read */
    size_t length;     /* of text; 0: a numeric version */
} requireVersion;

/* Reads a version. What has a plus that is not followed by digits up to the end is numeric 0.0.0. */
requireVersion requireParse(const char *s);

/* Whether have is what request means; a request that is NULL or "" means any version. */
int requireMatches(const char *have, const char *request);

/* A version of a module that is installed: the name of its folder, and the place of its pool on the search path. */
typedef struct {
    char *version;
    char *folder;  /* <pool>/<module>/<version>, without a slash at the end */
    int pool;
} requireInstalled;

/* The index of the one that request means, -1 if there is none. strict: as the order of folders has it. */
int requireSelect(const char *request, const requireInstalled *have, size_t n, int strict);

/* Another one that would do as well if folders were read in another order, -1 if there is none. */
int requireRival(const char *request, const requireInstalled *have, size_t n, int best);

/* find.c: what is on the search path. */

typedef struct {
    requireInstalled *have;
    size_t n;
    int present; /* the module has a folder in some pool */
    int matched; /* a version that matches has a folder, whether it is for this architecture or not */
} requireFound;

/* Looks in all folders of EPICS_DRIVER_PATH for versions of a module that are made for arch. */
requireFound requireFind(const char *module, const char *request, const char *arch);
void requireFoundFree(requireFound *f);

/* depfile.c: lines of a .dep file. */

typedef struct {
    char *module;
    char *version; /* NULL: any */
} requireDependency;

/* Reads a .dep file whole, lines of any length. Gives 0, or an errno. */
int requireReadDep(const char *file, requireDependency **deps, size_t *n);
void requireFreeDep(requireDependency *deps, size_t n);

/* loaded.c: the modules that are loaded, in the order in which they came. */

typedef struct requireModule {
    struct requireModule *next;
    char *name;
    char *version;
    char *folder; /* without a slash at the end */
} requireModule;

requireModule *requireModules(void);
const requireModule *requireLoaded(const char *name);
void requireAdd(const char *name, const char *version, const char *folder);

/* load.c: one request. 0: it is satisfied, or asks for nothing. */
int requireLoad(const char *module, const char *request);

/* environment.c: what require sets for the scripts that follow. */

void requireSetHost(const char *arch);
void requireSetModule(const char *name, const char *version, const char *folder);

/* records.c: the PVs that say what is loaded. own is the folder of this module. */

void requireRecordsStart(const char *own);
void requireModuleRecords(const char *module, const char *version);

/* text.c */

/* A string that the caller frees, as printf makes it. It ends the process where there is no memory. */
char *requireText(const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;
/* A list of n things with room for one more: the list, or a copy in its place. */
void *requireGrown(void *list, size_t n, size_t size);
int requireIsFolder(const char *path);
int requireIsFile(const char *path);
/* What a value of a macro must be to come out of quotes as it is; to be freed. */
char *requireQuoted(const char *value);
/* Whether the names are those of compat 3.4: REQUIRE_COMPAT begins with 3. */
int requireOld(void);
/* The architecture that this library is made for, which is the name of its folder. */
extern const char *requireArch;
/* The variable requireDebug. */
extern int requireDebug;
#define requireTrace(...) ((void)(requireDebug && printf("require: " __VA_ARGS__)))

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
