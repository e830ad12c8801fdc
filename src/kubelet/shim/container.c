/*
 * One container's life: claim it, build its root, start its process, carry its output to the log, pass signals on,
 * and write down how it ended once nothing of it is alive any more.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOG_MESSAGE_MAX 2048 /* Kubernetes' limit of a termination message that is taken from the log */
#define TIMES_APART_MS 10    /* what is written in between is taken for as old as the first of it */
#define PAUSE_MS 1000        /* after it, lines that a secret may begin with are not held back any longer */

struct life {
  int dir;
  int log;
  int times; /* when which part of the log came; -1 while nothing did */
  long long timed_ms;
  int output; /* what the container writes, to be copied to the log */
  struct masker *masker; /* NULL: nothing is hidden */
  unsigned long long logged;
  long long started_ms;
  pid_t child;
};

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Field 22 of /proc/self/stat. A pid alone can be another's by the time someone looks. */
static unsigned long long start_ticks(void) {
  char text[1024];
  int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = '\0';
  char *at = strrchr(text, ')'); /* the name before it may contain anything */
  if (at == NULL) return 0;
  at++;
  for (int field = 3; field < 22 && *at != '\0'; field++) {
    at++;
    while (*at != ' ' && *at != '\0') at++;
  }
  return strtoull(at, NULL, 10);
}

static void write_all(int file, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return; /* disk full: the output is lost, the step must not hang on it */
    bytes += written;
    length -= (size_t)written;
  }
}

/* Writes `name` so that it is there whole or not at all. `exclusive`: fails with EEXIST when it is already there. */
static int publish(int dir, const char *name, const char *bytes, size_t length, bool exclusive) {
  char draft[64];
  snprintf(draft, sizeof draft, ".%s.%d", name, (int)getpid());
  int file = openat(dir, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return -1;
  write_all(file, bytes, length);
  close(file);
  int result = exclusive ? linkat(dir, draft, dir, name, 0) : renameat(dir, draft, dir, name);
  int wrong = errno;
  if (exclusive || result != 0) unlinkat(dir, draft, 0);
  errno = wrong;
  return result;
}

static void record_exit(const struct life *life, int code, int signal, const char *reason, const char *message, size_t length) {
  char only_head[256];
  char *record = malloc(sizeof only_head + length);
  if (record == NULL) { /* how it ended says more than its last words */
    record = only_head;
    length = 0;
  }
  int head = snprintf(record, sizeof only_head, "%d %d %lld %lld %s\n", code, signal, life->started_ms, now_ms(), reason);
  if (length > 0) memcpy(record + head, message, length);
  publish(life->dir, "exit", record, (size_t)head + length, false);
  if (record != only_head) free(record);
}

/* As containerd: a container whose process could not be started ends with 128 and StartError. */
static int never_started(const struct life *life, const char *error) {
  record_exit(life, 128, 0, "StartError", error, strlen(error));
  return 0;
}

static ssize_t read_message(int dir, char *message, size_t most) {
  int file = openat(dir, "termination", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat info;
  if (file < 0) return 0;
  size_t length = 0;
  if (fstat(file, &info) == 0 && S_ISREG(info.st_mode)) {
    for (ssize_t got = 1; got > 0 && length < most; length += (size_t)(got > 0 ? got : 0))
      got = read(file, message + length, most - length);
  }
  close(file);
  return (ssize_t)length;
}

static size_t put_shown(char *into, size_t room, struct shown shown) {
  size_t length = shown.length < room ? shown.length : room;
  memcpy(into, shown.bytes, length);
  return length;
}

/* In its place. What begins as a list is results, which the entrypoint wrote: they are data, and would be broken. */
static ssize_t mask_message(struct masker *masker, char *message, size_t length) {
  size_t used = 0;
  for (size_t at = 0; at < length;) {
    size_t room;
    char *into = mask_room(masker, &room);
    if (room > length - at) room = length - at;
    memcpy(into, message + at, room);
    at += room;
    used += put_shown(message + used, at - used, mask_written(masker, room));
  }
  return (ssize_t)(used + put_shown(message + used, length - used, mask_ended(masker)));
}

static ssize_t read_log_end(int dir, char *message) {
  int file = openat(dir, "log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return 0;
  off_t size = lseek(file, 0, SEEK_END);
  ssize_t length = pread(file, message, LOG_MESSAGE_MAX, size > LOG_MESSAGE_MAX ? size - LOG_MESSAGE_MAX : 0);
  close(file);
  return length < 0 ? 0 : length;
}

/* Called before the bytes are written: who sees them finds their time. */
static void note_time(struct life *life) {
  long long now = now_ms();
  if (life->times < 0) life->times = openat(life->dir, "times", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
  else if (now >= life->timed_ms && now - life->timed_ms < TIMES_APART_MS) return;
  char line[64];
  int length = snprintf(line, sizeof line, "%llu %lld\n", life->logged, now);
  write_all(life->times, line, (size_t)length);
  life->timed_ms = now;
}

static void log_bytes(struct life *life, const char *bytes, size_t length, unsigned long long most) {
  if (length == 0 || life->logged >= most) return;
  size_t keep = length;
  if (life->logged + keep > most) keep = (size_t)(most - life->logged);
  note_time(life);
  write_all(life->log, bytes, keep);
  life->logged += keep;
  if (life->logged >= most) {
    char note[128];
    int size = snprintf(note, sizeof note, "\n[tektite] the rest is dropped: a log holds at most %llu bytes\n", most);
    write_all(life->log, note, (size_t)size);
  }
}

static void log_shown(struct life *life, struct shown shown, unsigned long long most) {
  log_bytes(life, shown.bytes, shown.length, most);
}

/* Copies what is there now. False when no writer is left. */
static bool copy_output(struct life *life, unsigned long long most) {
  char bytes[65536];
  for (int rounds = 0; rounds < 16; rounds++) {
    size_t room = sizeof bytes;
    char *into = life->masker == NULL ? bytes : mask_room(life->masker, &room);
    ssize_t length = read(life->output, into, room);
    if (length == 0) return false;
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    /* Goes on reading when the log is full, or the step would hang. */
    if (life->masker == NULL) log_bytes(life, bytes, (size_t)length, most);
    else log_shown(life, mask_written(life->masker, (size_t)length), most);
  }
  return true;
}

/* Replaces our own groups: a container that runs as someone else must not keep root's. */
bool set_groups(const char *texts) {
  gid_t groups[64];
  size_t count = 0;
  for (const char *at = texts; at != NULL && *at != '\0' && count < 64;) {
    char *end;
    groups[count++] = (gid_t)strtoul(at, &end, 10);
    at = *end == ',' ? end + 1 : NULL;
  }
  return setgroups(count, groups) == 0;
}

static void become(const struct container *container, int errors, const sigset_t *mask) {
  static const char *const stages[] = {"setting the group", "setting the user", "changing to the working directory"};
  const char *stage = stages[0];
  setpgid(0, 0);
  for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, mask, NULL);
  bool ok = true;
  if (geteuid() == 0 && (container->has_uid || container->has_gid || container->groups != NULL)) {
    if (container->groups != NULL || (container->has_uid && container->uid != 0)) ok = set_groups(container->groups);
    if (ok && container->has_gid) ok = setgid(container->gid) == 0;
    if (ok && container->has_uid) {
      stage = stages[1];
      ok = setuid(container->uid) == 0;
    }
  }
  if (container->no_new_privileges) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  /* After setuid, which clears it. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (ok && container->cwd != NULL) {
    stage = stages[2];
    ok = chdir(container->cwd) == 0;
  }
  char text[ERROR_SIZE];
  if (ok) {
    execvp(container->command[0], container->command);
    snprintf(text, sizeof text, "exec: \"%s\": %s", container->command[0],
             errno == ENOENT ? "executable file not found in $PATH" : strerror(errno));
  } else {
    snprintf(text, sizeof text, "%s: %s", stage, strerror(errno));
  }
  write_all(errors, text, strlen(text));
  _exit(128);
}

/* Reaps until no child is left. Only our own process ends the container; the rest are its orphans. */
static bool reap(struct life *life, int *status) {
  bool ended = false;
  int code;
  for (pid_t pid; (pid = waitpid(-1, &code, WNOHANG)) > 0;) {
    if (pid != life->child) continue;
    *status = code;
    ended = true;
  }
  return ended;
}

void end_descendants(int signals) {
  for (;;) {
    kill_descendants();
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD) return;
    /* Woken by SIGCHLD; the timeout is for a child born between the look and the kill. */
    struct pollfd wake = {.fd = signals, .events = POLLIN};
    struct signalfd_siginfo info;
    if (poll(&wake, 1, 5) > 0 && read(signals, &info, sizeof info) < 0) return;
  }
}

static bool has_output(const struct life *life) {
  struct pollfd wait = {.fd = life->output, .events = POLLIN};
  return poll(&wait, 1, 0) > 0 && (wait.revents & POLLIN) != 0;
}

/* Copies output and passes signals on until the container's process has ended. Its wait status. */
static int attend(const struct container *container, struct life *life, int signals) {
  bool open = true;
  for (;;) {
    struct pollfd waits[2] = {{.fd = signals, .events = POLLIN}, {.fd = open ? life->output : -1, .events = POLLIN}};
    bool holds = open && life->masker != NULL && mask_holds_line(life->masker);
    int ready = poll(waits, 2, holds ? PAUSE_MS : -1);
    if (ready < 0 && errno != EINTR) return SIGKILL;
    if (ready == 0) log_shown(life, mask_paused(life->masker), container->log_max);
    if (open && waits[1].revents != 0) open = copy_output(life, container->log_max);
    if ((waits[0].revents & POLLIN) == 0) continue;
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != (ssize_t)sizeof info) continue;
    if (info.ssi_signo == SIGTERM) kill(-life->child, SIGTERM);
    if (info.ssi_signo == SIGUSR1) kill_descendants();
    int status;
    if (reap(life, &status)) return status;
  }
}

static int start(const struct container *container, struct life *life, const sigset_t *mask, char *error) {
  int output[2], errors[2];
  if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0) {
    snprintf(error, ERROR_SIZE, "making a pipe: %s", strerror(errno));
    return -1;
  }
  /* Root's pipe could not be reopened as /dev/stderr by a step that runs as someone else. */
  if (container->has_uid && fchown(output[1], container->uid, (gid_t)-1) != 0) errno = 0;
  environ = container->env;
  life->child = fork();
  if (life->child == 0) {
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(output[1], 1);
    dup2(output[1], 2);
    become(container, errors[1], mask);
  }
  close(output[1]);
  close(errors[1]);
  if (life->child < 0) {
    snprintf(error, ERROR_SIZE, "starting a process: %s", strerror(errno));
    return -1;
  }
  setpgid(life->child, life->child);
  ssize_t length = read(errors[0], error, ERROR_SIZE - 1);
  close(errors[0]);
  fcntl(output[0], F_SETFL, O_NONBLOCK);
  life->output = output[0];
  if (length > 0) {
    error[length] = '\0';
    waitpid(life->child, NULL, 0);
    return -1;
  }
  return 0;
}

int run_container(const struct container *container) {
  char text[ERROR_SIZE];
  struct life life = {.started_ms = now_ms(), .times = -1};
  sigset_t wanted, mask;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGUSR1);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  sigemptyset(&mask);
  umask(022);

  if (mkdir(container->dir, 0755) != 0 && errno != EEXIST) return 1;
  life.dir = open(container->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (life.dir < 0) return 1;
  int length = snprintf(text, sizeof text, "%d %llu %lld\n", (int)getpid(), start_ticks(), life.started_ms);
  /* The claim. Whoever comes second, after whatever crash, finds it and leaves: a container starts at most once. */
  if (publish(life.dir, "pid", text, (size_t)length, true) != 0) return errno == EEXIST ? 0 : 1;

  life.log = openat(life.dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (life.log < 0) return never_started(&life, "making the log file");
  if (container->mask != NULL && (life.masker = make_masker(container->mask)) == NULL)
    return never_started(&life, "reading what is to be masked in the log");
  if (container->termination != NULL) {
    int file = openat(life.dir, "termination", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0) {
      fchmod(file, 0666); /* whoever the step runs as */
      close(file);
    }
  }
  if (container->isolate && enter_new_root(container, text) != 0) return never_started(&life, text);
  if (!container->isolate && container->cwd != NULL) mkdir(container->cwd, 0755);

  prctl(PR_SET_CHILD_SUBREAPER, 1);
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  if (signals < 0) return never_started(&life, "making a signalfd");
  if (start(container, &life, &mask, text) != 0) return never_started(&life, text);

  int status = attend(container, &life, signals);
  end_descendants(signals);
  copy_output(&life, container->log_max);
  while (life.logged < container->log_max && copy_output(&life, container->log_max)) {
    if (!has_output(&life)) break;
  }
  if (life.masker != NULL) log_shown(&life, mask_ended(life.masker), container->log_max);

  char *message = malloc(container->message_max > LOG_MESSAGE_MAX ? container->message_max : LOG_MESSAGE_MAX);
  ssize_t said = message == NULL || container->termination == NULL ? 0 : read_message(life.dir, message, container->message_max);
  if (said > 0 && life.masker != NULL && message[0] != '[') said = mask_message(life.masker, message, (size_t)said);
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  int code = signal != 0 ? 128 + signal : WEXITSTATUS(status);
  if (said == 0 && code != 0 && message != NULL && container->message_from_log) said = read_log_end(life.dir, message);
  record_exit(&life, code, signal, code == 0 ? "Completed" : "Error", message, (size_t)said);
  return 0;
}
