// A directory of a test's own, which goes with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace events::rig {

class own_directory {
  public:
    own_directory() {
        auto pattern =
            (std::filesystem::temp_directory_path() / ("event-archiver-journal-" + std::string(6, 'X')))
                .string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("no directory for a test");
        path_ = pattern;
    }
    ~own_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    own_directory(const own_directory&) = delete;
    own_directory& operator=(const own_directory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

} // namespace events::rig
