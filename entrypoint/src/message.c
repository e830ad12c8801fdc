#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "format.h"
#include "scan.h"

void add_json_string(struct text *out, const char *value, size_t length) {
  text_add_char(out, '"');
  for (size_t at = 0; at < length;) {
    unsigned char byte = (unsigned char)value[at];
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte == 0 ? NULL : strchr(plain, byte);
    char escape = found == NULL ? 0 : letters[found - plain];
    if (escape != 0) {
      text_add_char(out, '\\');
      text_add_char(out, escape);
      at++;
    } else if (byte < 0x20) {
      char code[7];
      format(code, sizeof code, "\\u%04x", (unsigned)byte);
      text_add_string(out, code);
      at++;
    } else {
      size_t sequence = utf8_length(value + at, length - at);
      if (sequence == 0) text_add_code_point(out, 0xfffd);
      else text_add(out, value + at, sequence);
      at += sequence == 0 ? 1 : sequence;
    }
  }
  text_add_char(out, '"');
}

void message_add(struct message *message, const char *key, const char *value, size_t length, enum entry_type type) {
  struct text *entries = &message->entries;
  text_add_string(entries, entries->length > 0 ? ",{\"key\":" : "{\"key\":");
  add_json_string(entries, key, strlen(key));
  text_add_string(entries, ",\"value\":");
  add_json_string(entries, value, length);
  char tail[24];
  format(tail, sizeof tail, ",\"type\":%d}", (int)type);
  text_add_string(entries, tail);
}

void message_add_internal(struct message *message, const char *key, const char *value) {
  message_add(message, key, value, strlen(value), INTERNAL);
}

static bool scan_key(struct scan *scan) {
  struct text key = {0};
  bool good = scan_string(scan, &key) && key.length > 0;
  text_free(&key);
  return good;
}

// One object of exactly the three members, in any order.
static bool scan_entry(struct scan *scan, int *type) {
  bool has_key = false, has_value = false, has_type = false;
  if (!scan_char(scan, '{')) return false;
  do {
    struct text member = {0};
    bool good = scan_string(scan, &member) && scan_char(scan, ':') && !member.failed;
#define IS(name) (member.length == strlen(name) && memcmp(member.data, name, strlen(name)) == 0)
    if (good && !has_key && IS("key")) good = has_key = scan_key(scan);
    else if (good && !has_value && IS("value")) good = has_value = scan_string(scan, NULL);
    else if (good && !has_type && IS("type")) good = has_type = scan_integer(scan, type);
    else good = false;
#undef IS
    text_free(&member);
    if (!good) return false;
  } while (scan_char(scan, ','));
  return scan_char(scan, '}') && has_key && has_value && has_type;
}

static bool scan_entries(struct scan *scan, struct text *kept) {
  if (!scan_char(scan, '[')) return false;
  if (scan_char(scan, ']')) return scan_end(scan);
  do {
    // The comma or bracket was taken with nothing behind it, so white space before the object comes along; it is legal.
    const char *start = scan->at;
    int type = 0;
    if (!scan_entry(scan, &type)) return false;
    if (type == INTERNAL) continue;
    if (kept->length > 0) text_add_char(kept, ',');
    text_add(kept, start, (size_t)(scan->at - start));
  } while (scan_char(scan, ','));
  return scan_char(scan, ']') && scan_end(scan);
}

bool message_add_existing(struct message *message, const char *path, size_t limit) {
  struct text content = {0}, kept = {0};
  off_t size;
  enum file_read read = read_regular(path, limit, &content, &size);
  if (read == FILE_READ && content.length > 0) {
    struct scan scan = {content.data, content.data + content.length};
    if (scan_entries(&scan, &kept) && kept.length > 0 && !kept.failed) {
      if (message->entries.length > 0) text_add_char(&message->entries, ',');
      text_add(&message->entries, kept.data, kept.length);
    }
  }
  text_free(&content);
  text_free(&kept);
  return read != FILE_TOO_LARGE;
}

size_t message_size(const struct message *message) { return message->entries.length + 2; }

// What the kubelet of a cluster passes on is counted in bytes. A longer message is bounded by the object that it becomes
// a string of, in which every quote and backslash takes two.
enum { PLAIN_BYTES = 4096 };

bool message_fits(const struct message *message, size_t limit) {
  size_t size = message_size(message);
  for (size_t i = 0; limit > PLAIN_BYTES && i < message->entries.length && size <= limit; i++)
    if (message->entries.data[i] == '"' || message->entries.data[i] == '\\') size++;
  return size <= limit;
}

static bool write_at(int file, const char *content, size_t length, off_t *offset) {
  while (length > 0) {
    ssize_t written = pwrite(file, content, length, *offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content += written;
    length -= (size_t)written;
    *offset += written;
  }
  return true;
}

bool message_write(const struct message *message, const char *path) {
  if (message->entries.failed) {
    errno = ENOMEM;
    return false;
  }
  if (!make_parent_directory(path)) return false;
  // O_NONBLOCK: a FIFO that the step has put there has no reader, and must not keep us.
  int file = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (file < 0) return false;
  off_t offset = 0;
  bool good = write_at(file, "[", 1, &offset) &&
              write_at(file, message->entries.data, message->entries.length, &offset) &&
              write_at(file, "]", 1, &offset) &&
              // Cut last: with no truncation first, a full disk can often still take what fits in the old blocks.
              ftruncate(file, offset) == 0;
  int error = errno;
  // Half a message would be taken for garbage, and the reason of the failure with it.
  if (!good && ftruncate(file, 0) != 0) error = errno;
  if (close(file) != 0 && good) return false;
  errno = error;
  return good;
}
