// Requests that a page in a browser made: with a credential of ours they would do what its author wants.
#pragma once

#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"

namespace regpass::forward {

// Browsers say so in Origin and Sec-Fetch-Site (Fetch Metadata); no registry client sends either.
bool is_from_page(const http::fields&);
// …and the page is of another origin than `own`.
bool is_from_foreign_page(const http::fields&, const http::origin& own);

}  // namespace regpass::forward
