/*
 * value.h - what codecs ask of one value before it goes into an event.  Pure.
 *
 * A field of kind IP only ever holds an address and one of kind NUMBER only
 * digits, so those who read events need not look again.
 */
#ifndef HINOMI_EVENT_VALUE_H
#define HINOMI_EVENT_VALUE_H

#include "event/event.h"

/* Log formats write "-" where there is nothing to say. */
static inline bool
value_is_absent(struct slice v)
{
	return v.len == 0 || (v.len == 1 && v.ptr[0] == '-');
}

static inline bool
value_is_number(struct slice v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned)v.ptr[i] - '0' > 9)
			return false;
	return v.len > 0;
}

/* Has the shape of an IPv4 or IPv6 address: enough to tell one from a host name. */
bool value_is_ip(struct slice v);

/*
 * The same questions, asked of a value that has at least 16 bytes of its line
 * before its end: answered without a loop.  value_is_ip_late() falls back on
 * value_is_ip() for all but IPv4.
 */
bool value_is_ip_late(struct slice v);

static inline bool
value_is_number_late(struct slice v)
{
	uint64_t x;

	if (v.len == 0 || v.len >= 8)
		return value_is_number(v);
	memcpy(&x, v.ptr + v.len - 8, sizeof(x));
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	/* The value's bytes are the upper ones; below them, zeros stand in for what came
	 * before. */
	x = (x >> (64 - 8 * v.len)) | 0x3030303030303030u << 8 * v.len;
	return ((x & 0xf0f0f0f0f0f0f0f0u) | ((x + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >>
						4) == 0x3333333333333333u;
}

/* Set f unless the value is absent. */
static inline void
value_put(struct event *ev, enum field_id f, struct slice v)
{
	if (!value_is_absent(v))
		event_set(ev, f, v);
}

/* Set `ip` if v is an address, else `name`; neither when absent. */
void value_put_host(struct event *ev, enum field_id ip, enum field_id name, struct slice v);

/*
 * Set f to a number.  False, setting nothing, when v is present and not all
 * digits.
 */
static inline bool
value_put_number(struct event *ev, enum field_id f, struct slice v)
{
	if (value_is_absent(v))
		return true;
	if (!value_is_number(v))
		return false;
	event_set(ev, f, v);
	return true;
}

/* The same for a status code, where zeros mean that no reply was sent. */
static inline bool
value_put_status(struct event *ev, struct slice v)
{
	size_t zeros = 0;

	while (zeros < v.len && v.ptr[zeros] == '0')
		zeros++;
	return (zeros == v.len && v.len > 0) || value_put_number(ev, FIELD_HTTP_STATUS, v);
}

#endif
