#include "app/send/send_mark.hpp"

#include "async/number.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr mode_t for_owner = 0600;

// It has one length for every line: a write in place overwrites the earlier text whole.
std::string mark_text(std::string_view identity, std::string_view server, std::uint64_t line) {
    return fmt::format("{} {} {:020}\n", identity, server, line);
}

} // namespace

send_mark::send_mark(const fs::path& file, std::string identity, std::string server)
    : path_(file.string() + ".sending")
    , identity_(std::move(identity))
    , server_(std::move(server)) {
    std::error_code unknown;
    if (!fs::is_regular_file(path_, unknown))
        return;
    std::ifstream before(path_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(before), std::istreambuf_iterator<char>()};
    const auto digits = std::string_view(text).substr(text.rfind(' ') + 1);
    const auto line = async::number_from<std::uint64_t>(digits.substr(0, digits.find('\n')));
    if (line && text == mark_text(identity_, server_, *line))
        line_ = *line;
}

bool send_mark::put(std::uint64_t line) {
    const auto text = mark_text(identity_, server_, line);
    if (!file_.open()) {
        file_ = async::open_regular(path_, O_WRONLY | O_CREAT | O_NOFOLLOW, for_owner);
        if (!file_.open())
            return false;
    }
    const auto bytes = static_cast<ssize_t>(text.size());
    return ::pwrite(file_.get(), text.data(), text.size(), 0) == bytes &&
           ::ftruncate(file_.get(), bytes) == 0;
}

void send_mark::remove() {
    std::error_code ignored;
    fs::remove(path_, ignored);
}

} // namespace app
