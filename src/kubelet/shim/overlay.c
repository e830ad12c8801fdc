/*
 * A folder of the machine that containers may write in without its being changed: an overlay over it, in a mount
 * namespace of the server's own. All containers are forked from the server, so they share the one mount and see each
 * other's changes at once, wherever in their root the folder is shown. (A mount in each of their namespaces would not
 * do: the kernel promises nothing for two overlays that write to one folder.) The mount goes with the last of them.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/*
 * The best first. With `redirect_dir` folders can be renamed, which only the machine's root may ask for; in a user
 * namespace attributes need `userxattr` (Linux 5.11). `volatile` (5.10) never waits for a disk.
 */
static const char *const WAYS[] = {"redirect_dir=on,volatile", "userxattr,volatile", "userxattr", "redirect_dir=off"};

static bool has_own_mounts;

int lay_over(const char *folder, const char *upper, const char *work, char *error) {
  char options[3 * PATH_MAX];
  if (!has_own_mounts && enter_mount_namespace(error) != 0) return -1;
  has_own_mounts = true;
  /* From within, so that nothing in the folder's name can be taken for an option. */
  bool mounted = false, found = chdir(folder) == 0;
  for (size_t way = 0; found && !mounted && way < sizeof WAYS / sizeof *WAYS; way++) {
    int length = snprintf(options, sizeof options, "lowerdir=.,upperdir=%s,workdir=%s,%s", upper, work, WAYS[way]);
    if ((size_t)length >= sizeof options) errno = ENAMETOOLONG;
    else mounted = mount("tektite", ".", "overlay", MS_NOSUID | MS_NODEV, options) == 0;
  }
  if (!mounted) snprintf(error, ERROR_SIZE, "mounting an overlay on %s: %s", folder, strerror(errno));
  if (chdir("/") != 0) _exit(1); /* nobody can take it away */
  return mounted ? 0 : -1;
}
