/* confine.h - once everything is open, a node keeps only the powers that its work needs. */
#ifndef HINOMI_NODE_CONFINE_H
#define HINOMI_NODE_CONFINE_H

#include "node/config.h"

/*
 * Write below data_dir only; read the configured logs' directories and what name
 * resolution needs; no programs.  Root is left as it is, with a warning: without
 * its capabilities it could read fewer logs than the groups of the node's own
 * user let it read.
 */
int node_confine(const struct node_config *cfg, const char *data_dir, struct err *e);

#endif
