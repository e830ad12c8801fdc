/* The shim: keeps one container of one pod. See README.md for the contract. */
#ifndef TEKTITE_SHIM_H
#define TEKTITE_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mount {
  const char *source;
  const char *target; /* absolute, as the container sees it */
  bool read_only;
};

struct container {
  const char *dir; /* absolute and free of symlinks: pid, log, exit and termination live here */
  bool isolate;
  const char *cwd; /* NULL: / */
  bool has_uid, has_gid;
  uid_t uid;
  gid_t gid;
  const char *groups; /* numbers with commas; NULL: none besides */
  bool no_new_privileges;
  bool read_only_root; /* all but the mounts */
  const char *termination; /* where the container writes its last words; NULL: nowhere */
  bool message_from_log;   /* no last words and a failure: the end of the log instead */
  size_t message_max;      /* bytes that are kept of them */
  unsigned long long log_max;
  const char *mask;          /* patterns that are hidden in the log, see make_masker; NULL: none */
  const char *layers;        /* folders that are shown as one, as overlayfs lists them; NULL: none */
  const char *layers_target; /* a folder of the machine */
  struct mount *mounts;
  size_t mount_count;
  char **command;
  char **env;
};

#define ERROR_SIZE 1024

/* Runs the container to its end. Called in a process of its own; returns that process's exit code. */
int run_container(const struct container *container);

struct masker;

struct shown {
  const char *bytes; /* until the next call */
  size_t length;
};

/* Patterns as digits of hex, each behind two bytes of length. NULL when they are none, or there is no memory. */
struct masker *make_masker(const char *patterns);

/* Where output is to be read to, and how much. */
char *mask_room(struct masker *masker, size_t *room);

/* What may be shown now that `length` more bytes are there; when nothing came for a while; when nothing more will come. */
struct shown mask_written(struct masker *masker, size_t length);
struct shown mask_paused(struct masker *masker);
struct shown mask_ended(struct masker *masker);

/* Whether mask_paused would show anything. */
bool mask_holds_line(const struct masker *masker);

/* Moves this process into a mount namespace whose root is the machine's own, plus the mounts. 0, or -1 and `error`. */
int enter_new_root(const struct container *container, char *error);

/* Moves this process into a mount namespace of its own (with a user namespace, when not root). 0, or -1 and `error`. */
int enter_mount_namespace(char *error);

/* From here on this process and those it forks see an overlay at `folder`. 0, or -1 and `error`. See overlay.c. */
int lay_over(const char *folder, const char *upper, const char *work, char *error);

/* Sends SIGKILL to every descendant of this process, once. */
void kill_descendants(void);

/* Deletes a folder and all in it, never following a link. 0, or -1 and errno. */
int remove_tree(const char *path);

/* Until no child is left: kills all that descends from this process. */
void end_descendants(int signals);

/* Replaces our own groups by numbers with commas. Whether it worked. */
bool set_groups(const char *texts);

/* `shim exec`: its exit code is the command's. */
int exec_command(char **arguments);

int serve(void);

/* Reads `--flag value …` as README.md lists them. 0, or -1 and `error`. */
int parse_container(char **arguments, struct container *container, char *error);

#endif
