#include "archive/decisions.hpp"

namespace archive {

fate fate_seen(std::string_view status, bool behind_snapshot) noexcept {
    if (status == "aborted")
        return fate::aborted;
    return status == "committed" && behind_snapshot ? fate::committed : fate::in_progress;
}

fate believe(fate asked, sample_seen sample) noexcept {
    if (asked == fate::committed && sample != sample_seen::not_in_table)
        return fate::unknown;
    if (asked == fate::aborted && sample != sample_seen::to_the_letter)
        return fate::unknown;
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
    if (facts.ahead && facts.fate == fate::unknown)
        return settle_decision::refuse_copy;
    const auto undo = facts.has_base ? settle_decision::take_back : settle_decision::remove;
    switch (facts.fate) {
    case fate::committed:
        return settle_decision::keep;
    case fate::aborted:
        return undo;
    case fate::in_progress:
        return settle_decision::wait;
    case fate::unknown:
        break;
    }
    const bool looked = facts.rows != tail_rows::not_looked;
    if (looked && facts.said == fate::aborted && facts.same_server && facts.keys_in_table)
        return undo;
    switch (facts.rows) {
    case tail_rows::not_looked:
        return settle_decision::look_at_rows;
    case tail_rows::all_in_table:
        return undo;
    case tail_rows::none_in_table:
        return settle_decision::keep;
    case tail_rows::no_rows:
        return undo;                // to what it was: rows of the file may be in the table
    case tail_rows::not_comparable: // nothing speaks against the server's word
        return facts.said == fate::committed ? settle_decision::keep : settle_decision::refuse_mixed;
    case tail_rows::some_in_table:
        break;
    }
    return settle_decision::refuse_mixed;
}

settle_decision decide_restoring(const settle_facts& facts) noexcept {
    if (facts.origin == origin::elsewhere)
        return settle_decision::refuse_foreign;
    if (facts.ahead && facts.fate == fate::unknown)
        return settle_decision::refuse_copy;
    switch (facts.fate) {
    case fate::aborted:
        return settle_decision::keep;
    case fate::in_progress:
        return settle_decision::wait;
    case fate::committed:
    case fate::unknown:
        break;
    }
    switch (facts.rows) {
    case tail_rows::not_looked:
        return settle_decision::look_at_rows;
    case tail_rows::none_in_table:
    case tail_rows::no_rows:
        return settle_decision::keep;
    case tail_rows::not_comparable:
    case tail_rows::all_in_table:
    case tail_rows::some_in_table:
        break;
    }
    // Rows that the table has not are in the file still, and those it has are recognised when they are due.
    return settle_decision::restored;
}

write_decision decide_write(write_answer answer, blob_state seen) noexcept {
    switch (seen) {
    case blob_state::as_written:
        return write_decision::done;
    case blob_state::as_before:
        // A failed condition on a blob that looks untouched means that it changed and changed back, and
        // missing blocks cannot be staged again here: both need a fresh start.
        return answer == write_answer::no_answer ? write_decision::again : write_decision::conflict;
    case blob_state::otherwise:
        break;
    }
    return write_decision::conflict;
}

commit_decision decide_commit(db::commit_outcome outcome) noexcept {
    switch (outcome) {
    case db::commit_outcome::committed:
        return commit_decision::finalise;
    case db::commit_outcome::rolled_back:
        return commit_decision::put_back;
    case db::commit_outcome::in_doubt:
        break;
    }
    return commit_decision::ask;
}

commit_decision decide_commit_in_doubt(fate asked) noexcept {
    switch (asked) {
    case fate::committed:
        return commit_decision::finalise;
    case fate::aborted:
        return commit_decision::put_back;
    case fate::in_progress:
        return commit_decision::wait;
    case fate::unknown:
        break;
    }
    return commit_decision::leave_marks;
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
    case settle_decision::restored:
        return "restored";
    case settle_decision::empty:
        break;
    }
    return "empty";
}

std::string_view to_string(fate value) noexcept {
    switch (value) {
    case fate::committed:
        return "committed";
    case fate::aborted:
        return "aborted";
    case fate::in_progress:
        return "in progress";
    case fate::unknown:
        break;
    }
    return "unknown";
}

} // namespace archive
