// Records how far a file has been sent, in a file next to it, until all of it is sent. A second `send` goes
// on from there. docs/send.md says what happens if the process dies. All of it blocks.
// Tested by tests/unit/app/send/send_mark_test.cpp.
#pragma once

#include "async/descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace app {

class send_mark {
  public:
    // `identity`: of the file as it is. `server`: its URL. Another file's mark is ignored.
    send_mark(const std::filesystem::path& file, std::string identity, std::string server);

    // The last line that a process before this one knew to be accepted; 0: none.
    [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
    // Records that all lines up to this one are accepted. False if that fails.
    [[nodiscard]] bool put(std::uint64_t line);
    // Records that the whole file is accepted.
    void remove();

  private:
    std::filesystem::path path_;
    std::string identity_;
    std::string server_;
    std::uint64_t line_ = 0;
    async::descriptor file_;
};

} // namespace app
