/*
 * config.h - the settings of a center: one YAML file that every role reads for itself.
 *
 * Rows in settings.def.  Without a file every setting has its default.
 */
#ifndef HINOMI_CENTER_CONFIG_H
#define HINOMI_CENTER_CONFIG_H

#include "text/settings.h"

struct center_config {
	struct arena *mem; /* owns all the slices */
	struct slice console_listen, node_listen;
	struct setting_texts names, monitors;
	struct span node_certificate_life, server_certificate_life;
	int64_t node_connections_max, node_connections_per_address;
	int64_t console_connections_max, console_connections_per_address;
	int64_t streams_max;
	struct span batches_keep;
	int64_t batches_size_max;
	struct setting_texts rules, indicators, allow;
	int log_level; /* enum log_level */
};

/* The table, ended by a row without a name. */
extern const struct setting center_settings[];

/* NULL: no file.  -1 with "FILE:LINE: ...", and *out is untouched. */
int center_config_read(struct center_config *out, const char *file, struct err *e);
void center_config_release(struct center_config *c); /* the zero config is welcome */

#endif
