// Answers queries: parameters are checked, the statement is run in a transaction that can only read, and what
// comes back is a status and a text. Knows no HTTP.
// Behind a pooler that gives each transaction another session: all of a query is one transaction and nothing
// is kept in the session, but for prepared statements. Once one of them is missing, or exists already, the
// desk stops using them.
// Tested by tests/unit/events/queries/query_desk_test.cpp.
#pragma once

#include "async/deadline.hpp"
#include "db/error.hpp"
#include "events/queries/query_sessions.hpp"
#include "events/queries/query_set.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace events {

struct query_answer {
    enum class outcome : std::uint8_t {
        found,
        none,          // with the query's own status
        bad_parameter, // 400
        broken,        // 500: the file has a mistake that only the server could find
        unavailable,   // 503: the database, or no room for one more
    };
    outcome kind = outcome::found;
    unsigned status = 200;
    std::string body;                // of `found`: JSON, or the text
    std::string_view parameter = {}; // of `bad_parameter`, where it is known
    std::string detail = {};         // of the last three: a clause
    bool lacks_a_name = false;       // of `broken`: a table, column or function is not there, perhaps not yet
};

// 503. `detail`: a clause.
[[nodiscard]] query_answer unavailable_now(std::string detail);

class query_desk {
  public:
    // What is referred to must outlive it.
    query_desk(const async::asio::any_io_executor& executor, db::database_access database,
               session_limits limits = {});

    // `values`: of path_names, then of more_names; nullopt is NULL. All must outlive the awaitable. Throws
    // nothing but a cancellation.
    [[nodiscard]] awaitable<query_answer> answer(const query& asked,
                                                 std::vector<std::optional<std::string>> values);
    // What the server says of a query, without running it: "'builds/api/build.sql', line 9: …"; empty: it is
    // good. Throws async::error if the server cannot be asked, or a table is not made yet.
    [[nodiscard]] awaitable<std::string> mistake_in(const query& each);

    void close() { sessions_.close(); }
    [[nodiscard]] std::size_t sessions_in_use() const noexcept { return sessions_.in_use(); }

  private:
    using parameters = std::vector<std::optional<std::string>>;
    using type_list = std::vector<std::uint32_t>; // of parameters, as OIDs of pg_type
    using clock = async::deadline::clock;
    struct session_facts {
        bool reused = false;
        unsigned generation = 0;
    };
    [[nodiscard]] awaitable<query_answer> run(const query& asked, const parameters& values,
                                              session_facts& on);
    [[nodiscard]] awaitable<query_answer> run_on(query_session& session, const query& asked,
                                                 const parameters& values);
    [[nodiscard]] awaitable<void> prepare(query_session& session, const query& asked);
    [[nodiscard]] bool is_prepared(const query_session& session, const query& asked) const;
    // Whether the query is to be run once more: a column may have got another type since it was prepared.
    [[nodiscard]] bool may_have_other_types(const db::error& said, const session_facts& on);
    [[nodiscard]] query_answer answer_to_error(const query& asked, const parameters& values,
                                               const db::error& said) const;

    db::database_access database_;
    query_sessions sessions_;
    bool names_kept_ = true; // prepared statements are still there the next time
    struct description {
        type_list types;
        clock::time_point known_since;
    };
    std::map<const query*, description> described_;
    clock::time_point renewed_; // the sessions
};

} // namespace events
