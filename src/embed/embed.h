/*
 * embed.h - files that travel inside the binary: rules, texts, the console.
 *
 * Made at build time by tools/embed.py; sorted by name, ended by a NULL name.
 */
#ifndef HINOMI_EMBED_EMBED_H
#define HINOMI_EMBED_EMBED_H

#include "base/slice.h"

struct embedded_file {
	const char *name; /* relative to its folder: "rules/proxy/x.yml" */
	struct slice bytes;
};

extern const struct embedded_file embedded_content[]; /* content/ */
extern const struct embedded_file embedded_web[];     /* web/dist/; empty if it was not built */
extern const struct embedded_file embedded_api[];     /* openapi.yaml alone */

#endif
