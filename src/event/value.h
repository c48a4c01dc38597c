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
