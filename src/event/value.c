/* value.c - see value.h. */
#include "event/value.h"

/* What a byte of an address can be, so that a sum over bytes counts each kind (45 at most). */
enum { DIGIT = 1, LETTER = 1 << 8, DOT = 1 << 16, COLON = 1 << 24 };

static const uint32_t kinds[256] = {
    ['.'] = DOT,
    [':'] = COLON,
    ['0'] = DIGIT,
    ['1'] = DIGIT,
    ['2'] = DIGIT,
    ['3'] = DIGIT,
    ['4'] = DIGIT,
    ['5'] = DIGIT,
    ['6'] = DIGIT,
    ['7'] = DIGIT,
    ['8'] = DIGIT,
    ['9'] = DIGIT,
    ['a'] = LETTER,
    ['b'] = LETTER,
    ['c'] = LETTER,
    ['d'] = LETTER,
    ['e'] = LETTER,
    ['f'] = LETTER,
    ['A'] = LETTER,
    ['B'] = LETTER,
    ['C'] = LETTER,
    ['D'] = LETTER,
    ['E'] = LETTER,
    ['F'] = LETTER,
};

bool
value_is_ip(struct slice v)
{
	uint32_t sum = 0;
	unsigned digits, letters, dots, colons;

	if (v.len < 2 || v.len > 45)
		return false;
	for (size_t i = 0; i < v.len; i++)
		sum += kinds[v.ptr[i]];
	digits = sum & 0xff;
	letters = sum >> 8 & 0xff;
	dots = sum >> 16 & 0xff;
	colons = sum >> 24;
	if (digits + letters + dots + colons != v.len)
		return false;
	if (colons == 0)
		return dots == 3 && letters == 0 && digits >= 4 && v.ptr[0] != '.' &&
		       v.ptr[v.len - 1] != '.';
	return colons >= 2 && colons <= 8 && (dots == 0 || dots == 3);
}

void
value_put_host(struct event *ev, enum field_id ip, enum field_id name, struct slice v)
{
	if (!value_is_absent(v))
		event_set(ev, value_is_ip(v) ? ip : name, v);
}
