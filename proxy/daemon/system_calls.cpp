// A seccomp filter (seccomp(2)) of what a proxy never asks for and an intruder would: other processes' memory, other
// namespaces, the kernel's inner life. Everything else is allowed, so that no library's update can break regpass.
#include "daemon/hardening.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace regpass::daemon {

namespace {

#if defined(__x86_64__)
constexpr unsigned this_machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned this_machine = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned this_machine = 0;
#endif

// Numbers from here on are those of x32 on x86-64, which name the same calls again (seccomp(2)).
constexpr unsigned x32_begins = 0x40000000;

constexpr std::array<unsigned, 32> refused{__NR_ptrace,
                                           __NR_process_vm_readv,
                                           __NR_process_vm_writev,
                                           __NR_kcmp,
                                           __NR_pidfd_getfd,
                                           __NR_mount,
                                           __NR_umount2,
                                           __NR_pivot_root,
                                           __NR_chroot,
                                           __NR_setns,
                                           __NR_unshare,
                                           __NR_move_mount,
                                           __NR_open_tree,
                                           __NR_fsopen,
                                           __NR_init_module,
                                           __NR_finit_module,
                                           __NR_delete_module,
                                           __NR_kexec_load,
                                           __NR_reboot,
                                           __NR_swapon,
                                           __NR_swapoff,
                                           __NR_bpf,
                                           __NR_perf_event_open,
                                           __NR_userfaultfd,
                                           __NR_io_uring_setup,
                                           __NR_keyctl,
                                           __NR_add_key,
                                           __NR_request_key,
                                           __NR_acct,
                                           __NR_settimeofday,
                                           __NR_personality,
                                           __NR_open_by_handle_at};

constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}

constexpr sock_filter give(unsigned verdict) {
  return BPF_STMT(BPF_RET | BPF_K, verdict);
}

// Jumps over `yes` or `no` of the following statements.
constexpr sock_filter jump(unsigned how, unsigned operand, std::size_t yes, std::size_t no) {
  return BPF_JUMP(static_cast<unsigned short>(BPF_JMP | how | BPF_K), operand, static_cast<unsigned char>(yes),
                  static_cast<unsigned char>(no));
}

constexpr std::size_t opening = 4;
constexpr std::size_t statements = opening + refused.size() + 2;

std::array<sock_filter, statements> program() {
  std::array<sock_filter, statements> made{};
  constexpr auto to_refusal = refused.size() + 1;  // from the last statement of the opening
  made[0] = load(offsetof(seccomp_data, arch));
  made[1] = jump(BPF_JEQ, this_machine, 0, to_refusal + 2);
  made[2] = load(offsetof(seccomp_data, nr));
  made[3] = jump(BPF_JGE, x32_begins, to_refusal, 0);
  for (std::size_t i = 0; i < refused.size(); ++i) made[opening + i] = jump(BPF_JEQ, refused[i], refused.size() - i, 0);
  made[statements - 2] = give(SECCOMP_RET_ALLOW);
  made[statements - 1] = give(SECCOMP_RET_ERRNO | EPERM);
  return made;
}

}  // namespace

std::string refuse_system_calls() {
  if (this_machine == 0) return "this processor's system calls are not known here";
  auto made = program();
  const sock_fprog filter{static_cast<unsigned short>(made.size()), made.data()};
  if (::syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0) return {};
  return std::strerror(errno);
}

}  // namespace regpass::daemon
