// Requests and responses of an HTTP Archive, each from one step of the evidence.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace regpass::diagnosis::har {

// "https://registry-1.docker.io" for docker.io.
std::string origin_of(const evidence&);
// "unknown" when the evidence does not have it, as browsers write it.
std::string version_of(std::string_view http);

boost::json::object request(std::string_view method, const std::string& url, std::string_view http,
                            const keyword<authorization_kind>& authorization);
boost::json::object request(const token_request_step&);

boost::json::object response(int status, std::string_view http);
boost::json::object response(const answered_step&, std::string_view http);
boost::json::object response(const token_answer_step&);
// For a request that got no response.
boost::json::object no_response();

}  // namespace regpass::diagnosis::har
