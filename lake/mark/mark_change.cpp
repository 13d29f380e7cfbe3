#include "lake/mark/mark_change.hpp"

#include <utility>

namespace lake {

std::optional<db::transaction_mark> awaited(const file_mark& mark) {
    if (mark.pending)
        return db::transaction_mark{mark.now.run, mark.now.transaction, mark.now.position};
    return mark.restoring;
}

bool may_be_in_table(const file_mark& mark) noexcept { return mark.restored || mark.restoring; }

file_mark settled(const file_mark& mark) {
    file_mark result = mark;
    result.pending = false;
    result.base.reset();
    result.now.dry_run = false;
    // A part of the day may still be in the table. A file that is marked restored without need does no harm;
    // a missing mark does.
    if (result.restored && result.restored->ends)
        result.restored.reset();
    return result;
}

file_mark being_restored(const file_mark& mark, const db::transaction_mark& author, std::string held_until) {
    file_mark result = mark;
    result.restoring = author;
    if (result.restored)
        result.restored->held_until = result.held_until;
    result.held_until = std::move(held_until);
    return result;
}

file_mark not_restored(const file_mark& mark) {
    file_mark result = mark;
    result.restoring.reset();
    result.restoring_rows.reset();
    if (!result.restored) // no earlier restore has committed
        result.held_until.clear();
    else if (auto before = std::exchange(result.restored->held_until, std::nullopt))
        result.held_until = *std::move(before);
    return result;
}

file_mark moved_back(const file_mark& mark) {
    file_mark result = mark.pending ? settled(mark) : mark;
    result.restored = restored_mark{awaited(mark).value(), mark.now.rows};
    result.restored->day_rows = std::exchange(result.restoring_rows, std::nullopt);
    result.restoring.reset();
    return result;
}

file_mark archived_again(const file_mark& mark) {
    file_mark result = mark;
    result.restored.reset();
    result.held_until.clear();
    return result;
}

bool has_empty_tail(const file_mark& mark) noexcept {
    return mark.pending && mark.base && mark.base->bytes == mark.now.bytes;
}

file_mark emptied(const file_mark& mark, const file_record& header) {
    file_mark result = mark;
    result.now = header;
    auto author = mark.restoring || !mark.restored ? mark.restoring : mark.restored->author;
    if (mark.pending)
        author = awaited(mark);
    if (author) {
        result.now.run = author->run;
        result.now.transaction = author->transaction;
        result.now.position = author->position;
    }
    result.pending = false;
    result.base.reset();
    result.restoring.reset();
    result.restoring_rows.reset();
    result.restored.reset();
    result.held_until.clear(); // a hold is of a day whose rows are in the file as well
    return result;
}

file_mark taken_back(const file_mark& mark) {
    file_mark result = mark;
    result.now = mark.base.value_or(file_record{});
    result.now.tier.reset();
    result.pending = false;
    if (result.restored)
        result.restored->ends = false;
    result.base.reset();
    return result;
}

} // namespace lake
