#ifndef GIT_HOSTS_H
#define GIT_HOSTS_H

#include <limits.h>
#include <stdbool.h>

#include "text.h"

// What git and ssh have to be told about a host, in their own files' words. All of it byte for byte as Tekton's
// pkg/credentials/gitcreds.

bool url_has_path(const char *url);
// A block of .gitconfig: who the user is at this URL.
void add_git_config(struct text *config, const char *url, const struct text *user);
// A line of .git-credentials.
void add_git_login(struct text *logins, const char *url, const struct text *user, const struct text *password);

// `host[:port][/path]` of an ssh annotation.
struct ssh_host {
  char name[256];
  char port[16];
  char path[1024];  // without the leading slash; empty for the whole host
};

void parse_ssh_host(const char *text, struct ssh_host *host);
// The head of a block of .ssh/config. A repository of its own gets a made-up host name, so that it can have its own key.
void add_ssh_config(struct text *config, const struct ssh_host *host);
// Leads git from a repository's URL to that host name.
void add_ssh_aliases(struct text *config, const struct ssh_host *host);

#endif
