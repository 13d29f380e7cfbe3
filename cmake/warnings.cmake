# What every target of ours is compiled with. Libraries of others come in as system headers.
add_library(event_archiver_warnings INTERFACE)
target_compile_options(event_archiver_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  # GCC 12 loses track of initialisation, lifetime and allocation across coroutine frames when it optimises.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-restrict -Wno-mismatched-new-delete -fcoroutines>)
set(sanitizers -fsanitize=address,undefined)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Clang 14 compiles C++20 coroutines with plain -std=c++20. Only this check breaks them: the resume function of a
  # coroutine gets a prologue that its assembler refuses ("Cannot represent a difference across sections").
  list(APPEND sanitizers -fno-sanitize=function)
endif()
if(EVENT_ARCHIVER_SANITIZE OR EVENT_ARCHIVER_FUZZERS)
  target_compile_options(event_archiver_warnings INTERFACE ${sanitizers} -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined)
  # At a fixed address: the tables of the sanitizers are a hundred megabytes to relocate at each start otherwise.
  # gold links such a program in a third of the time.
  target_link_options(event_archiver_warnings INTERFACE ${sanitizers} $<$<CXX_COMPILER_ID:GNU>:-no-pie -fuse-ld=gold>)
endif()
if(EVENT_ARCHIVER_SANITIZE AND EVENT_ARCHIVER_SANITIZE_WHOLE)
  target_compile_options(event_archiver_warnings INTERFACE -g1)
elseif(EVENT_ARCHIVER_SANITIZE)
  # Checks at each use of a pointer, and the lines that reports name: half of the time that the build takes.
  target_compile_options(event_archiver_warnings INTERFACE -fno-sanitize=null,alignment,vptr,pointer-overflow)
endif()
if(EVENT_ARCHIVER_FUZZERS)
  # Coverage in every room, so that libFuzzer sees the branches of the code under test and not of its target alone.
  target_compile_options(event_archiver_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(EVENT_ARCHIVER_FAULT_POINTS)
  target_compile_definitions(event_archiver_warnings INTERFACE EVENT_ARCHIVER_FAULT_POINTS)
endif()
