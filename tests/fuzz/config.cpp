// The configuration file: problems, or settings that `config show` writes so that they load again.
#include "fuzz.hpp"
#include "regpass/config/load.hpp"

#include <string>

using namespace regpass;

REGPASS_FUZZ_TARGET(config) {
  config::inputs in;
  in.purpose = fuzz::take(bytes) % 2 == 0 ? config::purpose::serve : config::purpose::run;
  in.root = true;
  const auto read = config::load_text(bytes, "/etc/regpass/regpass.toml", in);
  for (const auto& one : read.problems) {
    fuzz::promise(!one.what.empty(), "a problem says what is wrong");
    fuzz::promise(one.what.find('\n') == std::string::npos, "in one line");
  }
  if (!read.problems.empty() || !read.settings.upstream.proxy.empty()) return;  // a proxy is shown masked
  const auto shown = config::show(read);
  const auto again = config::load_text(shown, "/etc/regpass/regpass.toml", in);
  fuzz::promise(again.problems.empty(), "what `config show` writes can be loaded");
}
