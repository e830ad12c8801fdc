#include "registry-logins.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "scan.h"

static struct login *login_for(struct logins *logins, const char *registry, size_t length) {
  for (size_t i = 0; i < logins->count; i++) {
    struct login *one = &logins->list[i];
    if (one->registry.length == length && memcmp(one->registry.data, registry, length) == 0) return one;
  }
  struct login *list = realloc(logins->list, (logins->count + 1) * sizeof *list);
  if (list == NULL) {
    logins->failed = true;
    return NULL;
  }
  logins->list = list;
  struct login *added = &list[logins->count++];
  *added = (struct login){0};
  text_add(&added->registry, registry, length);
  return added;
}

static void add_base64(struct text *out, const struct text *value) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *bytes = (const unsigned char *)value->data;
  for (size_t at = 0; at < value->length; at += 3) {
    size_t left = value->length - at;
    unsigned group = (unsigned)bytes[at] << 16 | (left > 1 ? (unsigned)bytes[at + 1] << 8 : 0) | (left > 2 ? bytes[at + 2] : 0);
    text_add_char(out, digits[group >> 18]);
    text_add_char(out, digits[group >> 12 & 63]);
    text_add_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
    text_add_char(out, left > 2 ? digits[group & 63] : '=');
  }
}

void add_login(struct logins *logins, const char *registry, const struct text *user, const struct text *password) {
  struct login *login = login_for(logins, registry, strlen(registry));
  if (login == NULL) return;
  struct text *value = &login->value, both = {0};
  text_add(&both, user->data, user->length);
  text_add_char(&both, ':');
  text_add(&both, password->data, password->length);
  value->length = 0;
  text_add_string(value, "{\"username\":");
  add_json_string(value, user->data, user->length);
  text_add_string(value, ",\"password\":");
  add_json_string(value, password->data, password->length);
  text_add_string(value, ",\"auth\":\"");
  add_base64(value, &both);
  // Required by old clients, looked at by none. Tekton's word.
  text_add_string(value, "\",\"email\":\"not@val.id\"}");
  value->failed = value->failed || both.failed;
  text_free(&both);
}

// The members of an object of registries.
static bool scan_logins(struct logins *logins, struct scan *scan) {
  if (!scan_char(scan, '{')) return false;
  if (scan_char(scan, '}')) return true;
  do {
    struct text registry = {0};
    bool good = scan_string(scan, &registry) && scan_char(scan, ':');
    const char *start = scan->at;
    good = good && scan_value(scan);
    struct login *login = good ? login_for(logins, registry.data, registry.length) : NULL;
    if (login != NULL) {
      login->value.length = 0;
      text_add(&login->value, start, (size_t)(scan->at - start));
    }
    text_free(&registry);
    if (!good) return false;
  } while (scan_char(scan, ','));
  return scan_char(scan, '}');
}

bool add_logins_of(struct logins *logins, const struct text *file, bool is_config) {
  struct scan scan = {file->data, file->data + file->length};
  if (!is_config) return scan_logins(logins, &scan) && scan_end(&scan);
  if (!scan_char(&scan, '{')) return false;
  if (scan_char(&scan, '}')) return scan_end(&scan);
  do {
    struct text member = {0};
    bool good = scan_string(&scan, &member) && scan_char(&scan, ':');
    bool auths = member.length == 5 && memcmp(member.data, "auths", 5) == 0;
    text_free(&member);
    // Credential helpers and the like name programs of another machine: they are left out, as in Tekton.
    if (!good || !(auths ? scan_logins(logins, &scan) : scan_value(&scan))) return false;
  } while (scan_char(&scan, ','));
  return scan_char(&scan, '}') && scan_end(&scan);
}

void write_logins(const struct logins *logins, struct text *out) {
  text_add_string(out, "{\"auths\":{");
  for (size_t i = 0; i < logins->count; i++) {
    const struct login *login = &logins->list[i];
    if (i > 0) text_add_char(out, ',');
    add_json_string(out, login->registry.data, login->registry.length);
    text_add_char(out, ':');
    text_add(out, login->value.data, login->value.length);
    out->failed = out->failed || login->registry.failed || login->value.failed;
  }
  text_add_string(out, "}}");
  out->failed = out->failed || logins->failed;
}

void free_logins(struct logins *logins) {
  for (size_t i = 0; i < logins->count; i++) {
    text_free(&logins->list[i].registry);
    text_free(&logins->list[i].value);
  }
  free(logins->list);
  *logins = (struct logins){0};
}
