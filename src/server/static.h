/* static.h - the console's files, as they travel inside the binary, and the API's description.
 */
#ifndef HINOMI_SERVER_STATIC_H
#define HINOMI_SERVER_STATIC_H

#include "base/buf.h"
#include "base/err.h"
#include "embed/embed.h"

/*
 * Which file answers for this path (without its first '/'): the file of that name,
 * or index.html for the pages that the console draws itself.  NULL: none.  Pure.
 */
const struct embedded_file *static_find(const struct embedded_file *files, struct slice path);

/* "text/html; charset=utf-8", by the end of the name. */
const char *static_type(const char *name);

/* The YAML document as JSON. */
int static_yaml_to_json(struct slice yaml, struct buf *out, struct err *e);

#endif
