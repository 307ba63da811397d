// The files of proxy/admin/page, as the build puts them into the program.
#pragma once

#include <string_view>

namespace regpass::admin::assets {

extern const std::string_view index_html;
extern const std::string_view app_js;
extern const std::string_view sequence_js;
extern const std::string_view app_css;
extern const std::string_view icon_svg;

}  // namespace regpass::admin::assets
