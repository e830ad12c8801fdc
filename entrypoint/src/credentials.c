#include "credentials.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "format.h"
#include "git-hosts.h"
#include "log.h"
#include "message.h"
#include "registry-logins.h"
#include "text.h"

// What a Secret may hold at most; only a file that was put there by mistake is larger.
enum { MAX_SECRET_BYTES = 1 << 20 };

struct output {
  char path[PATH_MAX];   // below -creds_dir and $HOME
  const char *top;       // the part of it that is copied as one, for the log
  struct text content;
};

struct outputs_made {
  struct output *files;
  size_t count;
  char *problem;
  size_t problem_size;
};

static const char *name_of(const struct credential *credential) {
  const char *slash = strrchr(credential->secret_dir, '/');
  return slash == NULL ? credential->secret_dir : slash + 1;
}

static bool read_key(struct outputs_made *made, const struct credential *credential, const char *key, bool required,
                     struct text *content) {
  char path[PATH_MAX];
  format(path, sizeof path, "%s/%s", credential->secret_dir, key);
  if (read_followed(path, MAX_SECRET_BYTES, content)) return true;
  if (errno == ENOENT && !required) return true;
  format(made->problem, made->problem_size, "credentials: key \"%s\" of secret \"%s\": %s", key, name_of(credential),
         errno == ENOENT ? "not there" : strerror(errno));
  return false;
}

static struct text *output(struct outputs_made *made, const char *top, const char *path) {
  for (size_t i = 0; i < made->count; i++)
    if (strcmp(made->files[i].path, path) == 0) return &made->files[i].content;
  struct output *added = &made->files[made->count++];
  added->top = top;
  format(added->path, sizeof added->path, "%s", path);
  return &added->content;
}

// ---- git over http ------------------------------------------------------------------------------------------------

static bool is_kind(const struct credential *credential, enum credential_kind kind) { return credential->kind == kind; }

static bool has_kind(const struct options *options, enum credential_kind kind) {
  for (size_t i = 0; i < options->credential_count; i++)
    if (is_kind(&options->credentials[i], kind)) return true;
  return false;
}

static bool add_git_logins(const struct options *options, struct outputs_made *made) {
  if (!has_kind(options, BASIC_GIT)) return true;
  struct text *config = output(made, ".gitconfig", ".gitconfig");
  text_add_string(config, "[credential]\n\thelper = store\n");
  struct text *logins = output(made, ".git-credentials", ".git-credentials");
  // Those of a whole host come first, as they are the ones git falls back to.
  for (int with_path = 0; with_path < 2; with_path++) {
    for (size_t i = 0; i < options->credential_count; i++) {
      const struct credential *credential = &options->credentials[i];
      if (!is_kind(credential, BASIC_GIT)) continue;
      struct text user = {0}, password = {0};
      bool good = read_key(made, credential, "username", true, &user) &&
                  read_key(made, credential, "password", true, &password);
      // The blocks of .gitconfig keep the order of the flags.
      if (good && with_path == 0) add_git_config(config, credential->url, &user);
      if (good && url_has_path(credential->url) == (with_path == 1)) add_git_login(logins, credential->url, &user, &password);
      text_free(&user);
      text_free(&password);
      if (!good) return false;
    }
  }
  return true;
}

// ---- git over ssh -------------------------------------------------------------------------------------------------

static bool add_ssh_key(const struct options *options, struct outputs_made *made, const struct credential *credential,
                        struct text *config, struct text *hosts) {
  char file[NAME_MAX + 16], path[PATH_MAX];
  struct text known = {0};
  format(file, sizeof file, ".ssh/id_%s", name_of(credential));
  struct text *key = output(made, ".ssh", file);
  key->length = 0;  // one secret for several hosts
  bool good = read_key(made, credential, "ssh-privatekey", true, key) &&
              read_key(made, credential, "known_hosts", false, &known);
  format(path, sizeof path, "%s/%s", options->creds_dir, file);
  text_add_string(config, "    IdentityFile ");
  text_add_string(config, path);
  text_add_char(config, '\n');
  if (known.length > 0) {
    if (hosts->length > 0) text_add_char(hosts, '\n');
    text_add(hosts, known.data, known.length);
  }
  text_free(&known);
  return good;
}

static bool is_first_of_url(const struct options *options, size_t index) {
  for (size_t i = 0; i < index; i++) {
    const struct credential *earlier = &options->credentials[i];
    if (is_kind(earlier, SSH_GIT) && strcmp(earlier->url, options->credentials[index].url) == 0) return false;
  }
  return true;
}

static bool add_ssh_hosts(const struct options *options, struct outputs_made *made) {
  if (!has_kind(options, SSH_GIT)) return true;
  struct text *config = output(made, ".ssh", ".ssh/config");
  struct text *hosts = output(made, ".ssh", ".ssh/known_hosts");
  for (int with_path = 0; with_path < 2; with_path++) {
    for (size_t i = 0; i < options->credential_count; i++) {
      struct ssh_host host;
      const struct credential *first = &options->credentials[i];
      if (!is_kind(first, SSH_GIT) || !is_first_of_url(options, i)) continue;
      parse_ssh_host(first->url, &host);
      if ((host.path[0] != '\0') != (with_path == 1)) continue;
      add_ssh_config(config, &host);
      if (with_path == 1) add_ssh_aliases(output(made, ".gitconfig", ".gitconfig"), &host);
      // Several keys for one host: ssh tries one after the other.
      for (size_t k = i; k < options->credential_count; k++) {
        const struct credential *one = &options->credentials[k];
        if (!is_kind(one, SSH_GIT) || strcmp(one->url, first->url) != 0) continue;
        if (!add_ssh_key(options, made, one, config, hosts)) return false;
      }
    }
  }
  return true;
}

// ---- docker -------------------------------------------------------------------------------------------------------

// Later ones replace earlier ones of the same registry, so the order is Tekton's: dockercfg, config.json, basic-auth.
static bool add_docker_logins(const struct options *options, struct outputs_made *made) {
  static const enum credential_kind order[] = {DOCKER_CFG, DOCKER_CONFIG, BASIC_DOCKER};
  struct logins logins = {0};
  bool good = true;
  for (size_t step = 0; step < sizeof order / sizeof order[0]; step++) {
    for (size_t i = 0; good && i < options->credential_count; i++) {
      const struct credential *credential = &options->credentials[i];
      if (!is_kind(credential, order[step])) continue;
      struct text user = {0}, password = {0};
      if (credential->kind == BASIC_DOCKER) {
        good = read_key(made, credential, "username", true, &user) && read_key(made, credential, "password", true, &password);
        if (good) add_login(&logins, credential->url, &user, &password);
      } else {
        const char *key = credential->kind == DOCKER_CFG ? ".dockercfg" : ".dockerconfigjson";
        good = read_key(made, credential, key, true, &user);
        if (good && !add_logins_of(&logins, &user, credential->kind == DOCKER_CONFIG)) {
          format(made->problem, made->problem_size, "credentials: key \"%s\" of secret \"%s\": not the JSON that docker writes",
                 key, name_of(credential));
          good = false;
        }
      }
      text_free(&user);
      text_free(&password);
    }
  }
  if (good && logins.count > 0) write_logins(&logins, output(made, ".docker", ".docker/config.json"));
  free_logins(&logins);
  return good;
}

// ---- files --------------------------------------------------------------------------------------------------------

// True also when the file goes on behind our part: an earlier step has used `git config --global`.
static bool begins_with(const char *path, const struct text *content) {
  struct text present = {0};
  bool same = read_followed(path, MAX_SECRET_BYTES, &present) && present.length >= content->length &&
              memcmp(present.data, content->data, content->length) == 0;
  text_free(&present);
  return same;
}

static bool put_file(const char *directory, const struct output *file, bool shared) {
  char path[PATH_MAX], parent[PATH_MAX];
  if (!format(path, sizeof path, "%s/%s", directory, file->path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  if (strchr(file->path, '/') != NULL) {
    format(parent, sizeof parent, "%s/%s", directory, file->top);
    if (!make_directory(parent, 0700)) return false;
  }
  if (shared && begins_with(path, &file->content)) return true;
  return write_private(path, &file->content);
}

static bool put_files(const struct options *options, struct outputs_made *made) {
  const char *home = getenv("HOME");
  for (size_t i = 0; i < made->count; i++) {
    const struct output *file = &made->files[i];
    if (file->content.length == 0 && !file->content.failed) continue;
    if (file->content.failed || !put_file(options->creds_dir, file, false)) {
      format(made->problem, made->problem_size, "credentials: writing \"%s/%s\": %s", options->creds_dir, file->path,
             file->content.failed ? "out of memory" : strerror(errno));
      return false;
    }
    if (home == NULL || *home == '\0')
      say("warning: unsuccessful cred copy: \"%s\" from \"%s\": $HOME is not defined", file->top, options->creds_dir);
    else if (!put_file(home, file, true))
      say("warning: unsuccessful cred copy: \"%s\" from \"%s\" to \"%s\": %s", file->top, options->creds_dir, home,
          strerror(errno));
  }
  return true;
}

bool put_credentials(const struct options *options, char *problem, size_t size) {
  if (options->creds_dir == NULL || options->credential_count == 0) return true;
  // One key for each secret, and the five files that all of them share.
  struct outputs_made made = {.problem = problem, .problem_size = size};
  made.files = calloc(options->credential_count + 5, sizeof *made.files);
  if (made.files == NULL) {
    format(problem, size, "credentials: out of memory");
    return false;
  }
  bool good = add_docker_logins(options, &made) && add_git_logins(options, &made) && add_ssh_hosts(options, &made) &&
              put_files(options, &made);
  for (size_t i = 0; i < made.count; i++) text_free(&made.files[i].content);
  free(made.files);
  return good;
}
