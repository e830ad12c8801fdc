#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "format.h"
#include "log.h"
#include "signals.h"

// Returns false while it is still to be waited.
static bool look(const struct options *options, const char *error_file, enum turn *turn) {
  const char *file = options->wait_file;
  // Before the others, so that a step says "cancelled" also when the cancellation of the step before it was quicker.
  if (options->cancel_file != NULL && look_at(options->cancel_file) == FILLED) {
    *turn = TURN_CANCELLED;
    return true;
  }
  enum presence presence = file == NULL ? FILLED : look_at(file);
  if (presence == MISPLACED) {
    char shown[256];
    say("waiting for %s: %s", quoted(file, shown, sizeof shown), strerror(errno));
    *turn = TURN_BROKEN;
    return true;
  }
  if (presence == FILLED || (presence == EMPTY && !options->wait_file_content)) {
    *turn = TURN_COME;
    return true;
  }
  // Who stops at failures to look into them wants the steps behind them to run.
  *turn = options->breakpoint_on_failure ? TURN_COME : TURN_SKIPPED;
  presence = look_at(error_file);
  return presence == EMPTY || presence == FILLED;
}

enum turn wait_for_turn(const struct options *options, int signals, int *signal, struct watch *watch) {
  char error_file[PATH_MAX];
  format(error_file, sizeof error_file, "%s.err", options->wait_file == NULL ? "" : options->wait_file);
  *watch = (struct watch){.inotify = -1};
  enum turn turn;
  // The common case of a step whose turn has come already needs no watch.
  if (look(options, error_file, &turn)) return turn;

  watch_open(watch);
  for (;;) {
    watch_path(watch, options->wait_file);
    if (options->cancel_file != NULL) watch_path(watch, options->cancel_file);
    if (look(options, error_file, &turn)) break;

    struct pollfd sources[] = {{.fd = signals, .events = POLLIN}, {.fd = watch->inotify, .events = POLLIN}};
    poll(sources, 2, watch->interval_ms);
    watch_drain(watch);
    // No command yet to forward to. Without this a Pod that is deleted while it waits would last until SIGKILL.
    while ((*signal = signals_next(signals)) != 0 && !signal_is_stop(*signal)) continue;
    if (*signal != 0) {
      turn = TURN_STOPPED;
      break;
    }
  }
  watch_end(watch);
  return turn;
}
