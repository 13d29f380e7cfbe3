#include "lake/ledger_state.hpp"

#include "async/error.hpp"

namespace lake {

namespace {

constexpr std::uint32_t replaced_min = 1'024; // fewer lines than these are not worth dropping

} // namespace

void ledger_state::note(const ledger_entry& entry) {
    const auto known = find(entry.file);
    if (!known || is_decision(entry) || !came_less_far(entry.now, known->now))
        replace(entry);
}

void ledger_state::replace(const ledger_entry& entry) {
    auto line = ledger_line(entry, {});
    line.pop_back(); // the newline
    numbers_.insert_or_assign(entry.file, lines_.add(line));
    if (lines_.size() > 2 * numbers_.size() + replaced_min)
        drop_replaced();
}

void ledger_state::erase(std::string_view file) {
    if (const auto found = numbers_.find(file); found != numbers_.end())
        numbers_.erase(found);
}

std::optional<ledger_entry> ledger_state::find(std::string_view file) const {
    const auto found = numbers_.find(file);
    if (found == numbers_.end())
        return std::nullopt;
    return entry(found->second);
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
