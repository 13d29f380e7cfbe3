// Every setting of PostgreSQL that changes what a value means on its way in or out, in which order rows come,
// or which rows a query returns. A role or a database may have any of them set. Each transaction sets them
// for itself alone (an ordinary role may, also behind a pooler) and reads them back.
//
// Left alone, and why: lc_time and lc_messages (names of days and texts of errors, which nothing here reads);
// default_text_search_config (a tsvector's text does not depend on it); enable_*, geqo and the like (plans:
// an order is asked for where it matters); session_replication_role (superusers' own; it decides which
// triggers fire); client_min_ messages (notices); default_transaction_* (BEGIN says each of them itself);
// exit_on_error, role.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace db {

enum class pinned_for : std::uint8_t {
    every_transaction,
    our_statements, // not where a user's own statements run: there it is part of what they mean
};

struct session_setting {
    std::string_view name;
    std::string_view value; // as SHOW shows it
    pinned_for scope;
    std::string_view why;
};

inline constexpr std::array session_settings{
    // --- how values are written and read ---
    session_setting{"TimeZone", "UTC", pinned_for::every_transaction,
                    "a day is a UTC day; timestamptz is written with +00"},
    session_setting{"DateStyle", "ISO, MDY", pinned_for::every_transaction,
                    "dates are written as ISO 8601, and read so whatever the order of day and month"},
    session_setting{"IntervalStyle", "postgres", pinned_for::every_transaction,
                    "intervals are written and read in one form"},
    session_setting{"extra_float_digits", "3", pinned_for::every_transaction,
                    "a float comes back as it was, as pg_dump does it"},
    session_setting{"bytea_output", "hex", pinned_for::every_transaction, "bytea is written in one form"},
    session_setting{"client_encoding", "UTF8", pinned_for::every_transaction, "files are UTF-8"},
    // Before search_path, whose names would be shown quoted.
    session_setting{"quote_all_identifiers", "off", pinned_for::our_statements,
                    "names, as regclass writes them and marks hold them, are quoted where they must be"},
    session_setting{
        "search_path", "pg_catalog, pg_temp", pinned_for::our_statements,
        "no function or operator of others is called in place of PostgreSQL's; regclass and the like are"
        " written with their schema"},
    session_setting{"array_nulls", "on", pinned_for::our_statements, "NULL in an array is not the word NULL"},
    session_setting{"xmloption", "content", pinned_for::our_statements,
                    "xml that is no document is read, as pg_dump does it"},
    session_setting{"xmlbinary", "base64", pinned_for::our_statements, "bytea within xml in one form"},
    session_setting{"lc_monetary", "C", pinned_for::our_statements,
                    "money is written and read in one form, on each server: $1,234.50"},
    session_setting{"lc_numeric", "C", pinned_for::our_statements, "to_char and to_number know one form"},
    session_setting{"timezone_abbreviations", "Default", pinned_for::our_statements,
                    "EST in a file of others means one offset"},
    // --- what a statement's text means ---
    session_setting{"standard_conforming_strings", "on", pinned_for::our_statements,
                    "a backslash in '...' is a backslash"},
    session_setting{"backslash_quote", "safe_encoding", pinned_for::our_statements,
                    "what \\' means in an E'...' is the default's"},
    session_setting{"transform_null_equals", "off", pinned_for::our_statements,
                    "x = NULL is unknown, not x IS NULL"},
    // --- which rows, in which order ---
    session_setting{"synchronize_seqscans", "off", pinned_for::every_transaction,
                    "two scans of a large table begin at its beginning: the same LIMIT gives the same rows"},
    session_setting{"gin_fuzzy_search_limit", "0", pinned_for::every_transaction,
                    "no random part of what a GIN index finds"},
    session_setting{
        "row_security", "on", pinned_for::our_statements,
        "policies decide, as they do for a role that has set nothing; off would be an error for each query"},
    // --- how long it may take ---
    session_setting{"statement_timeout", "0", pinned_for::every_transaction,
                    "COPY of a day takes what it takes"},
    session_setting{"idle_in_transaction_session_timeout", "0", pinned_for::every_transaction,
                    "the transaction waits for the lake"},
};

// These hide damage, and only a superuser can set them: the run does not begin with them.
struct forbidden_setting {
    std::string_view name;
    std::string_view value; // as it must be
};
inline constexpr std::array forbidden_settings{
    forbidden_setting{"zero_damaged_pages", "off"},      // rows of a damaged page vanish without a word
    forbidden_setting{"ignore_checksum_failure", "off"}, // and are archived as they are
};

} // namespace db
