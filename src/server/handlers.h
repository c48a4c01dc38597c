/* handlers.h - the functions that routes.def names; each answers its visit, now or later. */
#ifndef HINOMI_SERVER_HANDLERS_H
#define HINOMI_SERVER_HANDLERS_H

struct visit;

#define ROUTE(on, verb, path, may, most, fn) void fn(struct visit *v);
#include "server/routes.def"
#undef ROUTE

#endif
