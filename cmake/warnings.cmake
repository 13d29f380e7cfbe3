# What every target of ours is compiled with. Libraries of others come in as system headers.
add_library(event_archiver_warnings INTERFACE)
target_compile_options(event_archiver_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  # GCC 12 loses track of initialisation and lifetime across coroutine frames when it optimises.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-dangling-pointer -fcoroutines>)
if(EVENT_ARCHIVER_SANITIZE)
  target_compile_options(event_archiver_warnings INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined)
  target_link_options(event_archiver_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(EVENT_ARCHIVER_FAULT_POINTS)
  target_compile_definitions(event_archiver_warnings INTERFACE EVENT_ARCHIVER_FAULT_POINTS)
endif()
