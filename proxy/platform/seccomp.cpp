// A seccomp filter (seccomp(2)) for what a proxy never needs but an intruder would: access to other processes' memory,
// to other namespaces and to kernel internals. Everything else is allowed, so that library updates cannot break
// regpass.
#include "regpass/platform/confinement.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace regpass::platform {

namespace {

#if defined(__x86_64__)
constexpr unsigned this_machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned this_machine = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned this_machine = 0;
#endif

// On x86-64, numbers from here on are x32 aliases of the same calls (seccomp(2)).
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

constexpr sock_filter return_verdict(unsigned verdict) {
  return BPF_STMT(BPF_RET | BPF_K, verdict);
}

// Skips `yes` or `no` of the following statements.
constexpr sock_filter jump(unsigned comparison, unsigned operand, std::size_t yes, std::size_t no) {
  return BPF_JUMP(static_cast<unsigned short>(BPF_JMP | comparison | BPF_K), operand, static_cast<unsigned char>(yes),
                  static_cast<unsigned char>(no));
}

constexpr std::size_t opening = 4;
constexpr std::size_t statements = opening + refused.size() + 2;

std::array<sock_filter, statements> program() {
  std::array<sock_filter, statements> program_text{};
  constexpr auto to_refusal = refused.size() + 1;  // from the last statement of the opening
  program_text[0] = load(offsetof(seccomp_data, arch));
  program_text[1] = jump(BPF_JEQ, this_machine, 0, to_refusal + 2);
  program_text[2] = load(offsetof(seccomp_data, nr));
  program_text[3] = jump(BPF_JGE, x32_begins, to_refusal, 0);
  for (std::size_t i = 0; i < refused.size(); ++i)
    program_text[opening + i] = jump(BPF_JEQ, refused[i], refused.size() - i, 0);
  program_text[statements - 2] = return_verdict(SECCOMP_RET_ALLOW);
  program_text[statements - 1] = return_verdict(SECCOMP_RET_ERRNO | EPERM);
  return program_text;
}

}  // namespace

std::string refuse_system_calls() {
  if (this_machine == 0) return "not supported on this processor architecture";
  auto program_text = program();
  const sock_fprog filter{static_cast<unsigned short>(program_text.size()), program_text.data()};
  if (::syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0) return {};
  return std::strerror(errno);
}

}  // namespace regpass::platform
