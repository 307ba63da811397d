#include "nftables.hpp"

#include <nftables/libnftables.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace regpass::app {

result<std::string> run_nft(const std::string& commands) {
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

}  // namespace regpass::app
