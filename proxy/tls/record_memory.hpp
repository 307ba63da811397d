// Memory of TLS records. OpenSSL allocates 17 KiB for each record that it reads or writes and frees them at once, so
// that idle connections hold none (SSL_MODE_RELEASE_BUFFERS). Allocators do not cache blocks of this size.
#pragma once

namespace regpass::tls {

// Makes each thread keep some of them for its next records. Call it before any other OpenSSL function; a later call has
// no effect.
void keep_record_memory() noexcept;

}  // namespace regpass::tls
