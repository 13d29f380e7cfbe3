#include "archive/settle/decisions.hpp"

namespace archive {

db::fate believe(db::fate asked, sample_seen sample, bool certain) noexcept {
    if (asked == db::fate::committed && sample != sample_seen::not_in_table)
        return db::fate::unknown;
    if (asked == db::fate::aborted && (!certain || sample != sample_seen::to_the_letter))
        return db::fate::unknown;
    return asked;
}

tail_rows judge_rows(const row_counts& seen, bool hidden, bool same_types) noexcept {
    if (seen.total > 0 && seen.to_the_letter == seen.total)
        return tail_rows::all_in_table;
    if (seen.to_the_letter > 0)
        return tail_rows::some_in_table;
    if (hidden || (seen.other_content > 0 && !same_types))
        return tail_rows::not_comparable;
    return tail_rows::none_in_table;
}

settle_decision decide_settling(const settle_facts& facts) noexcept {
    if (facts.origin == origin::elsewhere)
        return settle_decision::refuse_foreign;
    if (facts.ahead && facts.fate == db::fate::unknown)
        return settle_decision::refuse_copy;
    const auto undo = facts.has_base ? settle_decision::take_back : settle_decision::remove;
    switch (facts.fate) {
    case db::fate::committed:
        return settle_decision::keep;
    case db::fate::aborted:
        return undo;
    case db::fate::in_progress:
        return settle_decision::wait;
    case db::fate::unknown:
        break;
    }
    const bool looked = facts.rows != tail_rows::not_looked;
    const bool rolled_back = facts.said == db::fate::aborted && facts.certain;
    const bool committed = facts.said == db::fate::committed;
    if (looked && rolled_back && facts.keys_in_table)
        return undo;
    switch (facts.rows) {
    case tail_rows::not_looked:
        return settle_decision::look_at_rows;
    case tail_rows::all_in_table:
        return undo;
    case tail_rows::none_in_table: // rolled back: another run deleted them, and may have archived them
        if (rolled_back)
            return settle_decision::refuse_gone;
        if (!committed && (facts.keys_in_table || facts.may_be_moved)) // they may have been changed since
            return settle_decision::refuse_mixed;
        return settle_decision::keep;
    case tail_rows::no_rows:
        return undo;                // to what it was: rows of the file may be in the table
    case tail_rows::not_comparable: // nothing contradicts the server
        return committed ? settle_decision::keep : settle_decision::refuse_mixed;
    case tail_rows::some_in_table:
        break;
    }
    return settle_decision::refuse_mixed;
}

settle_decision decide_restoring(const settle_facts& facts) noexcept {
    if (facts.origin == origin::elsewhere)
        return settle_decision::refuse_foreign;
    if (facts.ahead && facts.fate == db::fate::unknown)
        return settle_decision::refuse_copy;
    switch (facts.fate) {
    case db::fate::aborted:
        return settle_decision::keep;
    case db::fate::in_progress:
        return settle_decision::wait;
    case db::fate::committed:
    case db::fate::unknown:
        break;
    }
    switch (facts.rows) {
    case tail_rows::not_looked:
        return settle_decision::look_at_rows;
    case tail_rows::none_in_table: // as they were; but some may have been changed or moved since
        return facts.keys_in_table || facts.may_be_moved ? settle_decision::restored : settle_decision::keep;
    case tail_rows::no_rows:
        return settle_decision::keep;
    case tail_rows::not_comparable:
    case tail_rows::all_in_table:
    case tail_rows::some_in_table:
        break;
    }
    // Rows that the table lacks are still in the file. Those that it has are recognised when they are due.
    return settle_decision::restored;
}

bool is_refusal(settle_decision decision) noexcept {
    return decision == settle_decision::refuse_foreign || decision == settle_decision::refuse_mixed ||
           decision == settle_decision::refuse_copy || decision == settle_decision::refuse_gone;
}

std::string_view to_string(settle_decision decision) noexcept {
    switch (decision) {
    case settle_decision::keep:
        return "keep";
    case settle_decision::take_back:
        return "take back";
    case settle_decision::remove:
        return "remove";
    case settle_decision::wait:
        return "wait";
    case settle_decision::look_at_rows:
        return "look at rows";
    case settle_decision::refuse_foreign:
        return "refuse: foreign";
    case settle_decision::refuse_mixed:
        return "refuse: mixed";
    case settle_decision::refuse_copy:
        return "refuse: copy";
    case settle_decision::refuse_gone:
        return "refuse: gone";
    case settle_decision::restored:
        return "restored";
    case settle_decision::empty:
        break;
    }
    return "empty";
}

} // namespace archive
