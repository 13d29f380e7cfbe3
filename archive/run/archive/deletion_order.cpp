#include "archive/run/archive/deletion_order.hpp"

#include "archive/table/folder_mistakes.hpp"

#include <iterator>

namespace archive {

deletion_order choose_order(const deletion_facts& facts) noexcept {
    const bool gains = facts.how == reading::by_day && facts.days > 1 && !facts.held_back;
    const bool deletes_rows_alone = !facts.partitioned && !facts.compares_rows && !facts.triggers;
    return gains && deletes_rows_alone && !facts.looks_again && !facts.snapshots_age
               ? deletion_order::beside_reading
               : deletion_order::after_reading;
}

bool is_asked_about_later(const lake::listed_file& file, const table_description& table,
                          const std::set<lake::day>& due) {
    const auto& mark = file.mark.mark;
    return mark && (mark->restored ||
                    (choose_look(mark->now, table) != moved_look::none && is_near(file.key().which, due)));
}

day_span take_first_span(std::set<lake::day>& read) {
    const auto begin = read.begin();
    auto last = begin;
    auto end = std::next(begin);
    while (end != read.end() && end->number() == last->number() + 1)
        last = end++;
    const day_span span{*begin, *last};
    read.erase(begin, end);
    return span;
}

} // namespace archive
