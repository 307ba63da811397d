// The cipher as an OpenSSL provider (provider(7)).
#pragma once

namespace regpass::tls::vaes {

// What algorithms of it have and no others: a query of this name and value finds them.
constexpr const char* property = "regpass.vaes=yes";

// Adds it to the default library context, beside OpenSSL's own. False: OpenSSL did not take it.
bool load_provider() noexcept;

}  // namespace regpass::tls::vaes
