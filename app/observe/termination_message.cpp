#include "app/observe/termination_message.hpp"

#include "app/text/utf8.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace app {

namespace {

constexpr std::size_t message_max = 4096;
constexpr const char* usual_place = "/dev/termination-log";

} // namespace

std::string termination_message(int exit_code, std::string_view sentence, std::string_view hint) {
    auto text =
        valid_utf8(fmt::format("exit {}: {}{}{}\n", exit_code, sentence, hint.empty() ? "" : "\n", hint));
    if (text.size() <= message_max)
        return text;
    constexpr std::string_view more = "…\n";
    auto end = message_max - more.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
        --end; // not in the middle of a character
    text.resize(end);
    return text.append(more);
}

bool write_termination_message(const std::string& named, std::string_view message) {
    const int create = named.empty() ? 0 : O_CREAT;
    const int file =
        ::open(named.empty() ? usual_place : named.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | create, 0644);
    if (file < 0)
        return named.empty() && errno == ENOENT;
    const auto bytes = ::write(file, message.data(), message.size());
    ::close(file);
    return bytes == static_cast<ssize_t>(message.size());
}

void leave_termination_message(const std::string& named, std::string_view message, async::log& log) {
    if (!write_termination_message(named, message))
        log.warn("termination_log.lost", "the termination message could not be written", {{"file", named}});
}

} // namespace app
