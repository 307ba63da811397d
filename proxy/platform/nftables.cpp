#include "platform/nftables.hpp"

#include <linux/capability.h>
#include <nftables/libnftables.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace regpass::platform {

namespace {

// libnftables itself would say so in a line of its own on stderr.
bool has_net_admin() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return true;  // then the kernel's own answer must do
  return (sets[0].effective & (1U << CAP_NET_ADMIN)) != 0;
}

}  // namespace

result<std::string> run_nft(const std::string& commands) {
  if (!has_net_admin()) return fail(errc::denied, "Operation not permitted");
  errno = 0;
  const std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> context(nft_ctx_new(NFT_CTX_DEFAULT), nft_ctx_free);
  if (!context || nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0) {
    return fail(errc::io, std::string("libnftables cannot be set up: ") + std::strerror(errno));
  }
  if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) != 0) {
    const std::string said = nft_ctx_get_error_buffer(context.get());
    return fail(errc::io, said.empty() ? std::strerror(errno) : said);
  }
  return std::string(nft_ctx_get_output_buffer(context.get()));
}

}  // namespace regpass::platform
