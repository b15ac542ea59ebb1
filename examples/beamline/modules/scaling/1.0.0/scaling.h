/* From the counts of a card to a physical value. */
#ifndef SCALING_H
#define SCALING_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    double slope, offset;
} scalingLine;

double scalingApply(const scalingLine *line, double counts);

#ifdef __cplusplus
}
#endif

#endif
