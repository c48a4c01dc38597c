/* write.h - the objects of openapi.yaml as JSON. */
#ifndef HINOMI_SERVER_WRITE_H
#define HINOMI_SERVER_WRITE_H

#include "incident/alert_db.h"
#include "server/overview.h"
#include "text/json.h"

/* AlertSummary, as a member or item of what is open. */
void write_alert_summary(
    struct json_out *o, const struct alert_row *a, struct slice institution_name);

/* Alert: the stored JSON with what people did with it in front. */
void write_alert(struct buf *out, const struct alert_row *a, struct slice stored,
    struct slice institution_name);

void write_source(struct json_out *o, const struct source_view *s);
void write_node(struct json_out *o, const struct node_view *n);

/* A time, or null for 0. */
void write_time(struct json_out *o, const char *name, struct instant t);

#endif
