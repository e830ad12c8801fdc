#include "results.h"

#include <errno.h>
#include <string.h>

#include "files.h"
#include "format.h"
#include "log.h"

static const char *kind(const struct result_file *result) {
  return result->type == STEP_RESULT ? "step result" : "result";
}

bool add_results(const struct options *options, struct message *message, char *problem, size_t problem_size) {
  size_t limit = (size_t)options->max_termination_bytes;
  const struct result_file *largest = NULL;
  off_t largest_size = -1;
  bool too_large = false;
  char name[160], path[320];

  if (options->termination_path != NULL && !message_add_existing(message, options->termination_path, limit)) {
    format(problem, problem_size,
             "Termination message is above max allowed size %zu, caused by large task result."
             " The step itself wrote more than that to %s.",
             limit, quoted(options->termination_path, path, sizeof path));
    return false;
  }
  for (size_t i = 0; i < options->result_count; i++) {
    const struct result_file *result = &options->results[i];
    struct text content = {0};
    off_t size;
    enum file_read read = read_regular(result->path, limit, &content, &size);
    int error = errno;
    if (read == FILE_READ) message_add(message, result->name, content.length > 0 ? content.data : "", content.length, result->type);
    text_free(&content);
    if (read == FILE_NOT_REGULAR || read == FILE_FAILED) {
      format(problem, problem_size, "Error while handling results: %s %s: %s: %s", kind(result),
               quoted(result->name, name, sizeof name), quoted(result->path, path, sizeof path),
               read == FILE_FAILED ? strerror(error) : "not a regular file (symbolic links, FIFOs and devices are refused)");
      return false;
    }
    if (read == FILE_TOO_LARGE) too_large = true;
    if (read != FILE_ABSENT && size > largest_size) {
      largest = result;
      largest_size = size;
    }
  }
  if (message->entries.failed) {
    format(problem, problem_size, "Error while handling results: out of memory");
    return false;
  }
  if (!too_large && message_size(message) <= limit) return true;
  // The first sentence is Tekton's, word for word. Which result to make smaller is what one wants to know next.
  static const char sentence[] = "Termination message is above max allowed size %zu, caused by large task result.";
  format(problem, problem_size, sentence, limit);
  size_t used = strlen(problem);
  if (largest != NULL)
    format(problem + used, problem_size - used, " The largest is %s %s with %lld bytes.", kind(largest),
           quoted(largest->name, name, sizeof name), (long long)largest_size);
  return false;
}
