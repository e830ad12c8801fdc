#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

enum kind {
  SWITCH,
  ABSOLUTE_PATH,
  PATH,
  MILLISECONDS,
  BYTES,
  RESULT_BYTES,
  ON_ERROR,
  TASK_RESULT_FILE,
  STEP_RESULT_FILE,
  WHEN_IN,
  WHEN_NOT_IN,
  WHEN_VALUE,
  CREDENTIAL,       // a directory and a URL
  CREDENTIAL_FILE,  // a directory
};

// The three that a step's author writes are PATH: relative ones are looked up from the working directory, as Tekton
// does. The others are ours and must not depend on a directory that changes on the way.
static const struct flag {
  const char *name;
  enum kind kind;
  size_t field;  // of struct options, or the kind of a credential, or whether a condition is an alternative
} flags[] = {
    {"-wait_file", ABSOLUTE_PATH, offsetof(struct options, wait_file)},
    {"-wait_file_content", SWITCH, offsetof(struct options, wait_file_content)},
    {"-cancel_file", ABSOLUTE_PATH, offsetof(struct options, cancel_file)},
    {"-post_file", ABSOLUTE_PATH, offsetof(struct options, post_file)},
    {"-step_metadata_dir", ABSOLUTE_PATH, offsetof(struct options, step_metadata_dir)},
    {"-steps_dir", ABSOLUTE_PATH, offsetof(struct options, steps_dir)},
    {"-working_dir", PATH, offsetof(struct options, working_dir)},
    {"-stdout_path", PATH, offsetof(struct options, stdout_path)},
    {"-stderr_path", PATH, offsetof(struct options, stderr_path)},
    {"-on_error", ON_ERROR, offsetof(struct options, continue_on_error)},
    {"-timeout_ms", MILLISECONDS, offsetof(struct options, timeout_ms)},
    {"-grace_ms", MILLISECONDS, offsetof(struct options, grace_ms)},
    {"-termination_path", ABSOLUTE_PATH, offsetof(struct options, termination_path)},
    {"-max_termination_bytes", BYTES, offsetof(struct options, max_termination_bytes)},
    {"-max_result_bytes", RESULT_BYTES, offsetof(struct options, max_result_bytes)},
    {"-task_artifacts", ABSOLUTE_PATH, offsetof(struct options, task_artifacts)},
    {"-replace_script", SWITCH, offsetof(struct options, replace_script)},
    {"-task_result", TASK_RESULT_FILE, 0},
    {"-step_result", STEP_RESULT_FILE, 0},
    {"-when_in", WHEN_IN, false},
    {"-when_not_in", WHEN_NOT_IN, false},
    {"-when_or_in", WHEN_IN, true},
    {"-when_or_not_in", WHEN_NOT_IN, true},
    {"-when_value", WHEN_VALUE, 0},
    {"-creds_dir", ABSOLUTE_PATH, offsetof(struct options, creds_dir)},
    {"-basic_git", CREDENTIAL, BASIC_GIT},
    {"-ssh_git", CREDENTIAL, SSH_GIT},
    {"-basic_docker", CREDENTIAL, BASIC_DOCKER},
    {"-docker_config", CREDENTIAL_FILE, DOCKER_CONFIG},
    {"-docker_cfg", CREDENTIAL_FILE, DOCKER_CFG},
    {"-breakpoint_on_failure", SWITCH, offsetof(struct options, breakpoint_on_failure)},
    {"-debug_before_step", SWITCH, offsetof(struct options, debug_before_step)},
    {"-hermetic", SWITCH, offsetof(struct options, hermetic)},
};

static const struct flag *find_flag(const char *name) {
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
    if (strcmp(flags[i].name, name) == 0) return &flags[i];
  return NULL;
}

static size_t values_of(enum kind kind) {
  if (kind == SWITCH) return 0;
  return kind == TASK_RESULT_FILE || kind == STEP_RESULT_FILE || kind == CREDENTIAL ? 2 : 1;
}

static bool wrong(const char *flag, const char *value, const char *rule) {
  char shown[256];
  say("entrypoint: %s %s: %s", flag, quoted(value, shown, sizeof shown), rule);
  return false;
}

// At most 15 digits, which is more than any flag allows and cannot overflow.
static bool parse_number(const char *text, int64_t *value) {
  size_t digits = strspn(text, "0123456789");
  *value = 0;
  for (size_t i = 0; i < digits && digits <= 15; i++) *value = *value * 10 + (text[i] - '0');
  return digits > 0 && digits <= 15 && text[digits] == '\0';
}

static bool parse_result(const char *flag, char **values, struct options *options) {
  const char *name = values[0], *path = values[1];
  // The path carries the name, so a name that could leave its directory must not get as far as an open().
  if (*name == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return wrong(flag, name, "a result name is one part of a path and holds no '/'");
  if (*path != '/') return wrong(flag, path, "must be an absolute path");
  options->results[options->result_count++] = (struct result_file){
      name, path, strcmp(flag, "-task_result") == 0 ? TASK_RESULT : STEP_RESULT};
  return true;
}

// Leaves room for the names that are put behind it, so that nobody else has to look.
enum { MAX_PATH_LENGTH = 3800 };

static bool parse_path(const struct flag *flag, const char *path, const char **field) {
  if (*path == '\0') return wrong(flag->name, path, "must not be empty");
  if (*path != '/' && flag->kind == ABSOLUTE_PATH) return wrong(flag->name, path, "must be an absolute path");
  if (strlen(path) > MAX_PATH_LENGTH) return wrong(flag->name, path, "must not be longer than 3800 bytes");
  *field = path;
  return true;
}

static bool parse_credential(const struct flag *flag, char **values, struct options *options) {
  struct credential *added = &options->credentials[options->credential_count++];
  *added = (struct credential){.kind = (enum credential_kind)flag->field,
                               .url = flag->kind == CREDENTIAL ? values[1] : NULL};
  if (added->url != NULL && *added->url == '\0') return wrong(flag->name, values[1], "names no host");
  struct flag path = {flag->name, ABSOLUTE_PATH, 0};
  return parse_path(&path, values[0], &added->secret_dir);
}

static bool parse_flag(const struct flag *flag, char **values, struct options *options) {
  void *field = (char *)options + flag->field;
  int64_t number;
  switch (flag->kind) {
    case SWITCH: *(bool *)field = true; return true;
    case ABSOLUTE_PATH:
    case PATH: return parse_path(flag, values[0], field);
    case MILLISECONDS:
      // Three hundred years; sums with the clock then cannot overflow.
      if (!parse_number(values[0], &number) || number > INT64_C(10000000000000))
        return wrong(flag->name, values[0], "must be a number of milliseconds, 0 or more");
      *(int64_t *)field = number;
      return true;
    case BYTES:
      // Below 256 our own entries would not fit; above 16 MiB it is a mistake.
      if (!parse_number(values[0], &number) || number < 256 || number > 1 << 24)
        return wrong(flag->name, values[0], "must be a number of bytes from 256 to 16777216");
      *(int64_t *)field = number;
      return true;
    case RESULT_BYTES:
      if (!parse_number(values[0], &number) || number == 0 || number > 1 << 24)
        return wrong(flag->name, values[0], "must be a number of bytes from 1 to 16777216");
      *(int64_t *)field = number;
      return true;
    case ON_ERROR:
      *(bool *)field = strcmp(values[0], "continue") == 0;
      return *(bool *)field || strcmp(values[0], "stopAndFail") == 0 ||
             wrong(flag->name, values[0], "must be either \"continue\" or \"stopAndFail\"");
    case TASK_RESULT_FILE:
    case STEP_RESULT_FILE: return parse_result(flag->name, values, options);
    case WHEN_IN:
    case WHEN_NOT_IN:
      if (flag->field && options->when_count == 0)
        return wrong(flag->name, values[0], "must follow -when_in or -when_not_in");
      options->whens[options->when_count++] =
          (struct when){values[0], flag->kind == WHEN_NOT_IN, flag->field, options->when_value_count, 0};
      return true;
    case WHEN_VALUE:
      if (options->when_count == 0) return wrong(flag->name, values[0], "must follow -when_in or -when_not_in");
      options->when_values[options->when_value_count++] = values[0];
      options->whens[options->when_count - 1].value_count++;
      return true;
    case CREDENTIAL:
    case CREDENTIAL_FILE: return parse_credential(flag, values, options);
  }
  return false;
}

bool parse_options(int argc, char **argv, struct options *options) {
  *options = (struct options){.grace_ms = 1000, .max_termination_bytes = 4096};
  // There cannot be more of any of them than there are arguments. Kept until exit.
  options->results = calloc((size_t)argc + 1, sizeof *options->results);
  options->whens = calloc((size_t)argc + 1, sizeof *options->whens);
  options->when_values = calloc((size_t)argc + 1, sizeof *options->when_values);
  options->credentials = calloc((size_t)argc + 1, sizeof *options->credentials);
  if (options->credentials == NULL || options->results == NULL || options->whens == NULL || options->when_values == NULL) {
    say("entrypoint: out of memory");
    return false;
  }
  bool good = true;
  int at = 1;
  while (at < argc && strcmp(argv[at], "--") != 0) {
    const struct flag *flag = find_flag(argv[at]);
    if (flag == NULL) {
      // Whether a value follows is not known, so what comes after cannot be read.
      return wrong(argv[at], at + 1 < argc ? argv[at + 1] : "", "unknown flag; flags come before \"--\"");
    }
    size_t count = values_of(flag->kind);
    if ((size_t)(argc - at - 1) < count) return wrong(flag->name, "", "value missing");
    // Goes on after a mistake: the post file may come later, and whoever waits for it must be told.
    good = parse_flag(flag, argv + at + 1, options) && good;
    at += 1 + (int)count;
  }
  if (!good) return false;
  if (at + 1 >= argc) {
    say("entrypoint: no command; it comes after \"--\"");
    return false;
  }
  options->command = argv + at + 1;
  return true;
}
