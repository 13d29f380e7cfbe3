#include "app/serve/intake/key_book.hpp"

namespace app {

namespace {

// FNV-1a, which is independent of a CRC.
std::uint64_t fnv_of(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325) noexcept {
    for (const char each : text)
        hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
    return hash;
}

} // namespace

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

} // namespace app
