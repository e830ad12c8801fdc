#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

// Makes the files that git, ssh and docker look for out of the mounted secrets: in -creds_dir, and once more in $HOME.
// What cannot be put into $HOME is only logged; false, with a sentence in `problem`, when -creds_dir is not whole.
bool put_credentials(const struct options *options, char *problem, size_t size);

#endif
