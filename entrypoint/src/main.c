// The program inside every step. README.md is its contract. Read from main(), at the bottom: parse, wait, run, finish.

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "breakpoint.h"
#include "credentials.h"
#include "files.h"
#include "format.h"
#include "log.h"
#include "message.h"
#include "options.h"
#include "results.h"
#include "run.h"
#include "signals.h"
#include "substitute.h"
#include "wait.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CANCELLED = 9, NO_CODE = -1 };

// What the step came to. finish() makes it public.
struct outcome {
  int exit_code;
  bool next_may_run;
  bool had_its_turn;   // so there may be results, also of a failed command
  int command_code;    // for the exitCode file, or NO_CODE
  const char *reason;  // as in terminationReason, or NULL
  const char *detail;  // a sentence for the status, or NULL
};

static char started_at[32];
static char problem[1024];

static void note_start(void) {
  // RFC 3339 with milliseconds; it becomes terminated.startedAt.
  struct timespec now;
  struct tm utc;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  format(started_at, sizeof started_at, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
         utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(now.tv_nsec / 1000000));
}

static struct outcome failure(int exit_code, const char *detail) {
  return (struct outcome){.exit_code = exit_code, .command_code = NO_CODE, .detail = detail};
}

// Puts what went wrong, with errno's reason, into `problem`.
static void note_problem(const char *what, const char *path) {
  char shown[512];
  int error = errno;
  format(problem, sizeof problem, "%s %s: %s", what, quoted(path, shown, sizeof shown), strerror(error));
}

static struct outcome failed_with(const char *what, const char *path) {
  note_problem(what, path);
  say("%s", problem);
  return failure(EXIT_FAILED, problem);
}

// ---- finish -------------------------------------------------------------------------------------------------------

static bool write_exit_code(const struct options *options, int code) {
  char path[PATH_MAX], text[16];
  if (options->step_metadata_dir == NULL || code == NO_CODE) return true;
  format(path, sizeof path, "%s/exitCode", options->step_metadata_dir);
  format(text, sizeof text, "%d", code);
  if (write_whole(path, text)) return true;
  failed_with("writing", path);
  return false;
}

static void remove_exit_code(const struct options *options) {
  char path[PATH_MAX];
  if (options->step_metadata_dir == NULL) return;
  format(path, sizeof path, "%s/exitCode", options->step_metadata_dir);
  unlink(path);
}

// False with the reason in `problem`, not logged yet.
static bool publish(const struct options *options, const struct outcome *outcome, bool with_results) {
  if (options->termination_path == NULL) return true;
  struct message message = {0};
  message_add_internal(&message, "StartedAt", started_at);
  if (outcome->next_may_run && outcome->command_code > 0) {
    char code[16];
    format(code, sizeof code, "%d", outcome->command_code);
    message_add_internal(&message, "ExitCode", code);
  }
  if (outcome->reason != NULL) message_add_internal(&message, "Reason", outcome->reason);
  if (outcome->detail != NULL) {
    size_t without = message.entries.length;
    message_add_internal(&message, "Message", outcome->detail);
    if (!message_fits(&message, (size_t)options->max_termination_bytes)) message.entries.length = without;
  }
  bool good = !with_results || add_results(options, &message, problem, sizeof problem);
  if (good && !message_write(&message, options->termination_path)) {
    note_problem("writing the termination message to", options->termination_path);
    good = false;
  }
  text_free(&message.entries);
  return good;
}

static bool post(const struct options *options, bool success) {
  char path[PATH_MAX];
  if (options->post_file == NULL) return true;
  format(path, sizeof path, "%s%s", options->post_file, success ? "" : ".err");
  if (write_whole(path, "")) return true;
  failed_with("writing", path);
  return false;
}

// The post file comes last: whoever it releases finds the exit code and the message in place, and it can still say that
// one of them went wrong.
static int finish(const struct options *options, struct outcome outcome) {
  if (started_at[0] == '\0') note_start();
  bool good = write_exit_code(options, outcome.next_may_run ? outcome.command_code : NO_CODE);
  if (good && !publish(options, &outcome, outcome.had_its_turn)) {
    say("%s", problem);
    good = false;
  }
  if (!good) {
    // A step that failed anyway keeps the exit code that says why.
    if (outcome.next_may_run) outcome = failure(EXIT_FAILED, problem);
    else if (outcome.detail == NULL) outcome.detail = problem;
    remove_exit_code(options);
    // Without results it is shorter, and may go through. If not, that was said.
    publish(options, &outcome, false);
  }
  if (!post(options, outcome.next_may_run)) {
    if (outcome.next_may_run) post(options, false);
    if (outcome.exit_code == 0) outcome.exit_code = EXIT_FAILED;
  }
  return outcome.exit_code;
}

// ---- run ----------------------------------------------------------------------------------------------------------

// A clean place of its own for what the step leaves behind. An earlier step shares the volume and must not be able to
// put results into this one's mouth, nor have this one write through a link.
static bool make_metadata_directory(const char *path, struct outcome *outcome) {
  char part[PATH_MAX];
  struct stat status;
  if (path == NULL) return true;
  if (!make_directory(path, 0777) || lstat(path, &status) != 0) {
    *outcome = failed_with("making directory", path);
    return false;
  }
  if (!S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    *outcome = failed_with("making directory", path);
    return false;
  }
  format(part, sizeof part, "%s/exitCode", path);
  bool good = unlink(part) == 0 || errno == ENOENT;
  static const char *const folders[] = {"results", "artifacts"};
  for (size_t i = 0; good && i < sizeof folders / sizeof folders[0]; i++) {
    format(part, sizeof part, "%s/%s", path, folders[i]);
    good = make_empty_directory(part);
  }
  if (!good) *outcome = failed_with("clearing", part);
  return good;
}

static struct outcome outcome_of(const struct options *options, const struct ending *ending) {
  struct outcome outcome = {.had_its_turn = true, .command_code = NO_CODE};
  switch (ending->how) {
    case TIMED_OUT:
      say("Step was stopped: it exceeded its timeout of %lld ms", (long long)options->timeout_ms);
      outcome.exit_code = EXIT_FAILED;
      outcome.reason = "TimeoutExceeded";
      return outcome;
    case CANCELLED:
      say("Step was cancelled");
      outcome.exit_code = EXIT_CANCELLED;
      outcome.reason = "Cancelled";
      return outcome;
    case NOT_STARTED:
      outcome.exit_code = ending->code;
      outcome.detail = ending->problem;
      return outcome;
    case EXITED: break;
  }
  outcome.exit_code = ending->code;
  if (ending->code != 0 && !options->continue_on_error) return outcome;
  if (ending->copy_failed) {
    // The command is content, but a file that was asked for is not whole.
    outcome.exit_code = EXIT_FAILED;
    outcome.detail = "the copy of the step's output could not be written";
    return outcome;
  }
  outcome.exit_code = 0;
  outcome.next_may_run = true;
  outcome.command_code = ending->code;
  if (ending->code != 0) outcome.reason = "Continued";
  return outcome;
}

static struct outcome cancelled(void) {
  say("Step was cancelled");
  return (struct outcome){.exit_code = EXIT_CANCELLED, .command_code = NO_CODE, .reason = "Cancelled"};
}

static struct outcome stopped_by(int signal, const char *when) {
  say("Step was stopped by signal %d %s", signal, when);
  return failure(128 + signal, NULL);
}

// Holds a step whose command has failed, also one that may fail, until the user has looked at it.
static struct outcome at_failure(const struct options *options, int signals) {
  int signal = 0, code = 0;
  switch (wait_at_failure(options, signals, &signal, &code)) {
    case TURN_COME: break;
    case TURN_CANCELLED: return cancelled();
    case TURN_STOPPED: return stopped_by(signal, "at its breakpoint");
    case TURN_SKIPPED:
    case TURN_BROKEN: return failure(EXIT_FAILED, NULL);
  }
  return (struct outcome){.exit_code = code, .next_may_run = code == 0, .had_its_turn = true, .command_code = NO_CODE};
}

static bool command_failed(const struct ending *ending) {
  return ending->how == NOT_STARTED || (ending->how == EXITED && ending->code != 0);
}

static int run_step(struct options *options, int signals, uint64_t signal_mask, struct watch *watch) {
  struct outcome outcome;
  if (options->debug_before_step && options->post_file != NULL) {
    int signal = 0;
    watch_close(watch);
    switch (wait_at_start(options, signals, &signal)) {
      case TURN_COME: break;
      case TURN_SKIPPED:
        say("Skipping execute step script because before step breakpoint fail-continue");
        return finish(options, failure(EXIT_FAILED, NULL));
      case TURN_CANCELLED: return finish(options, cancelled());
      case TURN_STOPPED: return finish(options, stopped_by(signal, "at its breakpoint"));
      case TURN_BROKEN: return finish(options, failure(EXIT_FAILED, NULL));
    }
  }
  if (!make_metadata_directory(options->step_metadata_dir, &outcome)) return finish(options, outcome);
  if (!substitute(options)) {
    say("entrypoint: out of memory");
    return finish(options, failure(EXIT_FAILED, "out of memory"));
  }
  note_start();
  if (!when_allows(options)) {
    say("Step was skipped due to when expressions were evaluated to false.");
    return finish(options, (struct outcome){.next_may_run = true, .command_code = 0, .reason = "Skipped"});
  }
  struct ending ending = run(options, signals, signal_mask, watch);
  if (options->breakpoint_on_failure && options->post_file != NULL && command_failed(&ending))
    return finish(options, at_failure(options, signals));
  return finish(options, outcome_of(options, &ending));
}

// ---- two other uses, see README.md: they are what our image does ----------------------------------------------------

enum { MAX_PROGRAM_BYTES = 1 << 24 };

static int copy_self(const char *target) {
  struct text program = {0};
  if (!read_followed("/proc/self/exe", MAX_PROGRAM_BYTES, &program)) failed_with("reading", "/proc/self/exe");
  else if (program.failed) say("entrypoint: out of memory");
  else if (!write_program(target, &program)) failed_with("writing", target);
  else return 0;
  return EXIT_FAILED;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "-copy_to") == 0) return copy_self(argv[2]);
  if (argc > 1 && strcmp(argv[1], "-nop") == 0) return 0;
  static struct options options;
  // First of all, so that no signal finds us unprepared. One that comes before the command exists is kept for it.
  uint64_t signal_mask = 0;
  int signals = signals_block(&signal_mask);
  if (!parse_options(argc, argv, &options)) return finish(&options, failure(EXIT_USAGE, "entrypoint: wrong arguments"));
  if (signals < 0) return finish(&options, failed_with("blocking signals in", argv[0]));

  // Before its turn: a step that changes what all steps find in $HOME must not have its change undone by a later one.
  if (!put_credentials(&options, problem, sizeof problem)) {
    say("%s", problem);
    return finish(&options, failure(EXIT_FAILED, problem));
  }

  int signal = 0;
  struct watch watch;
  switch (wait_for_turn(&options, signals, &signal, &watch)) {
    case TURN_COME: return run_step(&options, signals, signal_mask, &watch);
    case TURN_SKIPPED:
      say("Skipping step because a previous step failed");
      return finish(&options, (struct outcome){.exit_code = EXIT_FAILED, .command_code = NO_CODE, .reason = "Skipped"});
    case TURN_CANCELLED: return finish(&options, cancelled());
    case TURN_STOPPED: return finish(&options, stopped_by(signal, "before it began"));
    case TURN_BROKEN: break;
  }
  return finish(&options, failure(EXIT_FAILED, NULL));
}
