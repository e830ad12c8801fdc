#include "text.h"

#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const void *bytes, size_t length) {
  if (text->failed || length == 0) return;
  if (length > text->capacity - text->length) {
    size_t capacity = text->capacity < 256 ? 256 : text->capacity;
    while (capacity - text->length < length) capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (data == NULL) {
      text->failed = true;
      return;
    }
    text->data = data;
    text->capacity = capacity;
  }
  memcpy(text->data + text->length, bytes, length);
  text->length += length;
}

void text_add_string(struct text *text, const char *string) { text_add(text, string, strlen(string)); }

void text_add_char(struct text *text, char character) { text_add(text, &character, 1); }

void text_free(struct text *text) {
  free(text->data);
  *text = (struct text){0};
}

size_t utf8_length(const char *at, size_t available) {
  const unsigned char *bytes = (const unsigned char *)at;
  if (available == 0) return 0;
  if (bytes[0] < 0x80) return 1;
  size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
  if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || available < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  if (bytes[0] == 0xe0 && bytes[1] < 0xa0) return 0;  // overlong
  if (bytes[0] == 0xed && bytes[1] > 0x9f) return 0;  // surrogates
  if (bytes[0] == 0xf0 && bytes[1] < 0x90) return 0;  // overlong
  if (bytes[0] == 0xf4 && bytes[1] > 0x8f) return 0;  // above U+10FFFF
  return length;
}

void text_add_code_point(struct text *text, unsigned code_point) {
  if (code_point < 0x80) {
    text_add_char(text, (char)code_point);
  } else if (code_point < 0x800) {
    text_add_char(text, (char)(0xc0 | code_point >> 6));
    text_add_char(text, (char)(0x80 | (code_point & 0x3f)));
  } else if (code_point < 0x10000) {
    text_add_char(text, (char)(0xe0 | code_point >> 12));
    text_add_char(text, (char)(0x80 | (code_point >> 6 & 0x3f)));
    text_add_char(text, (char)(0x80 | (code_point & 0x3f)));
  } else {
    text_add_char(text, (char)(0xf0 | code_point >> 18));
    text_add_char(text, (char)(0x80 | (code_point >> 12 & 0x3f)));
    text_add_char(text, (char)(0x80 | (code_point >> 6 & 0x3f)));
    text_add_char(text, (char)(0x80 | (code_point & 0x3f)));
  }
}
