/* The modules that are loaded. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <cantProceed.h>

#include "require.h"

static requireModule *first;

requireModule *requireModules(void)
{
    return first;
}

const requireModule *requireLoaded(const char *name)
{
    const requireModule *m = first;

    while (m && strcmp(m->name, name) != 0)
        m = m->next;
    return m;
}

void requireAdd(const char *name, const char *version, const char *folder)
{
    requireModule *m = callocMustSucceed(1, sizeof *m, "require");
    requireModule **last = &first;

    m->name = requireText("%s", name);
    m->version = requireText("%s", version);
    m->folder = requireText("%s", folder);
    while (*last)
        last = &(*last)->next;
    *last = m;
}
