#include "results.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "files.h"
#include "format.h"
#include "log.h"

// One file that goes into the message, and how it is spoken of.
struct entry {
  const char *kind, *key, *path;
  enum entry_type type;
};

// What add_results() carries from file to file.
struct collection {
  const struct options *options;
  struct message *message;
  char *problem;
  size_t problem_size;
  bool too_large;
  bool told_too_large;
  struct entry largest;
  off_t largest_size;
};

static const char *called(const struct entry *entry, char *shown, size_t size) {
  char name[160];
  if (entry->type == STEP_ARTIFACTS || entry->type == TASK_ARTIFACTS) format(shown, size, "%s", entry->kind);
  else format(shown, size, "%s %s", entry->kind, quoted(entry->key, name, sizeof name));
  return shown;
}

// The length of the line that Tekton's results sidecar would log for it, which is what its `max-result-size` is about.
static off_t logged_size(const struct options *options, const struct entry *entry, const struct text *content) {
  static const char *const types[] = {
      [TASK_RESULT] = "task", [STEP_RESULT] = "step", [STEP_ARTIFACTS] = "stepArtifact", [TASK_ARTIFACTS] = "taskArtifact"};
  struct text line = {0};
  add_json_string(&line, content->length > 0 ? content->data : "", content->length);
  size_t size = line.length + strlen("{\"name\":\"\",\"value\":,\"type\":\"\"}") + strlen(entry->key) + strlen(types[entry->type]);
  const char *container = options->step_metadata_dir == NULL ? NULL : strrchr(options->step_metadata_dir, '/');
  if (entry->type == STEP_RESULT && container != NULL) size += strlen(container);  // its slash stands for the dot
  text_free(&line);
  return (off_t)size;
}

// Left out by name, and once: the command did nothing wrong that the step could be blamed for.
static void tell_too_large(struct collection *all, const struct entry *entry, off_t size) {
  char value[256], shown[192];
  if (all->told_too_large) return;
  all->told_too_large = true;
  format(value, sizeof value, "%lld %lld %s", (long long)size, (long long)all->options->max_result_bytes,
         called(entry, shown, sizeof shown));
  message_add_internal(all->message, "ResultTooLarge", value);
}

static bool add_file(struct collection *all, struct entry entry) {
  size_t limit = (size_t)all->options->max_termination_bytes;
  off_t most = all->options->max_result_bytes, size;
  char shown[192], path[320];
  struct text content = {0};
  enum file_read read = read_regular(entry.path, limit, &content, &size);
  int error = errno;
  off_t logged = most > 0 && read == FILE_READ ? logged_size(all->options, &entry, &content) : size;
  bool left_out = most > 0 && (read == FILE_READ || read == FILE_TOO_LARGE) && logged > most;
  if (left_out) tell_too_large(all, &entry, logged);
  else if (read == FILE_READ) message_add(all->message, entry.key, content.length > 0 ? content.data : "", content.length, entry.type);
  text_free(&content);
  if (read == FILE_NOT_REGULAR || read == FILE_FAILED) {
    format(all->problem, all->problem_size, "Error while handling results: %s: %s: %s", called(&entry, shown, sizeof shown),
           quoted(entry.path, path, sizeof path),
           read == FILE_FAILED ? strerror(error) : "not a regular file (symbolic links, FIFOs and devices are refused)");
    return false;
  }
  if (left_out) return true;
  if (read == FILE_TOO_LARGE) all->too_large = true;
  if (read != FILE_ABSENT && size > all->largest_size) {
    all->largest = entry;
    all->largest_size = size;
  }
  return true;
}

// Keyed by their place in the container, wherever that place really is.
static bool add_artifacts(struct collection *all) {
  const struct options *options = all->options;
  static char key[PATH_MAX], path[PATH_MAX];  // they outlive the call in `largest`
  if (options->step_metadata_dir != NULL) {
    const char *name = strrchr(options->step_metadata_dir, '/');
    format(key, sizeof key, "/tekton/steps%s/artifacts/provenance.json", name == NULL ? "" : name);
    format(path, sizeof path, "%s/artifacts/provenance.json", options->step_metadata_dir);
    if (!add_file(all, (struct entry){"step artifacts", key, path, STEP_ARTIFACTS})) return false;
  }
  if (options->task_artifacts == NULL) return true;
  return add_file(all, (struct entry){"artifacts", "/tekton/artifacts/provenance.json", options->task_artifacts, TASK_ARTIFACTS});
}

bool add_results(const struct options *options, struct message *message, char *problem, size_t problem_size) {
  size_t limit = (size_t)options->max_termination_bytes;
  struct collection all = {
      .options = options, .message = message, .problem = problem, .problem_size = problem_size, .largest_size = -1};
  char shown[320];

  if (options->termination_path != NULL && !message_add_existing(message, options->termination_path, limit)) {
    format(problem, problem_size,
             "Termination message is above max allowed size %zu, caused by large task result."
             " The step itself wrote more than that to %s.",
             limit, quoted(options->termination_path, shown, sizeof shown));
    return false;
  }
  for (size_t i = 0; i < options->result_count; i++) {
    const struct result_file *result = &options->results[i];
    const char *kind = result->type == STEP_RESULT ? "step result" : "result";
    if (!add_file(&all, (struct entry){kind, result->name, result->path, result->type})) return false;
  }
  if (!add_artifacts(&all)) return false;
  if (message->entries.failed) {
    format(problem, problem_size, "Error while handling results: out of memory");
    return false;
  }
  if (!all.too_large && message_fits(message, limit)) return true;
  // The first sentence is Tekton's, word for word. Which result to make smaller is what one wants to know next.
  static const char sentence[] = "Termination message is above max allowed size %zu, caused by large task result.";
  format(problem, problem_size, sentence, limit);
  size_t used = strlen(problem);
  if (all.largest_size >= 0)
    format(problem + used, problem_size - used, " The largest is %s with %lld bytes.",
           called(&all.largest, shown, sizeof shown), (long long)all.largest_size);
  return false;
}
