/* read_csv.h - how a CSV file of indicators is laid out; for this directory only. */
#ifndef HINOMI_DETECT_INDICATOR_READ_CSV_H
#define HINOMI_DETECT_INDICATOR_READ_CSV_H

#include "base/slice.h"

#define CSV_COLUMNS_MAX 128

enum csv_role {
	CSV_NOTHING,
	CSV_ANY,
	CSV_DOMAIN,
	CSV_IP,
	CSV_URL,
	CSV_HASH,
	CSV_JA3,
	CSV_JA4,
	CSV_TYPE,
	CSV_NOTE,
	CSV_LEVEL,
};

struct csv_shape {
	uint8_t separator;
	bool header; /* the first row names the columns, and is no row */
	enum csv_role roles[CSV_COLUMNS_MAX];
};

#endif
