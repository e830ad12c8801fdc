#include "processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "log.h"
#include "signals.h"

void adopt_orphans(void) {
  // Fails on no kernel since 3.4; then orphans go to the next reaper, as they do under Tekton.
  prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
}

static bool write_line(const char *path, const char *line) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool good = write(file, line, strlen(line)) == (ssize_t)strlen(line);
  close(file);
  return good;
}

// Only a loopback device, and that one down. Whoever is not root gets a user namespace along with it, in which he is
// whom he was; the groups have to be given up there.
static bool leave_network(void) {
  char users[32], groups[32];
  format(users, sizeof users, "%d %d 1", (int)geteuid(), (int)geteuid());
  format(groups, sizeof groups, "%d %d 1", (int)getegid(), (int)getegid());
  if (unshare(CLONE_NEWNET) == 0) return true;
  return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_line("/proc/self/setgroups", "deny") &&
         write_line("/proc/self/uid_map", users) && write_line("/proc/self/gid_map", groups);
}

// In the child. Returns only when it failed, with the cause.
static int become(char **command, bool hermetic, uint64_t signal_mask, struct outputs outputs, pid_t parent) {
  // First: a new user namespace forgets the next call.
  if (hermetic && !leave_network()) {
    int error = errno;
    say("hermetic execution needs a network namespace, which is not allowed here");
    return error;
  }
  // We may be SIGKILLed; without a PID namespace the command would go on unseen, and its step would be run again.
  prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L);
  if (getppid() != parent) return ESRCH;
  if (setpgid(0, 0) != 0) return errno;
  if (outputs.out >= 0 && dup2(outputs.out, STDOUT_FILENO) < 0) return errno;
  if (outputs.err >= 0 && dup2(outputs.err, STDERR_FILENO) < 0) return errno;
  signals_restore(signal_mask);
  // ETXTBSY: whoever wrote the script forked while it was open, and that child has not reached its exec yet.
  for (int attempt = 0;; attempt++) {
    execvp(command[0], command);
    if (errno != ETXTBSY || attempt == 50) return errno;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
}

pid_t start_command(char **command, bool hermetic, uint64_t signal_mask, struct outputs outputs) {
  // Closes on exec: end of file means the command runs, anything else is the reason why it does not.
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    int error = become(command, hermetic, signal_mask, outputs, parent);
    ssize_t written = write(report[1], &error, sizeof error);
    _exit(written == (ssize_t)sizeof error ? 127 : 126);
  }
  int error = errno;
  close(report[1]);
  if (pid > 0) {
    ssize_t got;
    while ((got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) continue;
    if (got == (ssize_t)sizeof error) {
      waitpid(pid, NULL, 0);
      pid = -1;
    }
  }
  close(report[0]);
  errno = error;
  return pid;
}

bool reap(pid_t command, bool *ended, int *status) {
  for (;;) {
    int one;
    pid_t pid = waitpid(-1, &one, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;
    if (pid == command) {
      *ended = true;
      *status = one;
    }
  }
}

// The parent's pid is the second field after the name, which is in parentheses and may hold anything.
static pid_t parent_of(const char *pid) {
  char path[64], stat[512];
  format(path, sizeof path, "/proc/%s/stat", pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, stat, sizeof stat - 1);
  close(file);
  if (length <= 0) return 0;
  stat[length] = '\0';
  const char *end_of_name = strrchr(stat, ')');
  if (end_of_name == NULL || strlen(end_of_name) < 5) return 0;
  return (pid_t)atoi(end_of_name + strlen(") S "));
}

void kill_descendants(pid_t group) {
  pid_t self = getpid();
  if (self == 1) {
    // Everything in our PID namespace but ourselves. What another container shares with us is not in it.
    kill(-1, SIGKILL);
    return;
  }
  if (group > 0) kill(-group, SIGKILL);
  // Children first: when they die, theirs become ours, and the next call reaches those. /proc is the only list there is,
  // and it is only read when something outlived the command.
  DIR *processes = opendir("/proc");
  if (processes == NULL) return;
  struct dirent *entry;
  while ((entry = readdir(processes)) != NULL)
    if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == self)
      kill((pid_t)atoi(entry->d_name), SIGKILL);
  closedir(processes);
}
