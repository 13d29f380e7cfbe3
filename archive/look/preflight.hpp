// What a run needs, checked before a run: a line for each precondition, with what is missing and how to grant
// it.
#pragma once

#include "archive/settings.hpp"
#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "db/session_scope.hpp"
#include "lake/folder/folder.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

using async::awaitable;

enum class check_status : std::uint8_t {
    ok,
    warning, // a run works, but not well, or not always
    failed,  // a run would end with the failure
    skipped, // a check that it needs has failed
};
[[nodiscard]] std::string_view to_string(check_status status) noexcept;

struct check_line {
    std::string name; // stable: "database", "select", "index", …
    check_status status = check_status::ok;
    std::string detail = {};
    std::string remedy = {}; // the SQL, the role, the setting
    std::optional<async::failure> failure = {};
};

void add_line(std::vector<check_line>& lines, std::string name, check_status status, std::string detail,
              std::string remedy = {});

// Decided by the first failure; nullopt if a run can begin.
[[nodiscard]] std::optional<async::failure> verdict_of(const std::vector<check_line>& lines) noexcept;

// --- Pure judgements, for their tests ---

struct session_facts {
    std::string role; // quoted
    bool superuser = false;
    bool identity_visible = true;
    std::string encoding;         // of the database
    std::string writable;         // schemas on the path in which this role may create, quoted
    std::string others_may_write; // schemas on the path in which others may
};
[[nodiscard]] std::vector<check_line> judge_session(const session_facts& facts);

// A number of connections that something may have at the same time.
struct connection_limit {
    std::string of;     // "role archiver"
    int most = 0;       // that it may have
    int others = 0;     // that others have of these now
    std::string remedy; // "ALTER ROLE archiver CONNECTION LIMIT {};"
};
struct connections_needed {
    int least = 2; // a second session makes the transaction's number durable
    int most = 2;
    std::string fewer = {}; // how to do with fewer: "ARCHIVE_PARALLEL=1"; may be empty
};
[[nodiscard]] check_line judge_connections(const std::vector<connection_limit>& limits,
                                           connections_needed needed);

inline constexpr int server_version_min = 130'000; // pg_current_xact_id()

// `ahead`: by how much the other clock is ahead of ours.
[[nodiscard]] check_line judge_clock(std::string name, std::optional<std::chrono::milliseconds> ahead);
[[nodiscard]] check_line judge_version(int server_version);
// `read_only`: its transactions are so by default.
[[nodiscard]] check_line judge_primary(bool standby, bool read_only = false);
// What is to be run.
enum class preflight_aim : std::uint8_t {
    archive,
    restore, // in place
};

struct table_rights {
    std::string table;    // quoted
    std::string role;     // quoted
    std::string schema;   // quoted
    std::string database; // quoted
    bool usage = true;
    bool select = true;
    bool remove = true;
    bool insert = true;
    bool temporary = true; // tables in the database
};
[[nodiscard]] std::vector<check_line> judge_rights(const table_rights& rights,
                                                   preflight_aim aim = preflight_aim::archive);

// Awaited after each check with all lines so far. Lines are only added.
using check_listener = std::function<awaitable<void>(const std::vector<check_line>&)>;

struct preflight_context {
    const archive::settings& settings;
    db::database_access database;
    lake::folder& lake;
    std::string database_name; // for people, without a password
    std::string account;       // name and kind of credential
    std::string nonce;         // of the probe blob
    preflight_aim aim = preflight_aim::archive;
    std::string grant = {};                // what gives this credential its permissions: the remedy
    std::function<check_line()> link = {}; // what is known of the connection once it is made; may be empty
    check_listener ended = {};             // may be empty
};

[[nodiscard]] awaitable<void> tell(const preflight_context& context, const std::vector<check_line>& lines);

// Makes all checks, also after one has failed. Writes one blob, event-archiver-check-<nonce>, where the
// container exists, and deletes it again.
[[nodiscard]] awaitable<std::vector<check_line>> preflight(preflight_context context);

// Its two halves. This one returns the table, if it could be described.
[[nodiscard]] awaitable<std::optional<table_description>> check_database(const preflight_context& context,
                                                                         std::vector<check_line>& lines);
// Checks whether the storage account and the container can be read and written to. Outer nullopt: they cannot
// be read. Inner nullopt: there is no container yet. Otherwise the archive's files.
[[nodiscard]] awaitable<std::optional<std::optional<lake::file_map>>>
check_storage(const preflight_context& context, std::vector<check_line>& lines);
[[nodiscard]] awaitable<void> check_lake(const preflight_context& context,
                                         const std::optional<table_description>& table,
                                         std::vector<check_line>& lines);

// Finds files that a run has rows for and would refuse: because of the blob, because of their columns, or
// because rows that were restored from them were changed. Also finds pending files whose transaction was
// rolled back and whose rows are gone from the table. Files of both kinds are read if they are small
// together. Returns the names of the files that have a line.
[[nodiscard]] awaitable<std::set<std::string>> check_due_files(const preflight_context& context,
                                                               const table_description& table,
                                                               const lake::file_map& files,
                                                               std::vector<check_line>& lines);

// The session's own properties: the role's rights, its search_path, the server's identity and encoding.
// Before a transaction.
[[nodiscard]] awaitable<void> check_session(db::connection& session, std::vector<check_line>& lines);

// The parts of the table's definition that end a run or change what it does: rules, triggers, foreign keys.
// `policy`: what a run does about rows of other tables. In a transaction.
[[nodiscard]] awaitable<void> check_obstacles(db::connection& session, const table_description& table,
                                              db::side_effects policy, std::vector<check_line>& lines);
// The same for a restore in place.
[[nodiscard]] awaitable<void> check_restore_obstacles(db::connection& session, const table_description& table,
                                                      std::vector<check_line>& lines);
// How many connections the role, the database and the server allow. Before a transaction.
[[nodiscard]] awaitable<void> check_connections(db::connection& session, connections_needed needed,
                                                std::vector<check_line>& lines);

// The line for an exception. Rethrows a cancellation.
[[nodiscard]] check_line failed_line(std::string name, const std::exception_ptr& failed);

} // namespace archive
