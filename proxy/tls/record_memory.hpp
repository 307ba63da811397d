// Memory of TLS records. OpenSSL takes 17 KiB for each that it reads or writes and gives them back at once, so that
// idle connections hold none (SSL_MODE_RELEASE_BUFFERS): too much for the allocator to have at hand.
#pragma once

namespace regpass::tls {

// Keeps some of them for the next record, in each thread. Before anything else is asked of OpenSSL; without it, or
// too late, all works as it does without.
void keep_record_memory() noexcept;

}  // namespace regpass::tls
