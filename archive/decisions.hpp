// What to do next, as pure functions from facts to a value. The coroutines around them only gather the facts
// and carry out the answer. docs/protocol.md explains each row.
#pragma once

#include "db/transaction.hpp"

#include <cstdint>
#include <string_view>

namespace archive {

// What PostgreSQL says of a transaction (pg_xact_status).
enum class fate : std::uint8_t {
    committed,
    aborted,
    in_progress,
    unknown, // too old to tell, not reached by this server, or this server's history is not the one it ran in
};

// What pg_xact_status says, and whether the snapshot at hand has that transaction behind it. One that
// committed after the snapshot was taken is as good as in progress: the rows that the snapshot shows are
// those before it.
[[nodiscard]] fate fate_seen(std::string_view status, bool behind_snapshot) noexcept;

// --- Settling: what becomes of a tail whose file is marked pending. ---

// What to believe of `asked`. A server restored from a copy of its files may have given the number to another
// transaction since: one that is said to have committed has left no row of its tail in the table.
[[nodiscard]] fate believe(fate asked, bool tail_row_in_table) noexcept;

enum class origin : std::uint8_t { this_database, elsewhere };
enum class tail_rows : std::uint8_t {
    not_looked,
    all_in_table,
    none_in_table,
    some_in_table,
    no_rows, // nothing was added: the transaction deleted rows that the file had already
};

struct settle_facts {
    archive::origin origin = origin::this_database;
    archive::fate fate = fate::unknown;
    tail_rows rows = tail_rows::not_looked;
    bool has_base = false; // the file had content before the tail
};

enum class settle_decision : std::uint8_t {
    keep,           // the rows are gone from the table: clear the mark
    take_back,      // the rows are in the table: commit the block list without the tail
    remove,         // the same where the tail is the whole file
    wait,           // the transaction is still running
    look_at_rows,   // only the tail's own rows can tell
    refuse_foreign, // the mark is of another cluster or database
    refuse_mixed,   // the rows are partly in the table: a person must look
    restored,       // rows are back in the table: say so; the file keeps them for now
    empty,          // a person says that the table's rows count: only the header stays
};
[[nodiscard]] settle_decision decide_settling(const settle_facts& facts) noexcept;
// The same for a file that was being moved back into the table; `rows` are all of the file's, `has_base` says
// nothing. It keeps its rows, whatever becomes of it.
[[nodiscard]] settle_decision decide_restoring(const settle_facts& facts) noexcept;

// --- A publishing write (Put Block List, Set Metadata, Delete) whose answer was unclear. ---

enum class write_answer : std::uint8_t { no_answer, condition_failed, blocks_missing };
enum class blob_state : std::uint8_t {
    as_written, // it is as the write would have left it
    as_before,  // it is as the write's condition expects it
    otherwise,
};
enum class write_decision : std::uint8_t {
    done,     // it took effect
    again,    // it has not (yet): send the identical request again; its condition makes that safe
    conflict, // somebody else wrote, or our blocks are gone
};
[[nodiscard]] write_decision decide_write(write_answer answer, blob_state seen) noexcept;

// --- COMMIT. ---

enum class commit_decision : std::uint8_t {
    finalise,    // clear the marks
    put_back,    // nothing was committed: put the files back
    ask,         // connect again and ask for the transaction's fate
    wait,        // it is still being decided
    leave_marks, // nobody can tell now: the next run settles
};
[[nodiscard]] commit_decision decide_commit(db::commit_outcome outcome) noexcept;
[[nodiscard]] commit_decision decide_commit_in_doubt(fate asked) noexcept;

[[nodiscard]] std::string_view to_string(settle_decision decision) noexcept;
[[nodiscard]] std::string_view to_string(fate value) noexcept;

} // namespace archive
