#include "app/serve/intake/keyed_batch.hpp"

#include "async/ascii.hpp"
#include "async/number.hpp"
#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace app {

std::uint64_t crc_of(std::string_view text, std::uint64_t begin) noexcept {
    return azure::crc64(begin, std::as_bytes(std::span(text)));
}

body_digest digest_of(std::string_view body) noexcept { return {crc_of(body), body.size()}; }

keyed_batch batch_of(const events::event_batch& events, std::string_view body) {
    keyed_batch batch{events.size(), digest_of(async::trimmed(body))};
    for (std::size_t each = 0; each < events.size(); ++each)
        batch.values = crc_of(events[each].value, batch.values);
    return batch;
}

bool is_same(const keyed_batch& asked, const keyed_batch& known) noexcept {
    return asked.count == known.count && asked.body == known.body &&
           (asked.values_differ || asked.values == known.values);
}

std::optional<std::string> idempotency_key_of(std::string_view field) {
    if (field.size() >= 2 && field.starts_with('"') && field.ends_with('"'))
        field = field.substr(1, field.size() - 2);
    constexpr std::size_t size_max = 255;
    const auto visible = [](char each) { return each > ' ' && each < 0x7f; };
    if (field.empty() || field.size() > size_max || !std::ranges::all_of(field, visible))
        return std::nullopt;
    return std::string(field);
}

std::string batch_text(const keyed_batch& batch) {
    return fmt::format("{} {:016x} {}", batch.count, batch.body.crc, batch.body.bytes);
}

std::optional<keyed_batch> batch_from(std::string_view text) {
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos)
        return std::nullopt;
    const auto count = async::number_from<std::uint64_t>(text.substr(0, first));
    const auto crc = async::number_from<std::uint64_t>(text.substr(first + 1, second - first - 1), 16);
    const auto bytes = async::number_from<std::uint64_t>(text.substr(second + 1));
    if (!count || *count == 0 || !crc || !bytes)
        return std::nullopt;
    return keyed_batch{.count = *count, .body = {.crc = *crc, .bytes = *bytes}};
}

void add_key(events::event_batch& events, const std::string& key, const keyed_batch& batch) {
    events.add_to_first({std::string(key_header), key});
    events.add_to_first({std::string(batch_header), batch_text(batch)});
    events.add_to_first({std::string(values_header), fmt::format("{:016x}", batch.values)});
}

} // namespace app
