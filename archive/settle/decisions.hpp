// What to do next, as pure functions from facts to a value. The coroutines around them only gather the facts
// and carry out the answer. docs/protocol.md explains each row.
#pragma once

#include "archive/table/sample_seen.hpp"
#include "db/fate.hpp"

#include <cstdint>
#include <string_view>

namespace archive {

// --- Settling: what becomes of a tail whose file is marked pending. ---

// The fate to rely on. A server restored from a copy of its files may have given the number to another
// transaction since. A committed transaction has left no row of its tail in the table, an aborted one has
// left them all; where the sample contradicts `asked`, the fate is unknown. So is an abort that is not
// `certain`: the sample may be older than the copy that was put back, and later rows of the tail may not be.
[[nodiscard]] db::fate believe(db::fate asked, sample_seen sample, bool certain) noexcept;

enum class origin : std::uint8_t { this_database, elsewhere };
enum class tail_rows : std::uint8_t {
    not_looked,
    all_in_table, // each of them, byte for byte
    none_in_table,
    some_in_table,
    not_comparable, // none is there byte for byte, but that proves nothing: see `judge_rows`
    no_rows,        // nothing was added: the transaction deleted rows that the file had already
};

// How many rows of a tail the table has.
struct row_counts {
    std::uint64_t total = 0;
    std::uint64_t to_the_letter = 0;
    std::uint64_t other_content = 0; // a row has the key, with other bytes
};
// `hidden`: row security may hide rows from the session. `same_types`: the columns are known to be of the
// types they had, so that other bytes are another row.
[[nodiscard]] tail_rows judge_rows(const row_counts& seen, bool hidden, bool same_types) noexcept;

struct settle_facts {
    archive::origin origin = origin::this_database;
    db::fate fate = db::fate::unknown; // as it is believed
    tail_rows rows = tail_rows::not_looked;
    bool has_base = false;             // the file had content before the tail
    db::fate said = db::fate::unknown; // by the server
    // The mark was written further on in the log, or on a later timeline, than this server is: it may be a
    // copy of the one that wrote it.
    bool ahead = false;
    // The answer "aborted" is certain: the server has run ever since the mark was written, or a dry run wrote
    // the tail. Rows of it that the table lacks were changed, deleted or archived elsewhere meanwhile.
    bool certain = false;
    bool keys_in_table = false;
    // The table has rows that may be rows of the file under other keys.
    bool may_be_moved = false;
};

enum class settle_decision : std::uint8_t {
    keep,           // the rows are gone from the table: clear the mark
    take_back,      // the rows are in the table: commit the block list without the tail
    remove,         // the same where the tail is the whole file
    wait,           // the transaction is still running
    look_at_rows,   // only the tail's own rows can decide
    refuse_foreign, // the mark is of another cluster or database
    refuse_mixed,   // the rows are partly in the table, or cannot be compared: a person must look
    refuse_copy,    // this server may be a copy: a person must look
    refuse_gone,    // rolled back for certain, and no row is in the table: a person must look
    restored,       // rows are back in the table: say so; the file keeps them for now
    empty,          // a person says that the table's rows count: only the header stays
};
[[nodiscard]] bool is_refusal(settle_decision decision) noexcept;
[[nodiscard]] settle_decision decide_settling(const settle_facts& facts) noexcept;
// The same for a file that was being moved back into the table; `rows` are all of the file's, `has_base` says
// nothing. The file keeps its rows in any case.
[[nodiscard]] settle_decision decide_restoring(const settle_facts& facts) noexcept;

[[nodiscard]] std::string_view to_string(settle_decision decision) noexcept;

} // namespace archive
