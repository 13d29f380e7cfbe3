# The pages' styles, scripts and texts, files of app/page, go into the program as they are. One source file is made of
# them when CMake runs, which it does again when one of them changes.
function(embed_page_assets target)
  set(directory ${CMAKE_SOURCE_DIR}/app/page)
  set(definitions)
  foreach(file report.css report.js status.html status.css status.js)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${directory}/${file})
    file(READ ${directory}/${file} text)
    file(SHA256 ${directory}/${file} sha256)
    string(REPLACE "." "_" name ${file})
    string(APPEND definitions
           "const page_asset ${name}{R\"asset(${text})asset\", \"${sha256}\"};\n")
  endforeach()
  set(made ${CMAKE_BINARY_DIR}/page_assets.cpp)
  file(CONFIGURE OUTPUT ${made} @ONLY CONTENT
       "#include \"app/page/page_assets.hpp\"\n\nnamespace app {\n\n@definitions@\n} // namespace app\n")
  target_sources(${target} PRIVATE ${made})
  set_source_files_properties(${made} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
