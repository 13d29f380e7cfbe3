# What `event-archiver version` says of the build: the libraries, and the commit, which is EVENT_ARCHIVER_COMMIT where that
# is given, as by the image's build; what git says where the sources are a repository; or "unknown". One small source file has
# it, which is written again only when the answer changes: a commit compiles that file and links, and nothing else.
#
# This file is also the script that writes it: cmake -D SOURCE=… -D MADE=… -D GIVEN=… -D LIBRARIES=… -P commit.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  set(commit "${GIVEN}")
  if(commit STREQUAL "")
    set(commit unknown)
    if(EXISTS "${SOURCE}/.git") # and not a repository that the sources were unpacked into
      execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty=-changed --exclude=* --abbrev=12
                      OUTPUT_VARIABLE said OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
      if(NOT failed AND said MATCHES "^[0-9a-f]+(-changed)?$")
        set(commit ${said})
      endif()
    endif()
  endif()
  if(NOT commit MATCHES "^[A-Za-z0-9._-]+$")
    message(FATAL_ERROR "EVENT_ARCHIVER_COMMIT is '${commit}': give letters, digits, '.', '_' and '-'")
  endif()
  file(CONFIGURE OUTPUT "${MADE}" @ONLY CONTENT [[#include "app/text/version.hpp"

namespace app {

std::string_view commit() noexcept { return "@commit@"; }
std::string_view libraries() noexcept { return "@LIBRARIES@"; }

} // namespace app
]])
  return()
endif()

set(EVENT_ARCHIVER_COMMIT "" CACHE STRING "The commit of the sources, where there is no .git")

# `libraries`: "libpq 15.18, OpenSSL 3.0.17".
function(embed_commit target libraries)
  set(made ${CMAKE_BINARY_DIR}/commit.cpp)
  set(write ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D MADE=${made} -D "GIVEN=${EVENT_ARCHIVER_COMMIT}"
      -D "LIBRARIES=${libraries}" -P ${CMAKE_SOURCE_DIR}/cmake/commit.cmake)
  execute_process(COMMAND ${write} COMMAND_ERROR_IS_FATAL ANY)
  add_custom_target(${target}_commit COMMAND ${write} BYPRODUCTS ${made} VERBATIM)
  add_dependencies(${target} ${target}_commit)
  target_sources(${target} PRIVATE ${made})
  set_source_files_properties(${made} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
