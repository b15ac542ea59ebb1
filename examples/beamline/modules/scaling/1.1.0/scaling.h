/* From the counts of a card to a physical value. */
#ifndef SCALING_H
#define SCALING_H

#ifdef __cplusplus
extern "C" {
#endif

/* Since 1.1 a line has ends. What was compiled with an older header has shorter lines, and must be built anew. */
typedef struct {
    double slope, offset;
    double low, high; /* no ends where they are equal */
} scalingLine;

double scalingApply(const scalingLine *line, double counts);

#ifdef __cplusplus
}
#endif

#endif
