#include "lake/folder/file_map.hpp"

#include "async/error.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/packed_properties.hpp"

#include <algorithm>
#include <utility>

namespace lake {

namespace {

std::uint8_t traits_of(const read_mark& read) {
    std::uint8_t traits = 0;
    const auto set = [&traits](bool has, file_trait trait) {
        if (has)
            traits |= static_cast<std::uint8_t>(trait);
    };
    set(!read.mistake.empty(), file_trait::mistaken);
    if (const auto& mark = read.mark) {
        set(mark->pending, file_trait::pending);
        set(awaited(*mark).has_value(), file_trait::awaiting);
        set(mark->restored.has_value(), file_trait::restored);
        set(!mark->held_until.empty(), file_trait::held);
    }
    return traits;
}

} // namespace

const file_map::slot* file_map::slot_of(const file_key& key) const noexcept {
    const auto found = std::ranges::lower_bound(slots_, key, {}, &slot::key);
    return found == slots_.end() || found->key != key ? nullptr : &*found;
}

// The service lists by name, which is by key: nearly all go to the end.
void file_map::put(const file_key& key, std::uint32_t number, const read_mark& mark) {
    const slot made{key, traits_of(mark), number};
    const auto at = std::ranges::lower_bound(slots_, key, {}, &slot::key);
    if (at != slots_.end() && at->key == key)
        *at = made;
    else
        slots_.insert(at, made);
    if (mark.mark && mark.mark->now.rows > 0 && !mark.mark->now.time_column.empty())
        time_columns_.insert(mark.mark->now.time_column);
}

void file_map::add(const file_key& key, const azure::blob_properties& properties) {
    if (!packed_)
        packed_ = std::make_shared<packed_texts>();
    whole_.erase(key);
    put(key, packed_->add(packed(properties)), mark_from(properties.metadata));
}

void file_map::emplace(const file_key& key, listed_file file) {
    if (contains(key))
        return;
    put(key, whole, file.mark);
    whole_.insert_or_assign(key, std::make_unique<listed_file>(std::move(file)));
}

void file_map::erase(const file_key& key) {
    std::erase_if(slots_, [&key](const slot& each) { return each.key == key; });
    whole_.erase(key);
}

file_map file_map::take_if(const std::function<bool(const file_key&)>& chosen) {
    file_map taken;
    taken.packed_ = packed_;
    taken.time_columns_ = time_columns_;
    std::vector<slot> left;
    for (const auto& each : slots_) {
        const bool out = chosen(each.key);
        (out ? taken.slots_ : left).push_back(each);
        if (out)
            taken.whole_.insert(whole_.extract(each.key));
    }
    slots_ = std::move(left);
    return taken;
}

void file_map::merge(const file_map& other) {
    for (auto [key, file] : other)
        emplace(key, std::move(file));
}

bool file_map::contains(const file_key& key) const noexcept { return slot_of(key) != nullptr; }

std::size_t file_map::count(file_trait wanted) const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(slots_, [wanted](const slot& each) {
        return (each.traits & static_cast<std::uint8_t>(wanted)) != 0;
    }));
}

listed_file file_map::made(const slot& of) const {
    if (of.number == whole)
        return *whole_.at(of.key);
    auto properties = unpacked_properties(packed_->at(of.number));
    auto mark = mark_from(properties.metadata);
    return {std::move(properties), std::move(mark)};
}

const listed_file* file_map::find(const file_key& key) const {
    const auto* const of = slot_of(key);
    if (of == nullptr)
        return nullptr;
    auto& kept = whole_[key];
    if (!kept)
        kept = std::make_unique<listed_file>(made(*of));
    return kept.get();
}

std::optional<listed_file> file_map::unpacked(const file_key& key) const {
    const auto* const of = slot_of(key);
    if (of == nullptr)
        return std::nullopt;
    return made(*of);
}

std::vector<file_key> file_map::keys_in(const day_range& days) const {
    std::vector<file_key> found;
    for (const auto& each : slots_)
        if (days.contains(each.key.which))
            found.push_back(each.key);
    return found;
}

const listed_file& file_map::at(const file_key& key) const {
    const auto* const found = find(key);
    if (found == nullptr)
        throw async::error(async::failure::internal, "a day's file is not in the listing");
    return *found;
}

std::vector<const listed_file*> file_map::with(file_trait wanted) const {
    std::vector<const listed_file*> found;
    for (auto each = begin(); each != end(); ++each)
        if (each.is(wanted))
            found.push_back(find(each.key()));
    return found;
}

} // namespace lake
