// What a person reads of a page: proxies and gateways answer with HTML where a registry would answer with JSON.
#pragma once

#include <string>
#include <string_view>

namespace regpass::registry {

bool is_page(std::string_view body);  // HTML; other markup is not

// All text of the page on one line, without scripts, styles and comments; an absolute link's address follows its text
// in brackets. A title that the page repeats is there once.
std::string page_text(std::string_view page);

}  // namespace regpass::registry
