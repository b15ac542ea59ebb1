/* The search path: <pool>/<module>/<version>/lib/<arch> in each folder of EPICS_DRIVER_PATH. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "require.h"

static void add(requireFound *f, const char *version, const char *folder, int pool)
{
    requireInstalled *last;

    f->have = requireGrown(f->have, f->n, sizeof *f->have);
    last = &f->have[f->n++];
    last->version = requireText("%s", version);
    last->folder = requireText("%s", folder);
    last->pool = pool;
}

static void look(requireFound *f, const char *pool, size_t length, int place, const char *module, const char *request, const char *arch)
{
    char here[PATH_MAX] = "";
    /* A script may go to another folder later, and variables are to lead to the module all the same. */
    int relative = pool[0] != '/' && getcwd(here, sizeof here);
    char *folder = requireText("%s%s%.*s/%s", here, relative ? "/" : "", (int)length, pool, module);
    DIR *dir = opendir(folder);
    struct dirent *entry;

    requireTrace("looking in %s: %s\n", folder, dir ? "there" : "not there");
    if (dir)
        f->present = 1;
    while (dir && (entry = readdir(dir))) {
        char *version, *lib;
        if (entry->d_name[0] == '.')
            continue;
        version = requireText("%s/%s", folder, entry->d_name);
        lib = requireText("%s/lib/%s", version, arch);
        if (requireIsFolder(version) && requireMatches(entry->d_name, request))
            f->matched = 1;
        if (requireIsFolder(lib)) {
            requireTrace("%s is installed\n", version);
            add(f, entry->d_name, version, place);
        }
        free(lib);
        free(version);
    }
    if (dir)
        closedir(dir);
    free(folder);
}

requireFound requireFind(const char *module, const char *request, const char *arch)
{
    requireFound f = {NULL, 0, 0, 0};
    const char *path = getenv("EPICS_DRIVER_PATH");
    int place = 0;

    while (path && *path) {
        size_t length = strcspn(path, ":");
        size_t bare = length;
        while (bare > 1 && path[bare - 1] == '/')
            bare--;
        if (length)
            look(&f, path, bare, place++, module, request, arch);
        path += length;
        path += *path == ':';
    }
    return f;
}

void requireFoundFree(requireFound *f)
{
    size_t i;

    for (i = 0; i < f->n; i++) {
        free(f->have[i].version);
        free(f->have[i].folder);
    }
    free(f->have);
    f->have = NULL;
    f->n = 0;
}
