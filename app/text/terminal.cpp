#include "app/text/terminal.hpp"

#include "async/number.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace app {

namespace {

std::string_view variable(const char* name) noexcept {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

int descriptor_of(stream which) noexcept { return which == stream::output ? STDOUT_FILENO : STDERR_FILENO; }

} // namespace

bool is_terminal(stream which) noexcept {
    const auto kind = variable("TERM");
    return ::isatty(descriptor_of(which)) == 1 && !kind.empty() && kind != "dumb";
}

bool is_file(stream which) noexcept {
    struct stat status {};
    return ::fstat(descriptor_of(which), &status) == 0 && S_ISREG(status.st_mode);
}

std::size_t width_of(stream which) noexcept {
    const int descriptor = descriptor_of(which);
    if (::isatty(descriptor) != 1)
        return 0;
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::size_t width_of_help() noexcept {
    const auto columns = async::number_from<std::size_t>(variable("COLUMNS")).value_or(0);
    if (columns > 0)
        return columns;
    const auto terminal = width_of(stream::output);
    return terminal > 0 ? terminal : 80;
}

bool colour_wanted(stream which) noexcept { return is_terminal(which) && variable("NO_COLOR").empty(); }

bool unicode_wanted() noexcept {
    // The first that is set decides (POSIX, 8.2).
    for (const auto* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const auto locale = variable(name);
        if (!locale.empty())
            return locale.find("UTF-8") != std::string_view::npos ||
                   locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

bool print_output(std::string_view text) noexcept {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

printed print_part(std::string_view text) noexcept {
    if (print_output(text))
        return printed::all;
    return errno == EPIPE ? printed::reader_left : printed::failed;
}

std::string unwritten_output(int error) {
    return "standard output cannot be written: " + std::generic_category().message(error);
}

} // namespace app
