/* What other modules read of a card. */
#ifndef DIGITIZER_H
#define DIGITIZER_H

#include <scaling.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int slot, channel;
    scalingLine line; /* from counts to volts */
} digitizerChannel;

/* Opens a channel by an address such as "3 1", slot and channel. It is 0 where there is none. */
int digitizerOpen(const char *address, digitizerChannel *channel);

double digitizerVolts(const digitizerChannel *channel);

#ifdef __cplusplus
}
#endif

#endif
