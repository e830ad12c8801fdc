#include "scan.h"

#include <string.h>

static void skip_space(struct scan *scan) {
  while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
    scan->at++;
}

bool scan_char(struct scan *scan, char character) {
  skip_space(scan);
  if (scan->at == scan->end || *scan->at != character) return false;
  scan->at++;
  return true;
}

bool scan_end(struct scan *scan) {
  skip_space(scan);
  return scan->at == scan->end;
}

bool scan_integer(struct scan *scan, int *value) {
  skip_space(scan);
  int result = 0, digits = 0;
  bool zero = scan->at < scan->end && *scan->at == '0';
  while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && digits < 9) {
    result = result * 10 + (*scan->at++ - '0');
    digits++;
  }
  *value = result;
  return digits == 1 || (digits > 1 && !zero);
}

static bool scan_hex4(struct scan *scan, unsigned *value) {
  if (scan->end - scan->at < 4) return false;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    char digit = *scan->at++;
    if (digit >= '0' && digit <= '9') result = result * 16 + (unsigned)(digit - '0');
    else if (digit >= 'a' && digit <= 'f') result = result * 16 + (unsigned)(digit - 'a' + 10);
    else if (digit >= 'A' && digit <= 'F') result = result * 16 + (unsigned)(digit - 'A' + 10);
    else return false;
  }
  *value = result;
  return true;
}

// After the backslash and the `u`. A surrogate without its other half becomes U+FFFD, as in Go.
static bool scan_code_point(struct scan *scan, unsigned *value) {
  if (!scan_hex4(scan, value)) return false;
  if (*value < 0xd800 || *value > 0xdfff) return true;
  unsigned high = *value, low;
  *value = 0xfffd;
  if (high > 0xdbff || scan->end - scan->at < 6 || scan->at[0] != '\\' || scan->at[1] != 'u') return true;
  struct scan ahead = {scan->at + 2, scan->end};
  if (!scan_hex4(&ahead, &low)) return false;
  if (low < 0xdc00 || low > 0xdfff) return true;
  *value = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  scan->at = ahead.at;
  return true;
}

bool scan_string(struct scan *scan, struct text *value) {
  struct text ignored = {.failed = true};
  struct text *out = value == NULL ? &ignored : value;
  if (!scan_char(scan, '"')) return false;
  while (scan->at < scan->end) {
    unsigned char byte = (unsigned char)*scan->at;
    if (byte == '"') {
      scan->at++;
      return true;
    }
    if (byte < 0x20) return false;
    if (byte != '\\') {
      size_t length = utf8_length(scan->at, (size_t)(scan->end - scan->at));
      if (length == 0) return false;
      text_add(out, scan->at, length);
      scan->at += length;
      continue;
    }
    if (++scan->at == scan->end) return false;
    unsigned code_point;
    switch (*scan->at++) {
      case '"': text_add_char(out, '"'); break;
      case '\\': text_add_char(out, '\\'); break;
      case '/': text_add_char(out, '/'); break;
      case 'b': text_add_char(out, '\b'); break;
      case 'f': text_add_char(out, '\f'); break;
      case 'n': text_add_char(out, '\n'); break;
      case 'r': text_add_char(out, '\r'); break;
      case 't': text_add_char(out, '\t'); break;
      case 'u':
        if (!scan_code_point(scan, &code_point)) return false;
        text_add_code_point(out, code_point);
        break;
      default: return false;
    }
  }
  return false;
}

// Deeper values are only made to exhaust our stack.
enum { MAX_VALUE_DEPTH = 64 };

static bool scan_value_at(struct scan *scan, int depth) {
  if (depth > MAX_VALUE_DEPTH) return false;
  bool object = scan_char(scan, '{');
  if (object || scan_char(scan, '[')) {
    char end = object ? '}' : ']';
    if (scan_char(scan, end)) return true;
    do {
      if (object && !(scan_string(scan, NULL) && scan_char(scan, ':'))) return false;
      if (!scan_value_at(scan, depth + 1)) return false;
    } while (scan_char(scan, ','));
    return scan_char(scan, end);
  }
  if (scan->at < scan->end && *scan->at == '"') return scan_string(scan, NULL);
  // A number or a word; which one does not matter to whoever only hands it on.
  const char *start = scan->at;
  while (scan->at < scan->end && ((*scan->at >= 'a' && *scan->at <= 'z') || (*scan->at >= '0' && *scan->at <= '9') ||
                                  *scan->at == '-' || *scan->at == '+' || *scan->at == '.' || *scan->at == 'E'))
    scan->at++;
  return scan->at > start;
}

bool scan_value(struct scan *scan) { return scan_value_at(scan, 0); }
