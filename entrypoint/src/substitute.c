#include "substitute.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts.h"
#include "files.h"
#include "format.h"
#include "log.h"
#include "scan.h"

// A result is at most as long as the message that carried it, unless limits were raised; then this bounds an argument.
// A script is at most as long as the object that carries it.
enum { MAX_RESULT_BYTES = 1 << 20, MAX_SCRIPT_BYTES = 2 << 20 };

// $(steps.<step>.results.<result>), with at most one of [n], [*] and .key behind the result; or
// $(steps.<step>.inputs.<artifact>) and its like with outputs, where `side` says which.
struct reference {
  const char *step, *result, *key, *side;
  int step_length, result_length, key_length;
  int index;  // ALL for [*], NONE for none
  size_t length;
};
enum { NONE = -1, ALL = -2 };

static const char prefix[] = "$(steps.";
static const char middle[] = ".results.";

static bool is_name(const char *name, int length) {
  if (length <= 0 || name[0] == '.') return false;
  for (int i = 0; i < length; i++)
    if (name[i] == '/' || name[i] == '$' || name[i] == '(') return false;
  return true;
}

static bool parse_artifact(const char *at, struct reference *reference) {
  static const char *const sides[] = {"inputs", "outputs"};
  if (strncmp(at, prefix, strlen(prefix)) != 0) return false;
  *reference = (struct reference){.step = at + strlen(prefix), .index = NONE};
  reference->step_length = (int)strcspn(reference->step, ".)");
  const char *side = reference->step + reference->step_length;
  if (*side++ != '.') return false;
  for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
    size_t length = strlen(sides[i]);
    if (strncmp(side, sides[i], length) == 0 && side[length] == '.') reference->side = sides[i];
  }
  if (reference->side == NULL) return false;
  reference->result = side + strlen(reference->side) + 1;
  reference->result_length = (int)strcspn(reference->result, ".)");
  if (reference->result[reference->result_length] != ')') return false;
  reference->length = (size_t)(reference->result + reference->result_length + 1 - at);
  return is_name(reference->step, reference->step_length) && reference->result_length > 0;
}

static bool parse_reference(const char *at, struct reference *reference) {
  if (strncmp(at, prefix, strlen(prefix)) != 0) return false;
  const char *end = strchr(at, ')');
  if (end == NULL) return false;
  *reference = (struct reference){.step = at + strlen(prefix), .index = NONE, .length = (size_t)(end - at) + 1};
  const char *dot = strchr(reference->step, '.');
  if (dot == NULL || strncmp(dot, middle, strlen(middle)) != 0 || dot > end) return false;
  reference->step_length = (int)(dot - reference->step);
  reference->result = dot + strlen(middle);
  const char *stop = reference->result + strcspn(reference->result, ".[)");
  reference->result_length = (int)(stop - reference->result);
  if (*stop == '.') {
    reference->key = stop + 1;
    reference->key_length = (int)(end - reference->key);
    if (reference->key_length == 0) return false;
  } else if (*stop == '[') {
    struct scan scan = {stop + 1, end};
    if (scan_char(&scan, '*')) reference->index = ALL;
    else if (!scan_integer(&scan, &reference->index)) return false;
    if (!scan_char(&scan, ']') || scan.at != end) return false;
  }
  return is_name(reference->step, reference->step_length) && is_name(reference->result, reference->result_length);
}

// The nth string of a JSON array of strings.
static bool pick_element(const struct text *json, int index, struct text *value) {
  struct scan scan = {json->data, json->data + json->length};
  bool found = false;
  if (!scan_char(&scan, '[') || scan_char(&scan, ']')) return false;
  for (int i = 0;; i++) {
    if (!scan_string(&scan, i == index ? value : NULL)) return false;
    found = found || i == index;
    if (scan_char(&scan, ',')) continue;
    return scan_char(&scan, ']') && scan_end(&scan) && found;
  }
}

// The value of a key in a JSON object of strings.
static bool pick_key(const struct text *json, const char *key, int length, struct text *value) {
  struct scan scan = {json->data, json->data + json->length};
  bool found = false;
  if (!scan_char(&scan, '{') || scan_char(&scan, '}')) return false;
  do {
    struct text name = {0};
    bool good = scan_string(&scan, &name) && scan_char(&scan, ':');
    bool is_it = good && name.length == (size_t)length && memcmp(name.data, key, name.length) == 0;
    text_free(&name);
    if (is_it) value->length = 0;  // the last of equal keys wins, as in Go
    if (!good || !scan_string(&scan, is_it ? value : NULL)) return false;
    found = found || is_it;
  } while (scan_char(&scan, ','));
  return scan_char(&scan, '}') && scan_end(&scan) && found;
}

static bool complain(const struct reference *reference, const char *reason) {
  char shown[256], name[256];
  format(name, sizeof name, "%.*s", (int)reference->length, reference->step - strlen(prefix));
  say("Error while substituting step %s: %s: %s", reference->side == NULL ? "results" : "artifacts",
      quoted(name, shown, sizeof shown), reason);
  return false;
}

static bool read_reference(const struct options *options, const struct reference *reference, struct text *content) {
  char path[PATH_MAX];
  // As in Tekton the directory is the container's name.
  bool fits = reference->side == NULL
                  ? format(path, sizeof path, "%s/step-%.*s/results/%.*s", options->steps_dir, reference->step_length,
                           reference->step, reference->result_length, reference->result)
                  : format(path, sizeof path, "%s/step-%.*s/artifacts/provenance.json", options->steps_dir,
                           reference->step_length, reference->step);
  if (!fits) return complain(reference, "its path is too long");
  off_t size;
  switch (read_regular(path, MAX_RESULT_BYTES, content, &size)) {
    case FILE_READ: break;
    case FILE_ABSENT: return complain(reference, "that step has not written it");
    case FILE_TOO_LARGE: return complain(reference, "larger than 1 MiB");
    case FILE_NOT_REGULAR: return complain(reference, "not a regular file");
    case FILE_FAILED: return complain(reference, strerror(errno));
  }
  // No argument and no variable can hold one.
  if (content->length > 0 && memchr(content->data, '\0', content->length) != NULL)
    return complain(reference, "it holds a zero byte");
  return true;
}

static bool resolve(const struct options *options, const struct reference *reference, struct text *out) {
  struct text content = {0}, value = {0};
  bool good = read_reference(options, reference, &content);
  if (good && reference->side != NULL) {
    good = artifact_values(&content, reference->side, reference->result, reference->result_length, &value) ||
           complain(reference, "no such artifact in a JSON file of inputs and outputs");
  } else if (good && reference->index == ALL) {
    good = complain(reference, "[*] must be the whole argument");
  } else if (good && reference->index >= 0) {
    good = pick_element(&content, reference->index, &value) || complain(reference, "no such element in a JSON array of strings");
  } else if (good && reference->key != NULL) {
    good = pick_key(&content, reference->key, reference->key_length, &value) ||
           complain(reference, "no such key in a JSON object of strings");
  } else if (good) {
    text_add(&value, content.data, content.length);
  }
  if (good && value.length > 0 && memchr(value.data, '\0', value.length) != NULL) good = complain(reference, "it holds a zero byte");
  if (good) text_add(out, value.data, value.length);
  if (value.failed || content.failed) out->failed = true;
  text_free(&content);
  text_free(&value);
  return good;
}

// `string` itself when it holds no reference. One pass: what was put in is not looked at again.
static const char *replace_kinds(const struct options *options, const char *string, bool results) {
  if (strstr(string, prefix) == NULL) return string;
  struct text out = {0};
  while (*string != '\0') {
    struct reference reference;
    bool parsed = (results && parse_reference(string, &reference)) || parse_artifact(string, &reference);
    if (parsed && resolve(options, &reference, &out)) {
      string += reference.length;
    } else {
      text_add_char(&out, *string++);
    }
  }
  text_add_char(&out, '\0');
  if (!out.failed) return out.data;
  text_free(&out);
  return NULL;
}

static const char *replace(const struct options *options, const char *string) { return replace_kinds(options, string, true); }

// The script is read-only and everybody's: a copy with the artifacts in place is put beside the step's results. Without
// one the script runs as it is, which was said.
static void replace_script(struct options *options) {
  static char copy[PATH_MAX];
  struct text content = {0};
  const char *script = options->command[0];
  bool good = read_followed(script, MAX_SCRIPT_BYTES, &content);
  text_add_char(&content, '\0');
  const char *replaced = good && !content.failed ? replace_kinds(options, content.data, false) : NULL;
  if (replaced != NULL && replaced != content.data) {
    format(copy, sizeof copy, "%s/script", options->step_metadata_dir);
    good = write_whole(copy, replaced) && chmod(copy, 0755) == 0;
    if (good) options->command[0] = copy;
  }
  if (!good) say("Error while substituting step artifacts: copying the script %s: %s", script, strerror(errno));
  if (replaced != content.data) free((void *)replaced);
  text_free(&content);
}

struct list {
  const char **items;
  size_t count;
  bool failed;
};

static void list_add(struct list *list, const char *item) {
  const char **items = item == NULL ? NULL : realloc(list->items, (list->count + 2) * sizeof *items);
  if (items == NULL) {
    list->failed = true;
    return;
  }
  list->items = items;
  items[list->count++] = item;
  items[list->count] = NULL;
}

// Adds `string` with its references replaced; a whole-argument [*] becomes as many items as the array has.
static void list_add_replaced(const struct options *options, struct list *list, const char *string) {
  struct reference reference;
  if (!parse_reference(string, &reference) || reference.index != ALL || string[reference.length] != '\0') {
    list_add(list, replace(options, string));
    return;
  }
  struct text content = {0};
  size_t before = list->count;
  bool good = read_reference(options, &reference, &content);
  if (good) {
    struct scan scan = {content.data, content.data + content.length};
    good = scan_char(&scan, '[');
    bool empty = good && scan_char(&scan, ']');
    while (good && !empty) {
      struct text value = {0};
      good = scan_string(&scan, &value) && (value.length == 0 || memchr(value.data, '\0', value.length) == NULL);
      text_add_char(&value, '\0');
      if (good) list_add(list, value.failed ? NULL : value.data);
      else text_free(&value);
      if (!good || !scan_char(&scan, ',')) break;
    }
    good = good && (empty || scan_char(&scan, ']')) && scan_end(&scan);
    if (!good) complain(&reference, "not a JSON array of strings");
  }
  text_free(&content);
  if (good) return;
  while (list->count > before) free((void *)list->items[--list->count]);
  list_add(list, string);
}

extern char **environ;

bool substitute(struct options *options) {
  if (options->steps_dir == NULL) return true;
  if (options->replace_script && options->step_metadata_dir != NULL) replace_script(options);
  for (char **variable = environ; *variable != NULL; variable++) {
    const char *replaced = strchr(*variable, '=') == NULL ? *variable : replace(options, *variable);
    if (replaced == NULL) return false;
    *variable = (char *)replaced;
  }
  struct list command = {0};
  for (char **word = options->command; *word != NULL; word++) list_add_replaced(options, &command, *word);
  if (command.failed) return false;
  // An empty array as the only word leaves no command; the old one then fails to start and is named in the log.
  if (command.count > 0) options->command = (char **)command.items;

  struct list values = {0};
  for (size_t i = 0; i < options->when_count; i++) {
    struct when *when = &options->whens[i];
    size_t first = values.count;
    for (size_t j = 0; j < when->value_count; j++)
      list_add_replaced(options, &values, options->when_values[when->first_value + j]);
    when->first_value = first;
    when->value_count = values.count - first;
    when->input = replace(options, when->input);
    if (when->input == NULL) return false;
  }
  if (values.items != NULL) {
    free(options->when_values);
    options->when_values = values.items;
  }
  return !values.failed;
}

static bool holds(const struct options *options, const struct when *when) {
  bool found = false;
  for (size_t i = 0; i < when->value_count && !found; i++)
    found = strcmp(when->input, options->when_values[when->first_value + i]) == 0;
  return found != when->negated;
}

bool when_allows(const struct options *options) {
  size_t i = 0;
  while (i < options->when_count) {
    bool one_holds = holds(options, &options->whens[i]);
    for (i++; i < options->when_count && options->whens[i].alternative; i++)
      one_holds = one_holds || holds(options, &options->whens[i]);
    if (!one_holds) return false;
  }
  return true;
}
