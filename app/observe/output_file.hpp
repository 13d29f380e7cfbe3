// A file that other programs may read while it is written: they see the whole new file, or the old one.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace app {

class output_file {
  public:
    // The permissions of a new file: those that the umask allows, or readable by all users (0644), for a
    // collector that runs as another user.
    enum class readers : unsigned char { by_umask, everybody };

    // Throws async::error(usage) if no file can be written there. Anything but a regular file, such as
    // /dev/stdout, is written to directly.
    explicit output_file(std::string path, readers who = readers::by_umask);
    ~output_file();
    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;

    // Puts the file in its place. At most once. Throws async::error, and then the old file is still there.
    void write(std::string_view content);

  private:
    struct closing {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    [[noreturn]] void fail() const;

    std::string path_;
    readers readers_;
    std::string written_to_; // beside `path_` until it is whole, or `path_` itself
    std::unique_ptr<std::FILE, closing> file_;
};

} // namespace app
