#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

// The part of snprintf() that is used here: %s %.*s %d %x %lld %zu, and a width with leading zeros. The C library's
// brings floating point and streams along, a quarter of the size of this program. False when the text was cut to fit.
bool format(char *buffer, size_t size, const char *template, ...) __attribute__((format(printf, 3, 4)));
bool format_list(char *buffer, size_t size, const char *template, va_list arguments) __attribute__((format(printf, 3, 0)));

#endif
