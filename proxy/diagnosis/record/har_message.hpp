// The objects of an HTTP Archive that speak of one message, from what a step knows of it.
#pragma once

#include "regpass/diagnosis/evidence.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace regpass::diagnosis::har {

// "https://registry-1.docker.io" for docker.io.
std::string origin_of(const evidence&);
// "unknown" for what evidence does not know, as browsers write it.
std::string version_of(std::string_view http);

boost::json::object request(std::string_view method, const std::string& url, std::string_view http,
                            std::string_view authorization);
boost::json::object request(const token_request_step&);

boost::json::object response(int status, std::string_view http);
boost::json::object response(const answered_step&, std::string_view http);
boost::json::object response(const token_answer_step&);
// None came.
boost::json::object no_response();

}  // namespace regpass::diagnosis::har
