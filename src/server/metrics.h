/* metrics.h - counters of the serve role, a row each in metrics.def. */
#ifndef HINOMI_SERVER_METRICS_H
#define HINOMI_SERVER_METRICS_H

#include <stdint.h>

struct metrics {
#define COUNTER(member, help) uint64_t member;
#include "server/metrics.def"
#undef COUNTER
};

#endif
