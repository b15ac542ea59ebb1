/* Strings and files. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cantProceed.h>

#include "require.h"

char *requireText(const char *format, ...)
{
    va_list args;
    int length;
    char *s;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    s = mallocMustSucceed((size_t)length + 1, "require");
    va_start(args, format);
    vsnprintf(s, (size_t)length + 1, format, args);
    va_end(args);
    return s;
}

void *requireGrown(void *list, size_t n, size_t size)
{
    void *more;

    if (n & (n - 1) || (n && n < 8)) /* there is room up to the next power of two */
        return list;
    more = callocMustSucceed(n ? 2 * n : 8, size, "require");
    if (n)
        memcpy(more, list, n * size);
    free(list);
    return more;
}

int requireIsFolder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int requireIsFile(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

char *requireQuoted(const char *value)
{
    char *quoted = mallocMustSucceed(2 * strlen(value) + 3, "require");
    char *to = quoted;

    *to++ = '"';
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            *to++ = '\\';
        *to++ = *value;
    }
    *to++ = '"';
    *to = '\0';
    return quoted;
}

int requireOld(void)
{
    const char *compat = getenv("REQUIRE_COMPAT");

    return compat && compat[0] == '3';
}
