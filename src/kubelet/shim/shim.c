/* Entry and flags. `shim serve` is what the engine starts, once; see README.md. */
#define _GNU_SOURCE
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse(char *error, const char *flag) {
  snprintf(error, ERROR_SIZE, "shim: flag \"%s\" is unknown or lacks its value; README.md lists the flags", flag);
  return -1;
}

int parse_container(char **arguments, struct container *container, char *error) {
  size_t count = 0;
  while (arguments[count] != NULL) count++;
  container->mounts = calloc(count + 1, sizeof *container->mounts);
  if (container->mounts == NULL) return refuse(error, "(out of memory)");
  container->log_max = 1ULL << 30;
  container->message_max = 4096; /* Kubernetes' */
  for (char **at = arguments; *at != NULL;) {
    const char *flag = *at++;
    if (strcmp(flag, "--") == 0) {
      container->command = at;
      break;
    }
    if (strcmp(flag, "--isolate") == 0) {
      container->isolate = true;
      continue;
    }
    if (strcmp(flag, "--message-from-log") == 0) {
      container->message_from_log = true;
      continue;
    }
    if (strcmp(flag, "--no-new-privileges") == 0) {
      container->no_new_privileges = true;
      continue;
    }
    if (strcmp(flag, "--read-only-root") == 0) {
      container->read_only_root = true;
      continue;
    }
    const char *value = *at;
    if (value == NULL) return refuse(error, flag);
    at++;
    if (strcmp(flag, "--dir") == 0) container->dir = value;
    else if (strcmp(flag, "--cwd") == 0) container->cwd = value;
    else if (strcmp(flag, "--log-max") == 0) container->log_max = strtoull(value, NULL, 10);
    else if (strcmp(flag, "--message-max") == 0) container->message_max = strtoull(value, NULL, 10);
    else if (strcmp(flag, "--termination") == 0) container->termination = value;
    else if (strcmp(flag, "--mask") == 0) container->mask = value;
    else if (strcmp(flag, "--groups") == 0) container->groups = value;
    else if (strcmp(flag, "--uid") == 0) {
      container->has_uid = true;
      container->uid = (uid_t)strtoul(value, NULL, 10);
    } else if (strcmp(flag, "--gid") == 0) {
      container->has_gid = true;
      container->gid = (gid_t)strtoul(value, NULL, 10);
    } else if (strcmp(flag, "--mount") == 0 || strcmp(flag, "--mount-ro") == 0) {
      if (*at == NULL || **at != '/') return refuse(error, flag);
      struct mount *mount = &container->mounts[container->mount_count++];
      mount->source = value;
      mount->target = *at++;
      mount->read_only = strcmp(flag, "--mount-ro") == 0;
    } else if (strcmp(flag, "--layers") == 0) {
      if (*at == NULL || **at != '/') return refuse(error, flag);
      container->layers = value;
      container->layers_target = *at++;
    } else return refuse(error, flag);
  }
  if (container->dir == NULL || container->dir[0] != '/') return refuse(error, "--dir");
  if (container->cwd != NULL && container->cwd[0] != '/') return refuse(error, "--cwd");
  if (container->command == NULL || container->command[0] == NULL) return refuse(error, "--");
  return 0;
}

/*
 * The engine's database opens its files without O_CLOEXEC, and whoever is started by the engine inherits them: a step
 * could write into the store. Only the three standard streams are ours, and with `exec` one for the terminal's size.
 */
static void close_inherited(unsigned first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
#endif
  for (int file = (int)first; file < 65536; file++) close(file); /* a kernel before 5.9 */
}

int main(int count, char **arguments) {
  bool executes = count >= 2 && strcmp(arguments[1], "exec") == 0;
  close_inherited(executes ? 4 : 3);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  if (count >= 2 && strcmp(arguments[1], "serve") == 0) return serve();
  if (executes) return exec_command(arguments + 2);
  fputs("usage: shim serve | shim exec --pid PID [FLAG…] -- COMMAND [ARGUMENT…]\n", stderr);
  return 2;
}
