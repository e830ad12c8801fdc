#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "format.h"
#include "log.h"
#include "processes.h"
#include "signals.h"
#include "tee.h"
#include "watch.h"

// States of a run, in order; each is left only for one further down.
//
//   running    the command lives. Left when it ends, when its time is up, or when it is cancelled
//   stopping   SIGTERM has gone to the group. Ends the grace period early when nothing is left
//   killing    SIGKILL goes to every descendant, again and again, since orphans turn up one generation at a time
//   gone       no descendant is left, or they have not died for GIVE_UP_MS (uninterruptible sleep, another user's)
//
// A command that ends by itself leaves LEFTOVER_MS to what it started, then killing begins: as in a container, where
// everything dies with PID 1, except that the `tee` behind `exec > >(tee log)` may write its last lines. When the command
// was told to stop by a forwarded signal, the rest of its group gets the grace period.
struct run {
  const struct options *options;
  int signals;
  struct watch *watch;  // left over from the wait
  struct tee outputs[2];
  pid_t pid;
  bool ended;
  int status;
  enum how how;
  bool stop_forwarded;
  int64_t look_at;
  int64_t time_out_at;
  int64_t kill_at;
  int64_t give_up_at;
};

static const int64_t NEVER = INT64_MAX;
// Cancellation is looked for, not watched: the kubelet may take a minute to bring the annotation here anyway, inotify
// instances are few, and a watch in use makes the exit wait.
enum { LOOK_MS = 100, LEFTOVER_MS = 200, GIVE_UP_MS = 1000, KILL_AGAIN_MS = 5 };

// Milliseconds that do not jump when the wall clock is set.
static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static void stop(struct run *run, enum how how, int64_t now) {
  run->how = how;
  run->kill_at = now + run->options->grace_ms;
  kill(-run->pid, SIGTERM);
  // A stopped process would keep SIGTERM for later.
  kill(-run->pid, SIGCONT);
}

static bool is_cancelled(struct run *run, int64_t now) {
  if (now < run->look_at) return false;
  watch_close(run->watch);
  run->look_at = run->options->cancel_file == NULL ? NEVER : now + LOOK_MS;
  return run->options->cancel_file != NULL && look_at(run->options->cancel_file) == FILLED;
}

static void forward_signals(struct run *run) {
  int signal;
  while ((signal = signals_next(run->signals)) != 0) {
    // Once the command was reaped, its number may belong to another group.
    if (run->ended) continue;
    kill(-run->pid, signal);
    if (signal_is_stop(signal)) run->stop_forwarded = true;
  }
}

static int poll_timeout(int64_t until, int64_t now) {
  return until == NEVER ? -1 : until <= now ? 0 : until - now > INT_MAX ? INT_MAX : (int)(until - now);
}

static void wait_for_something(struct run *run, int64_t until, int64_t now) {
  struct pollfd sources[] = {
      {.fd = run->signals, .events = POLLIN},
      tee_wants(&run->outputs[0]),
      tee_wants(&run->outputs[1]),
  };
  if (poll(sources, sizeof sources / sizeof sources[0], poll_timeout(until, now)) < 0) return;
  tee_step(&run->outputs[0], sources[1].revents);
  tee_step(&run->outputs[1], sources[2].revents);
}

static void follow(struct run *run) {
  for (;;) {
    // Signals before children: a SIGCHLD that is taken here is for a child that reap() will find. The other way round
    // one could die in between, and nothing would wake us.
    forward_signals(run);
    if (!reap(run->pid, &run->ended, &run->status)) return;
    int64_t now = now_ms();

    if (!run->ended && run->how == EXITED) {
      if (is_cancelled(run, now)) stop(run, CANCELLED, now);
      else if (now >= run->time_out_at) stop(run, TIMED_OUT, now);
    }
    if (run->ended && run->kill_at == NEVER) {
      int64_t patience = run->stop_forwarded ? run->options->grace_ms : LEFTOVER_MS;
      run->kill_at = now + patience;
    }
    if (now >= run->kill_at) {
      if (run->give_up_at == NEVER) run->give_up_at = now + GIVE_UP_MS;
      if (now >= run->give_up_at) {
        say("entrypoint: processes of this step did not die on SIGKILL; going on without them");
        return;
      }
      kill_descendants(run->ended ? 0 : run->pid);
    }
    int64_t until = now >= run->kill_at ? now + KILL_AGAIN_MS : run->kill_at;
    if (!run->ended && run->how == EXITED) {
      until = sooner(until, sooner(run->time_out_at, run->look_at));
    }
    wait_for_something(run, until, now);
  }
}

// Everyone who could write is gone, so what is in the pipes now is all there will be. Not read to the end of file:
// somebody outside may have been handed the other end, and keep it.
static void drain(struct run *run) {
  // A log that nobody reads would be waited for as long as the command would have waited; not by one told to stop.
  int64_t give_up_at = run->how == EXITED && !run->stop_forwarded ? NEVER : now_ms() + GIVE_UP_MS;
  int left[2] = {0, 0};
  for (int i = 0; i < 2; i++)
    if (run->outputs[i].from < 0 || ioctl(run->outputs[i].from, FIONREAD, &left[i]) != 0) left[i] = 0;
  for (;;) {
    struct pollfd sources[3] = {{.fd = -1}, {.fd = -1}, {.fd = run->signals, .events = POLLIN}};
    for (int i = 0; i < 2; i++) {
      struct tee *tee = &run->outputs[i];
      if (!tee_is_holding(tee) && left[i] > 0) {
        int got = (int)tee_step(tee, POLLIN);
        left[i] = got > 0 ? left[i] - got : 0;
      }
      if (tee_is_holding(tee)) sources[i] = tee_wants(tee);
    }
    if (sources[0].fd < 0 && sources[1].fd < 0) return;
    int64_t now = now_ms();
    if (now >= give_up_at) return;
    if (poll(sources, 3, poll_timeout(give_up_at, now)) < 0) continue;
    for (int i = 0; i < 2; i++)
      if (sources[i].revents != 0) tee_step(&run->outputs[i], sources[i].revents);
    int signal;
    while ((signal = signals_next(run->signals)) != 0)
      if (signal_is_stop(signal)) return;
  }
}

// The interpreter of a script that is there but could not be started: the usual reason for "no such file" about a file
// that one can see. False when the file is no script.
static bool read_interpreter(const char *path, char *interpreter, size_t size) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return false;
  char line[256];
  ssize_t length = read(file, line, sizeof line - 1);
  close(file);
  if (length < 3 || line[0] != '#' || line[1] != '!') return false;
  line[length] = '\0';
  char *start = line + 2 + strspn(line + 2, " \t");
  start[strcspn(start, " \t\n")] = '\0';
  format(interpreter, size, "%s", start);
  return true;
}

static struct ending not_started(const char *command, int error) {
  struct ending ending = {.how = NOT_STARTED, .code = error == ENOENT ? 127 : 126};
  char name[256], interpreter[256], shown[256];
  const char *reason = strerror(error);
  if (error == ENOENT && strchr(command, '/') == NULL) reason = "not found in PATH";
  struct stat status;
  if (error == EACCES && stat(command, &status) == 0 && S_ISDIR(status.st_mode)) reason = strerror(EISDIR);
  if (error == ENOENT && strchr(command, '/') != NULL && access(command, F_OK) == 0)
    reason = "the file is there, but its program loader is not";
  if (error == ENOEXEC) reason = "exec format error: built for another machine, or a script without \"#!\"";
  quoted(command, name, sizeof name);
  if (error == ENOENT && strchr(command, '/') != NULL && read_interpreter(command, interpreter, sizeof interpreter))
    format(ending.problem, sizeof ending.problem, "Error executing command: %s: its interpreter %s is not in this image",
             name, quoted(interpreter, shown, sizeof shown));
  else
    format(ending.problem, sizeof ending.problem, "Error executing command: %s: %s", name, reason);
  say("%s", ending.problem);
  return ending;
}

static bool enter_working_directory(const char *path, struct ending *ending) {
  char shown[256];
  if (path == NULL) return true;
  if (make_directory(path, 0755) && chdir(path) == 0) return true;
  format(ending->problem, sizeof ending->problem, "Error executing command: working directory %s: %s",
           quoted(path, shown, sizeof shown), strerror(errno));
  say("%s", ending->problem);
  return false;
}

struct ending run(const struct options *options, int signals, uint64_t signal_mask, struct watch *watch) {
  struct run run = {.options = options, .signals = signals, .watch = watch, .how = EXITED,
                    .kill_at = NEVER, .give_up_at = NEVER};
  struct ending failed = {.how = NOT_STARTED, .code = 1};
  struct outputs ends = {-1, -1};
  run.outputs[0].from = run.outputs[0].file = run.outputs[1].from = run.outputs[1].file = -1;

  if (!enter_working_directory(options->working_dir, &failed)) return failed;
  if (!tee_open(&run.outputs[0], options->stdout_path, STDOUT_FILENO, &ends.out) ||
      !tee_open(&run.outputs[1], options->stderr_path, STDERR_FILENO, &ends.err)) {
    format(failed.problem, sizeof failed.problem, "Error executing command: no copy of the output could be opened");
    return failed;
  }
  adopt_orphans();

  run.pid = start_command(options->command, options->hermetic, signal_mask, ends);
  int error = errno;
  if (ends.out >= 0) close(ends.out);
  if (ends.err >= 0) close(ends.err);
  if (run.pid < 0) return not_started(options->command[0], error);

  // From here on nothing may keep us from returning, for the next step waits for the post file.
  int64_t now = now_ms();
  run.time_out_at = options->timeout_ms > 0 ? now + options->timeout_ms : NEVER;
  run.look_at = options->cancel_file != NULL || watch->inotify >= 0 ? now + LOOK_MS : NEVER;
  follow(&run);
  drain(&run);
  tee_close(&run.outputs[0]);
  tee_close(&run.outputs[1]);

  int code = !run.ended ? 128 + SIGKILL : WIFSIGNALED(run.status) ? 128 + WTERMSIG(run.status) : WEXITSTATUS(run.status);
  return (struct ending){.how = run.how, .code = code,
                         .copy_failed = run.outputs[0].copy_failed || run.outputs[1].copy_failed};
}
