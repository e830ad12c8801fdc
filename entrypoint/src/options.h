#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The numbers of Tekton's pkg/result.
enum entry_type { TASK_RESULT = 1, INTERNAL = 3, STEP_RESULT = 4, STEP_ARTIFACTS = 5, TASK_ARTIFACTS = 6 };

struct result_file {
  const char *name;
  const char *path;
  enum entry_type type;
};

// Holds when `input` is one of the values, or none of them when `negated`.
struct when {
  const char *input;
  bool negated;
  bool alternative;    // it is enough that this one holds instead of the one before it
  size_t first_value;  // index into options.when_values
  size_t value_count;
};

enum credential_kind { BASIC_GIT, SSH_GIT, BASIC_DOCKER, DOCKER_CONFIG, DOCKER_CFG };

struct credential {
  enum credential_kind kind;
  const char *secret_dir;  // where the secret is mounted; its last part is the secret's name
  const char *url;         // whom it is for; NULL for the files that say so themselves
};

// The flags, one field each; README.md says what each does. Strings point into argv.
struct options {
  const char *wait_file;
  bool wait_file_content;
  const char *cancel_file;
  const char *post_file;
  const char *step_metadata_dir;
  const char *steps_dir;
  const char *working_dir;
  const char *stdout_path;
  const char *stderr_path;
  bool continue_on_error;
  int64_t timeout_ms;  // 0: none
  int64_t grace_ms;
  const char *termination_path;
  int64_t max_termination_bytes;
  int64_t max_result_bytes;  // 0: none but that of the message
  const char *task_artifacts;
  bool replace_script;
  struct result_file *results;
  size_t result_count;
  struct when *whens;
  size_t when_count;
  const char **when_values;
  size_t when_value_count;
  const char *creds_dir;
  struct credential *credentials;
  size_t credential_count;
  bool breakpoint_on_failure;
  bool debug_before_step;
  bool hermetic;
  char **command;
};

// False after the mistake was logged. `options` then holds what was read so far, so that a post file can be written.
bool parse_options(int argc, char **argv, struct options *options);

#endif
