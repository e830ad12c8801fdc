#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

// The size of the kernel's signal set on every architecture but MIPS.
enum { KERNEL_SET_BYTES = 8 };

int signals_block(uint64_t *before) {
  uint64_t all = ~UINT64_C(0);
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, before, KERNEL_SET_BYTES) != 0) return -1;
  return (int)syscall(SYS_signalfd4, -1, &all, KERNEL_SET_BYTES, O_NONBLOCK | O_CLOEXEC);
}

void signals_restore(uint64_t before) {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, KERNEL_SET_BYTES);
}

// A write of ours to a reader that went away, or beyond the file size limit, a computation of ours beyond the CPU limit,
// or an access of ours to the terminal. From anyone else the same signals are forwarded.
static bool is_our_own_doing(const struct signalfd_siginfo *info) {
  switch (info->ssi_signo) {
    case SIGPIPE:
    case SIGXFSZ: return info->ssi_code == SI_KERNEL || info->ssi_pid == (uint32_t)getpid();
    case SIGXCPU:
    case SIGTTIN:
    case SIGTTOU: return info->ssi_code == SI_KERNEL;
    default: return false;
  }
}

int signals_next(int descriptor) {
  struct signalfd_siginfo info;
  while (read(descriptor, &info, sizeof info) == (ssize_t)sizeof info)
    if (info.ssi_signo != SIGCHLD && !is_our_own_doing(&info)) return (int)info.ssi_signo;
  return 0;
}

bool signal_is_stop(int signal) {
  return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
}
