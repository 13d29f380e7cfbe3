#include "lake/ledger/ledger_state.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

namespace lake {

namespace {

constexpr std::uint32_t replaced_min = 1'024; // fewer lines than these are not worth dropping

std::uint64_t hash_of(std::string_view file, const file_record& write) {
    return std::hash<std::string>()(fmt::format("{}/{}/{}", file, write.run, write.transaction));
}

// Whether the file is as it was before it was lost.
bool came_back(const ledger_entry& loss, const listed_file* found) {
    if (found == nullptr || !found->mark.mark)
        return false;
    const auto& mark = *found->mark.mark;
    return same_write(mark.now, loss.now) || (mark.pending && mark.base && same_write(*mark.base, loss.now));
}

} // namespace

void ledger_state::note(const ledger_entry& entry) {
    if (entry.word == ledger_word::lost) {
        losses_.try_emplace(entry.file, entry);
        return;
    }
    if (entry.word == ledger_word::found || entry.word == ledger_word::kept ||
        entry.word == ledger_word::moved)
        if (const auto loss = losses_.find(entry.file); loss != losses_.end())
            losses_.erase(loss);
    const bool first = writes_.insert(hash_of(entry.file, entry.now));
    const auto known = find(entry.file);
    if (!known || first || is_decision(entry) || same_write(entry.now, known->now))
        replace(entry);
}

void ledger_state::replace(const ledger_entry& entry) {
    auto line = ledger_line(entry, {});
    line.pop_back(); // the newline
    numbers_.insert_or_assign(entry.file, lines_.add(line));
    if (entry.restored)
        restored_.insert(entry.file);
    else
        restored_.erase(entry.file);
    if (lines_.size() > 2 * numbers_.size() + replaced_min)
        drop_replaced();
}

void ledger_state::erase(std::string_view file) {
    if (const auto found = numbers_.find(file); found != numbers_.end())
        numbers_.erase(found);
    if (const auto found = restored_.find(file); found != restored_.end())
        restored_.erase(found);
}

std::optional<ledger_entry> ledger_state::find(std::string_view file) const {
    const auto found = numbers_.find(file);
    if (found == numbers_.end())
        return std::nullopt;
    return entry(found->second);
}

std::optional<file_record> ledger_state::content_of(const listed_file& file) const {
    std::optional<file_record> content;
    if (file.mark.mark)
        content = file.mark.mark->now;
    else if (auto entry = find(name_alone(file.properties.name)))
        content = std::move(entry->now);
    return content && content->rows > 0 ? std::move(content) : std::nullopt;
}

const ledger_entry* ledger_state::loss_of(std::string_view file) const {
    const auto found = losses_.find(file);
    return found == losses_.end() ? nullptr : &found->second;
}

ledger_verdict ledger_state::verdict_on(const ledger_entry& known, const listed_file* found) const {
    const auto* const loss = loss_of(known.file);
    if (loss != nullptr && !came_back(*loss, found) && (found != nullptr || known.now.rows == 0))
        return ledger_verdict::lost;
    const bool told =
        found != nullptr && found->mark.mark && writes_.contains(hash_of(known.file, found->mark.mark->now));
    return compare_with_ledger(known, found, told);
}

std::string ledger_state::sentence_of(ledger_verdict verdict, const ledger_entry& known) const {
    const auto* const loss = loss_of(known.file);
    return describe(verdict, verdict == ledger_verdict::lost && loss != nullptr ? *loss : known);
}

ledger_entry ledger_state::entry(std::uint32_t number) const {
    auto read = entry_from(lines_.at(number));
    if (!read)
        throw async::error(async::failure::internal, "a packed line of the ledger cannot be read");
    return *std::move(read);
}

void ledger_state::drop_replaced() {
    packed_texts left;
    for (auto& [name, number] : numbers_)
        number = left.add(lines_.at(number));
    lines_ = std::move(left);
}

} // namespace lake
