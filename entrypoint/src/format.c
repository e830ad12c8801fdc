#include "format.h"

#include <string.h>

struct output {
  char *buffer;
  size_t size, used;
  bool cut;
};

static void put(struct output *output, const char *bytes, size_t length) {
  size_t room = output->size - 1 - output->used;
  if (length > room) {
    output->cut = true;
    length = room;
  }
  memcpy(output->buffer + output->used, bytes, length);
  output->used += length;
}

static void put_number(struct output *output, unsigned long long number, bool negative, unsigned base, int width) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[number % base];
    number /= base;
    width--;
  } while (number > 0 || (width > 0 && at > 1));
  if (negative) digits[--at] = '-';
  put(output, digits + at, sizeof digits - at);
}

bool format_list(char *buffer, size_t size, const char *template, va_list arguments) {
  struct output output = {buffer, size, 0, false};
  for (const char *at = template; *at != '\0';) {
    if (*at != '%') {
      size_t plain = strcspn(at, "%");
      put(&output, at, plain);
      at += plain;
      continue;
    }
    int width = 0, precision = -1;
    at++;
    while (*at >= '0' && *at <= '9') width = width * 10 + (*at++ - '0');
    if (strncmp(at, ".*", 2) == 0) {
      precision = va_arg(arguments, int);
      at += 2;
    }
    if (*at == 's') {
      const char *string = va_arg(arguments, const char *);
      put(&output, string, precision >= 0 ? strnlen(string, (size_t)precision) : strlen(string));
      at += 1;
    } else if (*at == 'd') {
      int number = va_arg(arguments, int);
      put_number(&output, number < 0 ? -(unsigned long long)number : (unsigned long long)number, number < 0, 10, width);
      at += 1;
    } else if (*at == 'x') {
      put_number(&output, va_arg(arguments, unsigned), false, 16, width);
      at += 1;
    } else if (strncmp(at, "lld", 3) == 0) {
      long long number = va_arg(arguments, long long);
      put_number(&output, number < 0 ? -(unsigned long long)number : (unsigned long long)number, number < 0, 10, width);
      at += 3;
    } else if (strncmp(at, "zu", 2) == 0) {
      put_number(&output, va_arg(arguments, size_t), false, 10, width);
      at += 2;
    } else {
      put(&output, "%", 1);
    }
  }
  buffer[output.used] = '\0';
  return !output.cut;
}

bool format(char *buffer, size_t size, const char *template, ...) {
  va_list arguments;
  va_start(arguments, template);
  bool whole = format_list(buffer, size, template, arguments);
  va_end(arguments);
  return whole;
}
