/* A card with eight channels. This one is simulated: a channel has as many counts as its address says. */
#include <stdio.h>
#include <string.h>

#include "digitizer.h"

int digitizerOpen(const char *address, digitizerChannel *channel) {
    memset(channel, 0, sizeof *channel);
    channel->line.slope = 0.001;
    return sscanf(address, "%d %d", &channel->slot, &channel->channel) == 2 && channel->channel >= 0 && channel->channel < 8;
}

double digitizerVolts(const digitizerChannel *channel) {
    return scalingApply(&channel->line, channel->slot * 1000 + channel->channel);
}
