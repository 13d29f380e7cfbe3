// The directory of window files. All of it blocks: call it on a helper thread, one call at a time.
// Tested by tests/integration/test_window_files.py and tests/fault/test_window_kills.py.
#pragma once

#include "app/serve/windows/window_view.hpp"
#include "async/descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace app {

class window_directory {
  public:
    // Makes the directory and locks it for this process. Throws async::error: locked, if another process
    // writes there; precondition, if it has files that this program has not written.
    explicit window_directory(std::filesystem::path place);
    window_directory(const window_directory&) = delete;
    window_directory& operator=(const window_directory&) = delete;

    // The state in the directory; nullopt in a new directory. Throws async::error(precondition) if it cannot
    // be read. If it is another text, all window files of the directory are removed: they are a view.
    [[nodiscard]] std::optional<window_view> state();
    // True if `state` has removed the files.
    [[nodiscard]] bool begun_again() const noexcept { return begun_again_; }

    // Appends lines to a file. Cuts off first what is beyond `lines_before`: a process that died left it. The
    // lines survive a crash once they are published.
    void append(const window_addition& addition, std::uint64_t lines_before);
    // Makes the appended lines durable, then the state, then the offsets. Other processes see whole files.
    void publish(std::string_view state, std::string_view offsets);
    // Removes the first `surplus` of these files, and more as long as they were last written before `before`;
    // returns how many.
    [[nodiscard]] std::size_t remove_older(const std::vector<std::string>& files, std::size_t surplus,
                                           std::chrono::system_clock::time_point before);

  private:
    struct open_file {
        async::descriptor descriptor;
        std::uint64_t lines = 0;
    };
    // After a failure the ends of the files are not known any more.
    template <typename Call>
    void forgetting_ends(Call call);
    [[nodiscard]] open_file& at_end_of(const std::string& file, std::uint64_t lines);
    void make_safe();
    void begin_again();

    std::filesystem::path place_;
    async::descriptor lock_;
    std::map<std::string, open_file, std::less<>> files_; // the open files, each positioned at its end
    std::set<std::string> unsafe_;                        // written to since they were last made durable
    std::string last_;                                    // the file that was written to last
    bool begun_again_ = false;
};

} // namespace app
