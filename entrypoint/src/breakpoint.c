#include "breakpoint.h"

#include <limits.h>
#include <unistd.h>

#include "files.h"
#include "format.h"
#include "log.h"

// As in Tekton's log, and how it is done where no one can be put into the container: as a process of this machine.
static void explain(const char *kind, const char *script, const char *file, const char *content) {
  say("debug %s breakpoint has taken effect, waiting for user's decision:\n"
      "1) continue, use cmd: /tekton/debug/scripts/debug-%scontinue\n"
      "2) fail-continue, use cmd: /tekton/debug/scripts/debug-%sfail-continue",
      kind, script, script);
  if (getpid() != 1) say("from outside, to continue: echo %s > /proc/%d/root%s", content, (int)getpid(), file);
}

static enum turn wait_for(const struct options *options, const char *file, bool with_content, int signals, int *signal) {
  struct options wanted = *options;
  struct watch watch;
  wanted.wait_file = file;
  wanted.wait_file_content = with_content;
  wanted.breakpoint_on_failure = false;
  enum turn turn = wait_for_turn(&wanted, signals, signal, &watch);
  watch_close(&watch);
  return turn;
}

enum turn wait_at_start(const struct options *options, int signals, int *signal) {
  char file[PATH_MAX];
  format(file, sizeof file, "%s.beforestepexit", options->post_file);
  explain("before step", "beforestep-", file, "0");
  return wait_for(options, file, false, signals, signal);
}

// The code of the file, 0 when there is none in it: who continues means well.
static int code_in(const char *file) {
  struct text content = {0};
  int code = 0;
  bool digits = read_followed(file, 64, &content) && content.length > 0;
  for (size_t i = 0; digits && i < content.length && content.data[i] != '\n'; i++) {
    digits = content.data[i] >= '0' && content.data[i] <= '9' && code < 256;
    code = code * 10 + (content.data[i] - '0');
  }
  text_free(&content);
  return digits && code < 256 ? code : 0;
}

enum turn wait_at_failure(const struct options *options, int signals, int *signal, int *exit_code) {
  char file[PATH_MAX];
  format(file, sizeof file, "%s.breakpointexit", options->post_file);
  explain("onFailure", "", file, "0");
  // With content, because the shell makes the file before it writes the code into it.
  enum turn turn = wait_for(options, file, true, signals, signal);
  *exit_code = code_in(file);
  if (turn == TURN_COME) say("Breakpoint exiting with exit code %d", *exit_code);
  return turn;
}
