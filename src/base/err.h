/*
 * err.h - the story of a failure, told from the inside out.
 *
 * A function that the world can refuse returns 0 or -1 and takes a struct err
 * as its last parameter, which may be NULL.  The innermost function calls
 * err_set(), each caller may add what it was attempting with err_wrap(); the
 * outermost prints the text: one line for an operator.  No secrets in it.
 */
#ifndef HINOMI_BASE_ERR_H
#define HINOMI_BASE_ERR_H

#include <stdbool.h>

#define ERR_TEXT_MAX 1024

struct err {
	int code; /* errno value, or 0 when none fits */
	char text[ERR_TEXT_MAX];
};

/* Start a story.  Always returns -1, so `return err_set(e, ...)` reads well. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, and append ": " and the text of the errno value `code`. */
int err_errno(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " in front of the story so far.  Always returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
