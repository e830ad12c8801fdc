/* A command in the surroundings of a container that runs: for probes, and with --session for `kubectl exec`. */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_OF_INPUT 4 /* what Ctrl-D sends */

struct beside {
  pid_t pid;
  pid_t like; /* a process of the container: its working directory is ours, too */
  const char *groups;
  bool has_uid, has_gid;
  uid_t uid;
  gid_t gid;
  bool no_new_privileges;
  bool session, tty, input;
  char **command;
};

/* 0, or -1 after saying why. */
static int join_spaces(pid_t pid) {
  /* A user namespace first: it gives the right to enter the other. Entering one's own is refused, and fine. */
  const struct { const char *name; int type; } spaces[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}};
  for (size_t i = 0; i < 2; i++) {
    struct stat mine, theirs;
    char path[64], own[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, spaces[i].name);
    snprintf(own, sizeof own, "/proc/self/ns/%s", spaces[i].name);
    if (stat(path, &theirs) != 0 || stat(own, &mine) != 0) {
      perror(path);
      return -1;
    }
    if (mine.st_ino == theirs.st_ino) continue;
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, spaces[i].type) != 0) {
      perror(path);
      return -1;
    }
    close(space);
  }
  return 0;
}

/* Does not return on success. The exit code of a command that could not be started. */
static int run(const struct beside *beside) {
  int folder = -1;
  if (beside->like > 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cwd", (int)beside->like);
    /* Taken before the namespace is entered, where there may be another /proc. */
    folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  if (join_spaces(beside->pid) != 0) return 127;
  if ((folder < 0 || fchdir(folder) != 0) && chdir("/") != 0) {
    perror("/");
    return 127;
  }
  if (beside->has_gid && (!set_groups(beside->groups) || setgid(beside->gid) != 0)) {
    perror("setting the group");
    return 126;
  }
  if (beside->has_uid && setuid(beside->uid) != 0) {
    perror("setting the user");
    return 126;
  }
  if (beside->no_new_privileges) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  execvp(beside->command[0], beside->command);
  perror(beside->command[0]);
  return errno == ENOENT ? 127 : 126;
}

/* The master's end; the other one's in `slave`. */
static int open_terminal(int *slave) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  const char *name = master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ? NULL : ptsname(master);
  *slave = name == NULL ? -1 : open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return *slave < 0 ? -1 : master;
}

/* Lines of `COLUMNS ROWS`, whole ones: they are shorter than what a pipe takes at once. */
static bool resize(int sizes, int master) {
  char text[256];
  ssize_t length = read(sizes, text, sizeof text - 1);
  if (length <= 0) return false;
  text[length] = '\0';
  char *last = text;
  for (char *at = text; (at = strchr(at, '\n')) != NULL && at[1] != '\0';) last = ++at;
  char *end;
  struct winsize size = {.ws_col = (unsigned short)strtoul(last, &end, 10)};
  size.ws_row = (unsigned short)strtoul(end, NULL, 10);
  if (size.ws_col > 0 && size.ws_row > 0) ioctl(master, TIOCSWINSZ, &size);
  return true;
}

struct relay {
  int master; /* -1: no terminal */
  int input;  /* -1: none, or at its end */
  int sizes;
  char pending[4096]; /* typed, and not yet taken */
  size_t pending_length;
};

/* False when the terminal has nobody left on its other side. */
static bool copy_terminal(const struct relay *relay) {
  char bytes[16384];
  ssize_t length = read(relay->master, bytes, sizeof bytes);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (length <= 0) return false;
  for (ssize_t done = 0; done < length;) {
    ssize_t written = write(1, bytes + done, (size_t)(length - done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break; /* nobody reads any more: we are about to be told to end */
    done += written;
  }
  return true;
}

static void copy_input(struct relay *relay) {
  if (relay->pending_length == 0) {
    ssize_t length = read(relay->input, relay->pending, sizeof relay->pending);
    if (length <= 0) {
      relay->pending[0] = END_OF_INPUT;
      length = 1;
      relay->input = -1;
    }
    relay->pending_length = (size_t)length;
  }
  ssize_t written = write(relay->master, relay->pending, relay->pending_length);
  if (written <= 0) return;
  relay->pending_length -= (size_t)written;
  memmove(relay->pending, relay->pending + written, relay->pending_length);
}

/* Until the command has ended: its wait status. SIGTERM, which also comes when the engine dies, ends all of it. */
static int attend(struct relay *relay, pid_t child, int signals) {
  for (;;) {
    bool typed = relay->pending_length > 0;
    struct pollfd waits[4] = {
        {.fd = signals, .events = POLLIN},
        {.fd = relay->master, .events = (short)(POLLIN | (typed ? POLLOUT : 0))},
        {.fd = relay->master < 0 || typed ? -1 : relay->input, .events = POLLIN},
        {.fd = relay->master < 0 ? -1 : relay->sizes, .events = POLLIN},
    };
    if (poll(waits, 4, -1) < 0 && errno != EINTR) return SIGKILL;
    if (waits[3].revents != 0 && !resize(relay->sizes, relay->master)) relay->sizes = -1;
    if (waits[2].revents != 0 || (waits[1].revents & POLLOUT) != 0) copy_input(relay);
    if ((waits[1].revents & (POLLIN | POLLHUP)) != 0 && !copy_terminal(relay)) relay->master = -1;
    if ((waits[0].revents & POLLIN) == 0) continue;
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != (ssize_t)sizeof info) continue;
    if (info.ssi_signo != SIGCHLD) kill_descendants();
    int status, code = -1;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == child) code = status;
    if (code >= 0) return code;
  }
}

static int run_session(const struct beside *beside) {
  sigset_t wanted, before;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGHUP);
  sigaddset(&wanted, SIGINT);
  sigprocmask(SIG_BLOCK, &wanted, &before);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  int slave = -1;
  struct relay relay = {.master = -1, .input = beside->input ? 0 : -1, .sizes = 3};
  if (beside->tty && (relay.master = open_terminal(&slave)) < 0) {
    perror("opening a terminal");
    return 126;
  }
  pid_t child = fork();
  if (child < 0) {
    perror("starting a process");
    return 126;
  }
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    if (beside->tty) {
      ioctl(slave, TIOCSCTTY, 0);
      for (int stream = 0; stream < 3; stream++) dup2(slave, stream);
    }
    close(3);
    _exit(run(beside));
  }
  if (beside->tty) close(slave);
  else {
    /* Only the command holds the streams, so that their ends are its end. */
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = 0; stream < 3; stream++) dup2(nothing, stream);
  }
  int status = attend(&relay, child, signals);
  end_descendants(signals);
  if (relay.master >= 0)
    for (int rounds = 0; rounds < 1024; rounds++) {
      struct pollfd more = {.fd = relay.master, .events = POLLIN};
      if (poll(&more, 1, 0) <= 0 || !copy_terminal(&relay)) break;
    }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int exec_command(char **arguments) {
  struct beside beside = {0};
  char **at = arguments;
  while (at[0] != NULL && strcmp(at[0], "--") != 0) {
    const char *flag = *at++;
    if (strcmp(flag, "--session") == 0) beside.session = true;
    else if (strcmp(flag, "--tty") == 0) beside.tty = true;
    else if (strcmp(flag, "--input") == 0) beside.input = true;
    else if (strcmp(flag, "--no-new-privileges") == 0) beside.no_new_privileges = true;
    else {
      const char *value = *at;
      if (value == NULL) break;
      at++;
      if (strcmp(flag, "--pid") == 0) beside.pid = (pid_t)atoi(value);
      else if (strcmp(flag, "--like") == 0) beside.like = (pid_t)atoi(value);
      else if (strcmp(flag, "--groups") == 0) beside.groups = value;
      else if (strcmp(flag, "--uid") == 0) {
        beside.has_uid = true;
        beside.uid = (uid_t)strtoul(value, NULL, 10);
      } else if (strcmp(flag, "--gid") == 0) {
        beside.has_gid = true;
        beside.gid = (gid_t)strtoul(value, NULL, 10);
      } else {
        beside.pid = 0;
        break;
      }
    }
  }
  if (beside.pid <= 0 || at[0] == NULL || strcmp(at[0], "--") != 0 || at[1] == NULL) {
    fputs("usage: shim exec --pid PID [FLAG…] -- COMMAND [ARGUMENT…]; README.md lists the flags\n", stderr);
    return 2;
  }
  beside.command = at + 1;
  return beside.session ? run_session(&beside) : run(&beside);
}
