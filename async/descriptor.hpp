// An open file of the system, closed with its owner.
// Tested by tests/integration/test_export_file_systems.py.
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace async {

class descriptor {
  public:
    descriptor() = default; // not open
    // Opens; `errno` says why it could not.
    descriptor(const std::filesystem::path& path, int flags, mode_t mode = 0)
        : number_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~descriptor() { (void)close(); }
    descriptor(descriptor&& other) noexcept
        : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool open() const noexcept { return number_ >= 0; }
    // From now on the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
    // False if the system says that not all was stored; `errno` says why. True if it was not open.
    bool close() noexcept { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

  private:
    int number_ = -1;
};

} // namespace async
