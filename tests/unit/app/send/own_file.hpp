// A file of a test's own, in a directory of its own, which goes with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace app::rig {

class own_file {
  public:
    explicit own_file(const std::string& content) {
        auto pattern = (std::filesystem::temp_directory_path() / "event-archiver-send-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("no directory for a test");
        directory_ = pattern;
        std::ofstream(path(), std::ios::binary) << content;
    }
    ~own_file() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    own_file(const own_file&) = delete;
    own_file& operator=(const own_file&) = delete;
    [[nodiscard]] std::filesystem::path path() const { return directory_ / "events.jsonl"; }

  private:
    std::filesystem::path directory_;
};

} // namespace app::rig
