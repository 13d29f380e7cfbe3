#include "app/observe/termination_message.hpp"

#include "app/settings/mistake.hpp"
#include "app/text/utf8.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <cerrno>
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
    const auto file =
        async::open_for_writing(named.empty() ? usual_place : named, O_WRONLY | O_TRUNC | create, 0644);
    if (!file.open())
        return named.empty() && errno == ENOENT;
    const auto bytes = ::write(file.get(), message.data(), message.size());
    return bytes == static_cast<ssize_t>(message.size());
}

void leave_termination_message(const std::string& named, std::string_view message, async::log& log) {
    const auto file = shown_path(named);
    if (!write_termination_message(named, message))
        log.warn("termination_log.lost", "the termination message could not be written", {{"file", file}});
}

} // namespace app
