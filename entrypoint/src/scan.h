#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>

#include "text.h"

// A cursor over text that has to be JSON of one shape. No tree is built: a caller asks for the next thing it
// expects and gives up at the first surprise. Needed because some files hold JSON by Tekton's contract and were not
// written by us: a termination message the step has already written to, array and object results of earlier steps, their
// artifacts, and docker's logins.
struct scan {
  const char *at;
  const char *end;
};

// Skips white space, then takes `character` if it is next.
bool scan_char(struct scan *scan, char character);
// Takes a string and adds its value to `value` unless that is NULL.
bool scan_string(struct scan *scan, struct text *value);
// Takes an integer of at most nine digits, without leading zeros, which JSON does not have.
bool scan_integer(struct scan *scan, int *value);
// Takes a value of any kind without looking at it.
bool scan_value(struct scan *scan);
// True when only white space is left.
bool scan_end(struct scan *scan);

#endif
