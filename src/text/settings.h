/*
 * settings.h - a configuration as a table: each setting's name, type, bounds, default and help.
 *
 * A role describes its configuration as an array of struct setting (usually from
 * a .def file) over a plain struct.  A file is read whole into a fresh struct:
 * defaults first, then what the file says, each value checked; an unknown name or
 * a value out of bounds refuses the file with "FILE:LINE: ...", and whatever was
 * in force stays.  The file is one flat YAML mapping.
 */
#ifndef HINOMI_TEXT_SETTINGS_H
#define HINOMI_TEXT_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "text/yaml.h"

/* The member's C type stands behind each. */
enum setting_type {
	SETTING_TEXT,  /* struct slice; min and max bound its bytes */
	SETTING_TEXTS, /* struct setting_texts: one text or a list; min and max bound the count
			*/
	SETTING_BOOL,  /* bool */
	SETTING_INT,   /* int64_t */
	SETTING_BYTES, /* int64_t: "65536", "256KiB", "64MiB", "2GiB" */
	SETTING_SPAN,  /* struct span: "250ms", "10s", "5m", "24h", "7d"; bounds in microseconds
			*/
	SETTING_CHOICE, /* int: index into `choices` */
	SETTING_TREE,	/* whatever `read` makes of it */
};

struct setting_texts {
	const struct slice *at;
	size_t n;
};

/* Reads a value that is no scalar into *member; what it keeps goes to mem. */
typedef int setting_read(
    const struct yaml_node *n, struct arena *mem, void *member, struct err *e);

struct setting {
	const char *name; /* NULL ends the table */
	enum setting_type type;
	size_t offset; /* offsetof() the member */
	int64_t min, max;
	const char *standard;	    /* the default, as one would write it in the file */
	const char *const *choices; /* ended by NULL */
	setting_read *read;
	const char *en, *ja; /* what it does, a sentence or two */
};

/*
 * Fill *out: defaults, then the file's values.  An absent `text` gives the
 * defaults alone.  Everything *out points to lives in mem or in the table.
 */
int settings_read(const struct setting *table, const char *file, struct slice text,
    struct arena *mem, void *out, struct err *e);

/* The defaults as a commented file that settings_read() takes; language "ja" or "en". */
void settings_print(const struct setting *table, const char *language, struct buf *out);

#endif
