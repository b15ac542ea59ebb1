/* Versions: MAJOR.MINOR.PATCH or any other text, which makes a test version of it, then an optional +REVISION. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "require.h"

/* Reads digits and moves *s behind them. A number that is too large is the largest one. -1: there are none. */
static long number(const char **s)
{
    char *end;
    long n;

    if (!isdigit((unsigned char)**s))
        return -1;
    n = strtol(*s, &end, 10); /* LONG_MAX where it is too large */
    *s = end;
    return n;
}

requireVersion requireParse(const char *s)
{
    requireVersion v = {{0, 0, 0}, -1, NULL, 0};
    const requireVersion rejected = v;
    const char *plus = strchr(s, '+');
    size_t length = plus ? (size_t)(plus - s) : strlen(s);
    const char *at = s;
    int i;

    if (plus) {
        const char *rest = plus + 1;
        v.revision = number(&rest);
        if (v.revision < 0 || *rest)
            return rejected;
    }
    if (length == 0)
        return v;
    for (i = 0; i < 3; i++) {
        long n;
        if (i > 0) {
            if (*at != '.')
                break;
            at++;
        }
        n = number(&at);
        if (n < 0)
            break;
        v.number[i] = n;
    }
    if (i == 3 && at == s + length)
        return v;
    v.number[0] = v.number[1] = v.number[2] = 0;
    v.text = s;
    v.length = length;
    return v;
}

static int sameText(const requireVersion *a, const requireVersion *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->text, b->text, a->length) == 0);
}

int requireMatches(const char *have, const char *request)
{
    requireVersion h, r;

    if (!request || !request[0] || strcmp(have, request) == 0)
        return 1;
    h = requireParse(have);
    r = requireParse(request);
    return sameText(&h, &r) && memcmp(h.number, r.number, sizeof h.number) == 0 &&
           (r.revision < 0 || h.revision == r.revision);
}

static int compareLong(long a, long b)
{
    return a < b ? -1 : a > b;
}

static int compareText(const requireVersion *a, const requireVersion *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int c = shorter ? memcmp(a->text, b->text, shorter) : 0;

    return c ? c : compareLong((long)a->length, (long)b->length);
}

/* Positive where a is to be preferred to b, whichever was found first; zero leaves it to the order. */
static int inOrder(const requireVersion *a, const requireVersion *b)
{
    int i, c;

    if (!a->length != !b->length)
        return a->length ? -1 : 1;
    if (!sameText(a, b))
        return 0;
    for (i = 0; i < 3; i++)
        if ((c = compareLong(a->number[i], b->number[i])))
            return c;
    /* No revision and +0 are the same here. */
    return compareLong(a->revision < 0 ? 0 : a->revision, b->revision < 0 ? 0 : b->revision);
}

/* The same for the order that does not hang on how folders are read. Where no version is asked for, of two test versions the one in
 * the pool that comes first is taken, and in a pool the one whose text does. */
static int always(int asked, const requireInstalled *ia, const requireVersion *a, const requireInstalled *ib, const requireVersion *b)
{
    int pool = compareLong(ib->pool, ia->pool);
    int i, c;

    if (!a->length != !b->length)
        return a->length ? -1 : 1;
    if (!asked && a->length && pool)
        return pool;
    if ((c = compareText(a, b)))
        return -c;
    for (i = 0; i < 3; i++)
        if ((c = compareLong(a->number[i], b->number[i])))
            return c;
    if ((c = compareLong(a->revision, b->revision)))
        return c;
    return pool ? pool : -strcmp(ia->version, ib->version); /* 1.0.0 before 1.00.0 */
}

int requireSelect(const char *request, const requireInstalled *have, size_t n, int strict)
{
    int asked = request && request[0];
    int best = -1;
    size_t i;

    for (i = 0; i < n; i++) {
        requireVersion a, b;
        if (!requireMatches(have[i].version, request))
            continue;
        if (best < 0) {
            best = (int)i;
            continue;
        }
        a = requireParse(have[i].version);
        b = requireParse(have[best].version);
        if ((strict ? inOrder(&a, &b) : always(asked, &have[i], &a, &have[best], &b)) > 0)
            best = (int)i;
    }
    if (best >= 0 && !strict && !asked) {
        /* As if the test version had been named: its highest revision in any pool. */
        requireVersion chosen = requireParse(have[best].version);
        for (i = 0; i < n && chosen.length; i++) {
            requireVersion a = requireParse(have[i].version);
            requireVersion b = requireParse(have[best].version);
            if (sameText(&a, &chosen) && always(1, &have[i], &a, &have[best], &b) > 0)
                best = (int)i;
        }
    }
    return best;
}

int requireRival(const char *request, const requireInstalled *have, size_t n, int best)
{
    requireVersion b = requireParse(have[best].version);
    size_t i;

    for (i = 0; i < n; i++) {
        requireVersion a = requireParse(have[i].version);
        if (!requireMatches(have[i].version, request) || inOrder(&a, &b) != 0)
            continue;
        if (a.length ? !sameText(&a, &b) : a.revision != b.revision)
            return (int)i;
    }
    return -1;
}
