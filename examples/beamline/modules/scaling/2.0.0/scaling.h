/* From the counts of a card to a physical value. */
#ifndef SCALING_H
#define SCALING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Since 2.0 a line may be bent: a polynomial in Horner's form. */
typedef struct {
    size_t degree;
    double factors[8];
} scalingLine;

double scalingApply(const scalingLine *line, double counts);

#ifdef __cplusplus
}
#endif

#endif
