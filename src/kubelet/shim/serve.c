/*
 * The server: takes requests from the engine on stdin and forks a process for each. A fork of this small program costs
 * a fraction of what a spawn costs the engine's only thread. It holds no state that matters: containers live on when it
 * or the engine dies, and their folders tell what became of them.
 *
 * Request: length (u32, of all that follows), id (u32), then texts, each ended by a NUL byte:
 *   start   <number of flags> <flags and command…> <environment NAME=value…>
 *   signal  <id of a start request> <signal number>
 *   remove  <path>
 *   overlay <folder> <folder for what is written> <folder that the kernel needs beside it>
 * Answer: length (u32), id (u32), bytes: of `start` the file `exit` once the container has ended (empty: look at its
 * folder, for nothing is known or it is long), of `remove` and `overlay` nothing or what went wrong. `signal` has none.
 * Numbers in the machine's byte order. Containers that are started after an `overlay` see it.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX 8192
#define FIRST_KEPT_FILE 16 /* files below are closed in a new process */

struct job {
  pid_t pid;
  uint32_t id;
  char *exit_file; /* NULL: a removal */
  bool answered;
};

/*
 * A shim says its id here when it has written `exit`. Its death comes later, by the milliseconds that the kernel takes to
 * undo its mounts.
 */
static int ended_in, ended_out;

static struct job *jobs;
static size_t job_count, job_room;

static void write_fully(int file, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(0); /* the engine is gone */
    bytes += written;
    length -= (size_t)written;
  }
}

static void answer(uint32_t id, const char *bytes, size_t length) {
  char frame[8 + ANSWER_MAX];
  if (length > ANSWER_MAX) length = ANSWER_MAX;
  uint32_t size = (uint32_t)length + 4;
  memcpy(frame, &size, 4);
  memcpy(frame + 4, &id, 4);
  memcpy(frame + 8, bytes, length);
  write_fully(1, frame, 8 + length);
}

static void finish(const struct job *job, int status) {
  char bytes[ANSWER_MAX];
  ssize_t length = 0;
  if (job->exit_file == NULL) {
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    if (code != 0) length = snprintf(bytes, sizeof bytes, "%s", strerror(code));
  } else {
    int file = open(job->exit_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file >= 0) {
      length = read(file, bytes, sizeof bytes);
      close(file);
      if (length == sizeof bytes) length = 0; /* too long to be told: the engine reads it in the folder */
    }
  }
  answer(job->id, bytes, length < 0 ? 0 : (size_t)length);
}

static void answer_ended(void) {
  uint32_t ids[256];
  ssize_t length = read(ended_in, ids, sizeof ids); /* whole ids: a write this small is never split */
  for (size_t at = 0; length > 0 && at < (size_t)length / sizeof *ids; at++)
    for (size_t i = 0; i < job_count; i++)
      if (jobs[i].id == ids[at] && !jobs[i].answered) {
        finish(&jobs[i], 0);
        jobs[i].answered = true;
      }
}

static void reap_jobs(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (size_t i = 0; i < job_count; i++) {
      if (jobs[i].pid != pid) continue;
      if (!jobs[i].answered) finish(&jobs[i], status);
      free(jobs[i].exit_file);
      jobs[i] = jobs[--job_count];
      break;
    }
  }
}

/* The new process keeps nothing of the server: an open end of its pipes would hide the engine's death from it. */
static void leave_server(void) {
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, 0);
  dup2(nothing, 1);
  dup2(nothing, 2);
  for (int file = 3; file < FIRST_KEPT_FILE; file++) close(file);
  setsid();
}

static _Noreturn void start_container(uint32_t id, char **texts, size_t count) {
  leave_server();
  prctl(PR_SET_NAME, "tektite-shim");
  size_t flags = count > 1 ? strtoul(texts[1], NULL, 10) : 0;
  if (flags + 2 > count) _exit(2);
  /* A place for the NULL between flags and environment. */
  char **arguments = calloc(flags + 1, sizeof *arguments);
  if (arguments == NULL) _exit(2);
  memcpy(arguments, texts + 2, flags * sizeof *arguments);
  struct container container = {.env = texts + 2 + flags};
  char error[ERROR_SIZE];
  if (parse_container(arguments, &container, error) != 0) _exit(2);
  int code = run_container(&container);
  if (write(ended_out, &id, sizeof id) < 0) _exit(code); /* no server left to hear it */
  _exit(code);
}

static void add_job(pid_t pid, uint32_t id, char **texts, size_t count, bool is_start) {
  if (job_count == job_room) {
    job_room = job_room == 0 ? 64 : job_room * 2;
    jobs = realloc(jobs, job_room * sizeof *jobs);
    if (jobs == NULL) _exit(1); /* the engine starts another server */
  }
  char *exit_file = NULL;
  for (size_t i = 2; is_start && i + 1 < count; i++)
    if (strcmp(texts[i], "--dir") == 0) {
      if (asprintf(&exit_file, "%s/exit", texts[i + 1]) < 0) _exit(1);
      break;
    }
  jobs[job_count++] = (struct job){.pid = pid, .id = id, .exit_file = exit_file};
}

static void handle(uint32_t id, char *payload, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += payload[i] == '\0';
  char **texts = calloc(count + 1, sizeof *texts);
  if (texts == NULL || count == 0 || payload[length - 1] != '\0') _exit(1);
  char *at = payload;
  for (size_t i = 0; i < count; i++, at += strlen(at) + 1) texts[i] = at;

  bool is_start = strcmp(texts[0], "start") == 0, is_remove = strcmp(texts[0], "remove") == 0;
  if (strcmp(texts[0], "signal") == 0 && count == 3) {
    uint32_t of = (uint32_t)strtoul(texts[1], NULL, 10);
    for (size_t i = 0; i < job_count; i++)
      if (jobs[i].id == of) kill(jobs[i].pid, atoi(texts[2])); /* ours and not reaped: it cannot be another's pid */
  } else if (strcmp(texts[0], "overlay") == 0 && count == 4) {
    char error[ERROR_SIZE] = "";
    lay_over(texts[1], texts[2], texts[3], error);
    answer(id, error, strlen(error));
  } else if (is_start || (is_remove && count == 2)) {
    pid_t pid = fork();
    if (pid == 0) {
      if (is_start) start_container(id, texts, count);
      leave_server();
      _exit(remove_tree(texts[1]) == 0 ? 0 : errno);
    }
    if (pid < 0) answer(id, "", 0);
    else add_job(pid, id, texts, count, is_start);
  }
  free(texts);
}

/* Whole requests that have come in so far are handled; the rest waits in `buffer`. False at the end of the input. */
static bool take_requests(char **buffer, size_t *used, size_t *room) {
  if (*room - *used < 65536) {
    *room = *room * 2 + 65536;
    *buffer = realloc(*buffer, *room);
    if (*buffer == NULL) return false;
  }
  ssize_t length = read(0, *buffer + *used, *room - *used);
  if (length < 0) return errno == EINTR || errno == EAGAIN;
  if (length == 0) return false;
  *used += (size_t)length;
  size_t at = 0;
  while (*used - at >= 8) {
    uint32_t size, id;
    memcpy(&size, *buffer + at, 4);
    memcpy(&id, *buffer + at + 4, 4);
    if (size < 5) return false;
    if (*used - at - 4 < size) break;
    handle(id, *buffer + at + 8, size - 4);
    at += 4 + (size_t)size;
  }
  memmove(*buffer, *buffer + at, *used - at);
  *used -= at;
  return true;
}

int serve(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM); /* blocked here so that a shim inherits it blocked: no signal comes too early for it */
  sigaddset(&wanted, SIGUSR1);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  signal(SIGPIPE, SIG_IGN);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) return 1;
  int ended[2];
  if (pipe2(ended, O_CLOEXEC | O_NONBLOCK) != 0) return 1;
  ended_in = ended[0];
  ended_out = fcntl(ended[1], F_DUPFD_CLOEXEC, FIRST_KEPT_FILE);
  close(ended[1]);
  if (ended_out < 0) return 1;
  char *buffer = NULL;
  size_t used = 0, room = 0;
  for (;;) {
    struct pollfd waits[3] = {
        {.fd = 0, .events = POLLIN}, {.fd = signals, .events = POLLIN}, {.fd = ended_in, .events = POLLIN}};
    if (poll(waits, 3, -1) < 0 && errno != EINTR) return 1;
    if (waits[2].revents != 0) answer_ended();
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) > 0) reap_jobs();
    if (waits[0].revents != 0 && !take_requests(&buffer, &used, &room)) return 0;
  }
}
