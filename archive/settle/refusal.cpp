#include "archive/settle/refusal.hpp"

#include "archive/settle/verdict.hpp"
#include "archive/table/row_key.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>

namespace archive {

using async::failure;

async::error refusal(settle_decision decision, const settle_facts& facts, const table_description& table,
                     const db::server_position& position, const lake::listed_file& file,
                     const rows_of_file& seen, bool hidden) {
    const auto& name = file.properties.name;
    const auto author = lake::awaited(*file.mark.mark).value();
    if (decision == settle_decision::refuse_foreign)
        return {
            failure::integrity,
            fmt::format("'{}' waits for transaction {} on table {} of cluster {}, database {}; this is table"
                        " {} of cluster {}, database {}",
                        name, author.transaction, file.mark.mark->table, author.position.cluster,
                        author.position.database, table.named.in_mark(), position.cluster, position.database),
            "Run `event-archiver recover` against the database that wrote it. " + std::string(verdict_hint)};
    if (decision == settle_decision::refuse_copy)
        return {
            failure::integrity,
            fmt::format("'{}' waits for transaction {} of a server that was further on than this one"
                        " (timeline {}, log position {}; here {}, {}): this server may be a copy, or was"
                        " put back to an earlier state",
                        name, author.transaction, author.position.timeline, author.position.lsn,
                        position.timeline, position.lsn),
            "If it is a copy, give it another ARCHIVE_PATH and change nothing here. If it is the server that"
            " the folder belongs to now, decide: " +
                std::string(verdict_hint)};
    if (!seen.comparable)
        return {
            failure::integrity,
            fmt::format("'{}' waits for transaction {}, of which the server says '{}', and its rows cannot"
                        " be compared with {}: it has no column for the {}",
                        name, author.transaction, to_string(facts.said), table.name, key_names(table)),
            std::string(verdict_hint)};
    const auto& counts = seen.counts;
    if (decision == settle_decision::refuse_gone)
        return {failure::integrity,
                fmt::format(
                    "'{}' has {} rows of transaction {}, which was rolled back{}, and none of them is in"
                    " {}: they have been archived into another folder since, or deleted{}",
                    name, counts.total, author.transaction,
                    file.mark.mark->now.dry_run ? " as a dry run is" : "", table.name,
                    moments_in_key(table).empty() ? "" : ", or given another time, which is part of the key"),
                fmt::format("If another folder has these rows, they were deleted on purpose, or the table has"
                            " them under other keys, run `event-archiver recover --discard {0}`. If this "
                            "file is their only copy, run"
                            " `event-archiver recover --keep {0}`.",
                            lake::name_alone(name))};
    auto message =
        fmt::format("'{}' waits for transaction {}, of which the server says '{}', and {} of the {}"
                    " rows it moved are in the table",
                    name, author.transaction, to_string(facts.said), counts.to_the_letter, counts.total);
    if (counts.other_content > 0)
        message += fmt::format(", and {} keys with other content", counts.other_content);
    if (seen.moved > 0)
        message += fmt::format(", and {}{} under other keys, if they are the same rows",
                               seen.moved > keys_shown ? "at least " : "", seen.moved);
    if (hidden)
        message += "; row security, or a partition whose DETACH CONCURRENTLY was cancelled, may hide rows "
                   "from this role, so that nothing is known of the others";
    if (!seen.present.empty())
        message +=
            fmt::format(": {} {}{}", key_names(table), fmt::join(seen.present, ", "),
                        counts.to_the_letter + counts.other_content > seen.present.size() ? ", …" : "");
    return {failure::integrity, std::move(message), std::string(verdict_hint)};
}

} // namespace archive
