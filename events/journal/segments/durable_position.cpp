#include "events/journal/segments/durable_position.hpp"

#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

namespace events {

namespace {

constexpr int reads_max = 100;

} // namespace

std::string encode_durable(position end) { return fmt::format("{:020}\n", end); }

std::optional<position> decode_durable(std::string_view bytes) {
    position end = 0;
    const auto [stop, wrong] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), end);
    if (wrong != std::errc() || bytes != encode_durable(end))
        return std::nullopt;
    return end;
}

std::optional<std::string> agreed_text(const std::function<std::string()>& read) {
    auto text = read();
    for (int each = 1; each < reads_max; ++each) {
        auto again = read();
        if (again == text)
            return text;
        text = std::move(again);
    }
    return std::nullopt;
}

std::optional<position> position_told(const std::function<std::string()>& read, position known) {
    if (const auto text = agreed_text(read))
        return decode_durable(*text);
    if (known == 0)
        throw journal_error(journal_failure::overloaded,
                            "the journal's end is written faster than it can be read");
    return known;
}

} // namespace events
