#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

// Bytes that grow. `failed` sticks once memory has run out, so only the end of a chain of calls has to look.
struct text {
  char *data;
  size_t length;
  size_t capacity;
  bool failed;
};

void text_add(struct text *text, const void *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_char(struct text *text, char character);
void text_free(struct text *text);

// Length of the well-formed UTF-8 sequence at `at`, or 0. Overlong forms, surrogates and values above U+10FFFF are not
// well formed.
size_t utf8_length(const char *at, size_t available);
// U+0000 to U+10FFFF as UTF-8.
void text_add_code_point(struct text *text, unsigned code_point);

#endif
