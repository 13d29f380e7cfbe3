#include "archive/table/types_judge.hpp"

#include "archive/table/file_header.hpp"
#include "archive/table/types_then.hpp"

namespace archive {

bool types_judge::needs_texts(const lake::file_record& written) const {
    return !texts_ && written.rows > 0 && written.types != 0 && written.types != table_.types &&
           has_parts(table_.definitions);
}

void types_judge::know(const lake::types_texts& texts) {
    texts_ = texts;
    judged_.clear();
}

types_judge::verdict types_judge::judge(const lake::file_record& written) const {
    const auto added = labels_added(written.position, here_);
    if (const auto then = texts_ ? types_from(*texts_, written.types) : std::nullopt) {
        const bool kept = definitions_kept(*then, table_.typed, table_.definitions, added);
        const auto changed = changed_columns(*then, table_.typed);
        return {kept && changed && changed->empty(), kept};
    }
    // The ledger does not have the text: changes that would explain the checksum are tried.
    const bool same = had_these_types(table_.typed, table_.definitions, written.types, added);
    return {same, same || type_when_written(table_.typed, table_.definitions, written.types)};
}

const types_judge::verdict& types_judge::verdict_on(const lake::file_record& written) {
    const std::pair key(written.types, labels_added(written.position, here_));
    const auto found = judged_.find(key);
    return found != judged_.end() ? found->second : judged_.emplace(key, judge(written)).first->second;
}

bool types_judge::means_the_same(const lake::file_record& written) {
    return written.types == table_.types || verdict_on(written).same;
}

std::optional<lake::refusal> types_judge::mistake(const lake::file_mark& mark) {
    const auto& now = mark.now;
    if (now.rows == 0 || now.types == 0 || now.types == table_.types || !has_parts(table_.definitions) ||
        verdict_on(now).kept)
        return std::nullopt;
    return lake::refusal{
        async::failure::precondition,
        "labels or attributes of its columns' types may have been changed since it was written",
        "Give them the names that they had. If all that the file has means the same today, run "
        "`event-archiver recover --keep FILE`. Otherwise move the file to another folder; the new rows then "
        "begin a new one. Then tell the ledger: `event-archiver recover --discard FILE`."};
}

std::optional<lake::refusal> types_judge::mistake_if_due(const lake::listed_file& file) {
    const auto& mark = file.mark.mark;
    const bool appended_to = is_as_marked(file) && !mark->restored &&
                             db::compare_histories(mark->now.position, here_) == db::history::same;
    return appended_to ? mistake(*mark) : std::nullopt;
}

} // namespace archive
