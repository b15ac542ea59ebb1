/* .dep files: a line for each module, its name and perhaps a version; # begins a comment. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "require.h"

static const char blanks[] = " \t\r\n\v\f";

static char *word(char **line)
{
    char *from = *line + strspn(*line, blanks);
    size_t length = strcspn(from, blanks);

    *line = from + length;
    return length ? requireText("%.*s", (int)length, from) : NULL;
}

static void addLine(char *line, requireDependency **deps, size_t *n)
{
    char *module;

    line[strcspn(line, "#")] = '\0';
    module = word(&line);
    if (!module)
        return;
    *deps = requireGrown(*deps, *n, sizeof **deps);
    (*deps)[*n].module = module;
    (*deps)[*n].version = word(&line);
    (*n)++;
}

int requireReadDep(const char *file, requireDependency **deps, size_t *n)
{
    FILE *f = fopen(file, "r");
    char *line = NULL;
    size_t size = 0;

    *deps = NULL;
    *n = 0;
    if (!f)
        return errno;
    while (getline(&line, &size, f) >= 0)
        addLine(line, deps, n);
    free(line);
    fclose(f);
    return 0;
}

void requireFreeDep(requireDependency *deps, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        free(deps[i].module);
        free(deps[i].version);
    }
    free(deps);
}
