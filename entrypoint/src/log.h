#ifndef LOG_H
#define LOG_H

#include <stddef.h>

// One line on stderr, which is the container log. Never blocks for long: a reader that went away must not keep the
// post file from being written.
void say(const char *template, ...) __attribute__((format(printf, 1, 2)));

// `text` in double quotes with everything unprintable escaped, so that a name cannot forge log lines. Returns `buffer`.
const char *quoted(const char *text, char *buffer, size_t size);

#endif
