#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "watch.h"

enum how { EXITED, NOT_STARTED, TIMED_OUT, CANCELLED };

struct ending {
  enum how how;
  int code;            // EXITED: of the command, 128+n when a signal killed it. NOT_STARTED: 127, 126 or 1
  bool copy_failed;    // EXITED: a -stdout_path or -stderr_path file is not whole
  char problem[1024];  // NOT_STARTED: what was logged
};

// Runs the command to its end and leaves none of its descendants behind. Closes what the wait left of `watch`.
struct ending run(const struct options *options, int signals, uint64_t signal_mask, struct watch *watch);

#endif
