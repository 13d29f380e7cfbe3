#include "app/serve/key_book.hpp"

#include "async/ascii.hpp"
#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <system_error>

namespace app {

namespace {

std::uint64_t crc_of(std::string_view text, std::uint64_t begin = 0) noexcept {
    return azure::crc64(begin, std::as_bytes(std::span(text)));
}

// FNV-1a, which is independent of a CRC.
std::uint64_t fnv_of(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325) noexcept {
    for (const char each : text)
        hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
    return hash;
}

// Takes the number and the space behind it off the front of `text`, and returns the number.
bool take_number(std::string_view& text, std::uint64_t& number, int base) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (failed != std::errc() || end == text.data())
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' '))
        text.remove_prefix(1);
    return true;
}

} // namespace

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
    keyed_batch batch;
    if (!take_number(text, batch.count, 10) || !take_number(text, batch.body.crc, 16) ||
        !take_number(text, batch.body.bytes, 10) || !text.empty() || batch.count == 0)
        return std::nullopt;
    return batch;
}

void add_key(events::event_batch& events, const std::string& key, const keyed_batch& batch) {
    events.add_to_first({std::string(key_header), key});
    events.add_to_first({std::string(batch_header), batch_text(batch)});
    events.add_to_first({std::string(values_header), fmt::format("{:016x}", batch.values)});
}

key_book::name key_book::name_of(std::string_view topic, std::string_view key) noexcept {
    // A topic's name has no blank, so the two texts cannot be confused.
    return {crc_of(key, crc_of(" ", crc_of(topic))), fnv_of(key, fnv_of(" ", fnv_of(topic)))};
}

key_book::finding key_book::look_up(std::string_view topic, std::string_view key,
                                    const keyed_batch& batch) const {
    const auto found = entries_.find(name_of(topic, key));
    if (found == entries_.end())
        return {};
    const auto& known = found->second.kept;
    if (!is_same(batch, known.batch))
        return {state::other_batch};
    return known.accepted ? finding{state::accepted, known} : finding{state::in_flight};
}

void key_book::begin(std::string_view topic, std::string_view key, const keyed_batch& batch) {
    drop(topic, key);
    entries_[name_of(topic, key)].kept.batch = batch;
}

void key_book::keep(std::string_view topic, std::string_view key, const entry& accepted,
                    events::event_time since) {
    const auto named = name_of(topic, key);
    auto& mine = entries_[named];
    if (!mine.kept.accepted) {
        mine.since = {since, calls_++};
        oldest_first_.emplace(mine.since, named);
    }
    mine.kept = accepted;
    mine.kept.accepted = true;
    forget_oldest();
}

void key_book::drop(std::string_view topic, std::string_view key) {
    const auto found = entries_.find(name_of(topic, key));
    if (found == entries_.end())
        return;
    if (found->second.kept.accepted)
        oldest_first_.erase(found->second.since);
    entries_.erase(found);
}

void key_book::forget_oldest() {
    while (oldest_first_.size() > keys_max_) {
        entries_.erase(oldest_first_.begin()->second);
        oldest_first_.erase(oldest_first_.begin());
    }
}

void batch_finder::unfinished::take(const events::recorded_event& next) {
    crc = crc_of(next.content.value, crc);
    ++count;
    batch.kept.end = next.at + 1;
}

std::optional<batch_finder::found_batch> batch_finder::take(const events::recorded_event& next) {
    const auto header = [&next](std::string_view name) -> std::string_view {
        const auto& headers = next.content.headers;
        const auto found = std::ranges::find(headers, name, &events::header::name);
        return found == headers.end() ? std::string_view() : std::string_view(found->value);
    };
    const auto append = header(append_header);
    auto values = header(values_header); // a CRC-64
    auto batch = batch_from(header(batch_header));
    if (batch && !header(key_header).empty() && take_number(values, batch->values, 16) && values.empty()) {
        unfinished begun;
        begun.batch.key = header(key_header);
        begun.batch.kept = {
            .batch = *batch, .partition = partition_, .first = next.at, .end = next.at, .accepted = true};
        begun.batch.since = next.time;
        begin(std::move(begun), append);
    }
    if (append.empty())
        return take_in_a_row(next);
    in_a_row_.reset(); // an event of another batch ends one whose events have to follow each other
    return take_of(next, append);
}

void batch_finder::begin(unfinished begun, std::string_view append) {
    if (append.empty()) {
        in_a_row_ = std::move(begun);
        return;
    }
    const auto first = begun.batch.kept.first;
    if (!by_append_.try_emplace(std::string(append), std::move(begun)).second)
        return; // a copy of an event: the first one counts
    oldest_first_.emplace(first, append);
    if (by_append_.size() <= begun_max)
        return;
    by_append_.erase(oldest_first_.begin()->second);
    oldest_first_.erase(oldest_first_.begin());
}

std::optional<batch_finder::found_batch> batch_finder::take_in_a_row(const events::recorded_event& next) {
    std::optional<found_batch> whole;
    if (!in_a_row_)
        return whole;
    const bool follows = next.at == in_a_row_->batch.kept.end;
    if (follows)
        in_a_row_->take(next);
    if (follows && in_a_row_->is_whole())
        whole = std::move(in_a_row_->batch);
    if (whole || !follows || in_a_row_->has_all())
        in_a_row_.reset();
    return whole;
}

std::optional<batch_finder::found_batch> batch_finder::take_of(const events::recorded_event& next,
                                                               std::string_view append) {
    std::optional<found_batch> whole;
    const auto found = by_append_.find(append);
    if (found == by_append_.end())
        return whole;
    auto& begun = found->second;
    begun.take(next);
    if (!begun.has_all())
        return whole;
    oldest_first_.erase(begun.batch.kept.first);
    if (begun.is_whole())
        whole = std::move(begun.batch);
    by_append_.erase(found);
    return whole;
}

} // namespace app
