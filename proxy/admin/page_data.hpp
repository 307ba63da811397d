// The page's data as JSON. Pure.
#pragma once

#include "forward/record/exchange_record.hpp"
#include "forward/services/token_client.hpp"
#include "regpass/auth/credential.hpp"
#include "regpass/base/time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <span>

namespace regpass::admin {

// The log line of the exchange, with the text of every step and the start time.
boost::json::object exchange_json(const forward::exchange_record&);
boost::json::array credentials_json(const auth::credential_store&, std::span<const forward::exchange_record> history);
boost::json::array tokens_json(std::span<const forward::held_token>, const auth::credential_store&);

}  // namespace regpass::admin
