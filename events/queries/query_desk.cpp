#include "events/queries/query_desk.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "db/error.hpp"
#include "events/queries/parameter_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace events {

namespace {

using async::failure;

constexpr std::chrono::seconds session_patience{5}; // for a session
// Types of columns change while the service runs. The server is asked again at most so often, and only where
// a value or a statement does not fit any more.
constexpr std::chrono::seconds types_last{5};

constexpr unsigned status_bad = 400;
constexpr unsigned status_broken = 500;
constexpr unsigned status_unavailable = 503;

// Another session than the one that the statement was prepared in.
bool is_about_names(const db::error& said) { return said.state() == "26000" || said.state() == "42P05"; }

// A value that its type does not take, where only the server could tell.
bool is_about_values(const db::error& said) {
    constexpr std::array<std::string_view, 8> states{"22P02", "22P05", "22003", "22007",
                                                     "22008", "22009", "22021", "22023"};
    return std::ranges::find(states, said.state()) != states.end();
}

// A LIMIT or an OFFSET below zero: a number of its type all the same.
bool is_about_limits(const db::error& said) { return said.state() == "2201W" || said.state() == "2201X"; }

// What a prepared statement gets where a column, a function or a table is another one than when it was
// prepared: "operator does not exist", "is of type …", "cached plan must not change result type".
bool is_about_types(const db::error& said) {
    constexpr std::array<std::string_view, 4> states{"42883", "42804", "42846", "0A000"};
    return std::ranges::find(states, said.state()) != states.end();
}

// A schema, table, column, function or type that is not there.
bool is_about_missing_names(const db::error& said) {
    constexpr std::array<std::string_view, 5> states{"3F000", "42P01", "42703", "42883", "42704"};
    return std::ranges::find(states, said.state()) != states.end();
}

// 57014: it took longer than its statement_timeout.
bool may_pass_later(const db::error& said) {
    return said.kind() == failure::temporary || said.state() == "57014" || said.state().starts_with("53");
}

std::string place_of_mistake(const query& asked, const db::error& said) {
    const auto line = line_of_character(asked.read.statement, said.position());
    return line == 0 ? fmt::format("'{}'", asked.file) : fmt::format("'{}', line {}", asked.file, line);
}

const std::string& parameter_at(const query_file& read, std::size_t index) {
    const auto inside = read.path_names.size();
    return index < inside ? read.path_names[index] : read.more_names[index - inside];
}

std::optional<query_answer> mistake_in_values(const query& asked, const std::vector<std::uint32_t>& types,
                                              const std::vector<std::optional<std::string>>& values) {
    for (std::size_t at = 0; at < std::min(types.size(), values.size()); ++at) {
        if (!values[at])
            continue;
        const auto mistake = parameter_mistake(types[at], *values[at]);
        if (!mistake.empty())
            return query_answer{query_answer::outcome::bad_parameter,
                                status_bad,
                                {},
                                parameter_at(asked.read, at),
                                std::string(mistake)};
    }
    return std::nullopt;
}

query_answer answer_from_rows(const query_file& read, const db::result& rows) {
    const int count = rows.rows();
    const bool none = count == 0 || (read.form != answer_form::rows && rows.is_null(0, 0));
    if (none && read.status_of_none)
        return {query_answer::outcome::none, *read.status_of_none, {}};
    query_answer made;
    if (read.form != answer_form::rows) {
        made.body = rows.text(0, 0);
        return made;
    }
    made.body = "[";
    for (int each = 0; each < count; ++each)
        made.body.append(each == 0 ? "" : ",").append(rows.text(each, 0));
    made.body += ']';
    return made;
}

} // namespace

query_answer unavailable_now(std::string detail) {
    return {query_answer::outcome::unavailable, status_unavailable, {}, {}, std::move(detail)};
}

query_desk::query_desk(const async::asio::any_io_executor& executor, db::database_access database,
                       session_limits limits)
    : database_(database)
    , sessions_(executor, database, limits) {}

query_answer query_desk::answer_to_error(const query& asked, const parameters& values,
                                         const db::error& said) const {
    if (may_pass_later(said))
        return unavailable_now(said.message());
    const auto found = described_.find(&asked);
    bool may_be_mistaken = false; // a value, which only the server can judge; else the file or the data is
    for (std::size_t at = 0; found != described_.end() && at < values.size(); ++at)
        may_be_mistaken = may_be_mistaken || (values[at] && at < found->second.types.size() &&
                                              !is_wholly_checked(found->second.types[at]));
    const bool is_given = std::ranges::any_of(values, [](const auto& each) { return each.has_value(); });
    if (is_given && is_about_limits(said))
        return {query_answer::outcome::bad_parameter, status_bad, {}, {}, "a limit or an offset is negative"};
    if (may_be_mistaken && is_about_values(said))
        return {query_answer::outcome::bad_parameter, status_bad, {}, {}, "a parameter is not of its type"};
    return {query_answer::outcome::broken,
            status_broken,
            {},
            {},
            fmt::format("{}: {}", place_of_mistake(asked, said), said.message()),
            is_about_missing_names(said)};
}

bool query_desk::may_have_other_types(const db::error& said, const session_facts& on) {
    if (!is_about_types(said))
        return false;
    if (on.generation != sessions_.generation())
        return true; // it was prepared before another query found other types
    const auto now = clock::now();
    if (!on.reused || now - renewed_ < types_last)
        return false;
    renewed_ = now;
    described_.clear();
    sessions_.renew();
    return true;
}

awaitable<query_answer> query_desk::answer(const query& asked, parameters values) {
    // A session that has answered before may have lost its server, and prepared statements may not be kept.
    constexpr int attempts_max = 10;
    for (int attempt = 1;; ++attempt) {
        session_facts on;
        auto done = co_await async::outcome_of(run(asked, values, on));
        if (done.value)
            co_return std::move(*done.value);
        try {
            std::rethrow_exception(done.failed);
        } catch (const db::error& said) {
            const bool names = is_about_names(said);
            names_kept_ = names_kept_ && !names;
            const bool again = names || may_have_other_types(said, on) ||
                               (on.reused && !said.connection_usable() && may_pass_later(said));
            if (!again || attempt == attempts_max)
                co_return answer_to_error(asked, values, said);
        } catch (const async::error& said) {
            co_return unavailable_now(said.message());
        }
    }
}

awaitable<query_answer> query_desk::run(const query& asked, const parameters& values, session_facts& on) {
    auto taken = co_await async::outcome_of(sessions_.take(async::deadline::after(session_patience)));
    if (taken.failed && async::is_cancellation(taken.failed))
        std::rethrow_exception(taken.failed);
    // If no session can be opened, the file is not to blame.
    if (taken.failed)
        co_return unavailable_now(async::describe(taken.failed));
    on = {taken.value->session().reused, taken.value->session().generation};
    auto answered = co_await run_on(taken.value->session(), asked, values);
    co_return answered;
}

awaitable<query_answer> query_desk::run_on(query_session& session, const query& asked,
                                           const parameters& values) {
    if (!is_prepared(session, asked))
        co_await prepare(session, asked);
    auto mistake = mistake_in_values(asked, described_[&asked].types, values);
    if (mistake && clock::now() - described_[&asked].known_since > types_last) {
        co_await prepare(session, asked);
        mistake = mistake_in_values(asked, described_[&asked].types, values);
    }
    if (mistake)
        co_return std::move(*mistake);
    db::reading_statement statement{asked.settings, asked.read.statement, {}};
    if (names_kept_ && session.prepared.contains(asked.name))
        statement.name = asked.name;
    const auto rows = co_await session.connection->read(std::move(statement), values);
    co_return answer_from_rows(asked.read, rows);
}

bool query_desk::is_prepared(const query_session& session, const query& asked) const {
    return described_.contains(&asked) && (!names_kept_ || session.prepared.contains(asked.name));
}

// A statement that has its name in the session already is only described, without one. If its types differ,
// the sessions are renewed.
awaitable<void> query_desk::prepare(query_session& session, const query& asked) {
    db::reading_statement statement{asked.settings, asked.read.statement, {}};
    const bool named = names_kept_ && !session.prepared.contains(asked.name);
    if (named)
        statement.name = asked.name;
    auto found = co_await session.connection->prepare(std::move(statement));
    if (named)
        session.prepared.insert(asked.name);
    auto& known = described_[&asked];
    if (!named && names_kept_ && known.types != found) {
        session.prepared.erase(asked.name); // run without it: its name is taken by what was prepared before
        sessions_.renew();
    }
    known = {std::move(found), clock::now()};
}

awaitable<std::string> query_desk::mistake_in(const query& each) {
    auto taken = co_await sessions_.take(async::deadline::after(session_patience));
    db::reading_statement statement{each.settings, each.read.statement, {}};
    std::string mistake;
    try {
        auto types = co_await taken.session().connection->prepare(std::move(statement));
        described_[&each] = {std::move(types), clock::now()};
    } catch (const db::error& said) {
        if (may_pass_later(said) || said.state() == "42P01")
            throw;
        mistake = fmt::format("{}: {}", place_of_mistake(each, said), said.message());
    }
    co_return mistake;
}

} // namespace events
