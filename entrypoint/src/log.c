#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "format.h"

void say(const char *template, ...) {
  // One write per line, so that lines of ours do not mix with the command's. Longer ones are cut: they only ever carry
  // a name that somebody made absurdly long.
  char line[2048];
  va_list arguments;
  va_start(arguments, template);
  format_list(line, sizeof line - 1, template, arguments);
  va_end(arguments);
  size_t used = strlen(line);
  line[used++] = '\n';

  struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
  if (poll(&room, 1, 1000) != 1) return;
  // Nowhere is left to report a failed write to.
  ssize_t written = write(STDERR_FILENO, line, used);
  (void)written;
}

const char *quoted(const char *text, char *buffer, size_t size) {
  size_t used = 0;
  buffer[used++] = '"';
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
    // Room for the longest escape, the dots, the closing quote and the end.
    if (used + 4 + 3 + 2 > size) {
      memcpy(buffer + used, "...", 3);
      used += 3;
      break;
    }
    if (*at == '"' || *at == '\\') {
      buffer[used++] = '\\';
      buffer[used++] = (char)*at;
    } else if (*at == '\n' || *at == '\r' || *at == '\t') {
      buffer[used++] = '\\';
      buffer[used++] = *at == '\n' ? 'n' : *at == '\r' ? 'r' : 't';
    } else if (*at < 0x20 || *at == 0x7f) {
      static const char digits[] = "0123456789abcdef";
      buffer[used++] = '\\';
      buffer[used++] = 'x';
      buffer[used++] = digits[*at >> 4];
      buffer[used++] = digits[*at & 15];
    } else {
      buffer[used++] = (char)*at;
    }
  }
  buffer[used++] = '"';
  buffer[used] = '\0';
  return buffer;
}
