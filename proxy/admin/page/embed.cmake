# cmake -DSOURCE=<folder of the page> -DOUTPUT=<.cpp> -P embed.cmake: the page's files as text in the program.
set(text "#include \"admin/page_assets.hpp\"\n\nnamespace regpass::admin::assets {\n")
foreach(name index.html app.js sequence.js app.css icon.svg)
  file(READ "${SOURCE}/${name}" content)
  string(REPLACE "." "_" variable "${name}")
  string(APPEND text "const std::string_view ${variable} = R\"page(${content})page\";\n")
endforeach()
string(APPEND text "}  // namespace regpass::admin::assets\n")
file(WRITE "${OUTPUT}" "${text}")
