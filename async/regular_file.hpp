// Opens files by names that others choose. Does not wait for something else of that name (a FIFO, a socket, a
// device). All of it blocks, but no longer than the disk does.
// Tested by tests/unit/async/regular_file_test.cpp and tests/integration/test_special_files.py.
#pragma once

#include "async/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace async {

// Opens a regular file. If it is not open, `errno` says why: EISDIR for a directory, ENXIO for anything else
// that is no regular file.
[[nodiscard]] descriptor open_regular(const std::filesystem::path& path, int flags, mode_t mode = 0);
// Opens whatever can be written to, such as /dev/stdout or a pipe with a reader. Not open, with ENXIO, for a
// FIFO without a reader and for a socket. Writes to a pipe wait, as always.
[[nodiscard]] descriptor open_for_writing(const std::filesystem::path& path, int flags, mode_t mode = 0);
// The same as fopen(path, "w") gives it; null: not open. The caller closes it.
[[nodiscard]] std::FILE* open_stream(const std::filesystem::path& path);
// True for a FIFO or a socket: a program that opens the file itself, as libraries do, would wait for another
// process.
[[nodiscard]] bool would_wait(const std::filesystem::path& path) noexcept;
// What errno says after an open, or after a read or write that followed: "it is not a regular file".
[[nodiscard]] std::string describe_errno(int reason);

struct text_read {
    std::string text;
    std::string mistake; // a clause: "cannot be read: it is not a regular file"; empty: none
};

inline constexpr std::chrono::seconds pipe_patience{10};

// All of a file that a person named to be read once: a regular file, or a pipe such as `<(…)` or /dev/stdin,
// whose end has to come within the patience.
[[nodiscard]] text_read read_text(const std::filesystem::path& path, std::size_t bytes_max,
                                  std::chrono::milliseconds patience = pipe_patience);

} // namespace async
