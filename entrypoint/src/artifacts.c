#include "artifacts.h"

#include <string.h>

#include "message.h"
#include "scan.h"

enum { MAX_DIGESTS = 32 };

struct digest {
  struct text algorithm, value;
};

static bool is(const struct text *text, const char *name, size_t length) {
  return !text->failed && text->length == length && memcmp(text->length > 0 ? text->data : "", name, length) == 0;
}

// Go's encoder escapes these three, so that JSON may stand in HTML; who compares texts would see the difference.
static void add_go_string(struct text *out, const struct text *value) {
  struct text plain = {0};
  add_json_string(&plain, value->length > 0 ? value->data : "", value->length);
  for (size_t i = 0; i < plain.length; i++) {
    char character = plain.data[i];
    if (character == '<') text_add_string(out, "\\u003c");
    else if (character == '>') text_add_string(out, "\\u003e");
    else if (character == '&') text_add_string(out, "\\u0026");
    else text_add_char(out, character);
  }
  if (plain.failed) out->failed = true;
  text_free(&plain);
}

static bool before(const struct digest *a, const struct digest *b) {
  size_t common = a->algorithm.length < b->algorithm.length ? a->algorithm.length : b->algorithm.length;
  int order = common == 0 ? 0 : memcmp(a->algorithm.data, b->algorithm.data, common);
  return order < 0 || (order == 0 && a->algorithm.length < b->algorithm.length);
}

// An object of strings, into `digests` sorted by algorithm.
static bool scan_digests(struct scan *scan, struct digest *digests, size_t *count) {
  if (!scan_char(scan, '{')) return false;
  if (scan_char(scan, '}')) return true;
  do {
    if (*count == MAX_DIGESTS) return false;
    struct digest *added = &digests[(*count)++];
    *added = (struct digest){0};
    if (!scan_string(scan, &added->algorithm) || !scan_char(scan, ':') || !scan_string(scan, &added->value)) return false;
    for (struct digest *at = added; at > digests && before(at, at - 1); at--) {
      struct digest swapped = *at;
      *at = at[-1];
      at[-1] = swapped;
    }
  } while (scan_char(scan, ','));
  return scan_char(scan, '}');
}

static void add_digests(struct text *out, const struct digest *digests, size_t count) {
  text_add_string(out, "\"digest\":{");
  for (size_t i = 0; i < count; i++) {
    if (i > 0) text_add_char(out, ',');
    add_go_string(out, &digests[i].algorithm);
    text_add_char(out, ':');
    add_go_string(out, &digests[i].value);
  }
  text_add_char(out, '}');
}

static bool copy_value(struct scan *scan, struct text *out) {
  struct digest digests[MAX_DIGESTS];
  struct text uri = {0};
  size_t count = 0;
  if (!scan_char(scan, '{')) return false;
  bool good = true, empty = scan_char(scan, '}');
  while (good && !empty) {
    struct text member = {0};
    good = scan_string(scan, &member) && scan_char(scan, ':');
    if (good && is(&member, "uri", 3)) {
      uri.length = 0;
      good = scan_string(scan, &uri);
    } else if (good && is(&member, "digest", 6) && count == 0) {
      good = scan_digests(scan, digests, &count);
    } else {
      good = good && scan_value(scan);
    }
    text_free(&member);
    if (good && !scan_char(scan, ',')) {
      good = scan_char(scan, '}');
      break;
    }
  }
  text_add_char(out, '{');
  if (count > 0) add_digests(out, digests, count);
  if (uri.length > 0) {
    text_add_string(out, count > 0 ? ",\"uri\":" : "\"uri\":");
    add_go_string(out, &uri);
  }
  text_add_char(out, '}');
  for (size_t i = 0; i < count; i++) {
    text_free(&digests[i].algorithm);
    text_free(&digests[i].value);
  }
  text_free(&uri);
  return good;
}

static bool copy_values(struct scan *scan, struct text *out) {
  if (!scan_char(scan, '[')) return false;
  text_add_char(out, '[');
  if (!scan_char(scan, ']')) {
    bool first = true;
    do {
      if (!first) text_add_char(out, ',');
      first = false;
      if (!copy_value(scan, out)) return false;
    } while (scan_char(scan, ','));
    if (!scan_char(scan, ']')) return false;
  }
  text_add_char(out, ']');
  return true;
}

// One artifact. Its name may come after its values, so these are remembered.
static bool scan_artifact(struct scan *scan, const char *name, int name_length, bool *found, struct text *out) {
  struct scan values = {NULL, NULL};
  bool is_it = false;
  if (!scan_char(scan, '{')) return false;
  if (scan_char(scan, '}')) return true;
  do {
    struct text member = {0}, called = {0};
    bool good = scan_string(scan, &member) && scan_char(scan, ':');
    if (good && is(&member, "name", 4)) {
      good = scan_string(scan, &called);
      is_it = is(&called, name, (size_t)name_length);
    } else if (good) {
      const char *start = scan->at;
      good = scan_value(scan);
      if (is(&member, "values", 6)) values = (struct scan){start, scan->at};
    }
    text_free(&member);
    text_free(&called);
    if (!good) return false;
  } while (scan_char(scan, ','));
  if (!scan_char(scan, '}')) return false;
  if (!is_it || *found) return true;
  *found = true;
  if (values.at != NULL) return copy_values(&values, out);
  text_add_string(out, "null");
  return true;
}

static bool scan_side(struct scan *scan, const char *name, int name_length, bool *found, struct text *out) {
  if (!scan_char(scan, '[')) return false;
  if (scan_char(scan, ']')) return true;
  do {
    if (!scan_artifact(scan, name, name_length, found, out)) return false;
  } while (scan_char(scan, ','));
  return scan_char(scan, ']');
}

bool artifact_values(const struct text *provenance, const char *side, const char *name, int name_length, struct text *out) {
  struct scan scan = {provenance->data, provenance->data + provenance->length};
  bool found = false;
  if (provenance->length == 0 || !scan_char(&scan, '{') || scan_char(&scan, '}')) return false;
  do {
    struct text member = {0};
    bool good = scan_string(&scan, &member) && scan_char(&scan, ':') &&
                (is(&member, side, strlen(side)) ? scan_side(&scan, name, name_length, &found, out) : scan_value(&scan));
    text_free(&member);
    if (!good) return false;
  } while (scan_char(&scan, ','));
  return scan_char(&scan, '}') && scan_end(&scan) && found;
}
