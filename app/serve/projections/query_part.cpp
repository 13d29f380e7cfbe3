#include "app/serve/projections/query_part.hpp"

#include "app/run/projections/projections_of.hpp"
#include "app/serve/answers.hpp"
#include "app/serve/projections/query_answers.hpp"
#include "app/serve/projections/served_queries.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace app {

using async::awaitable;

namespace {

using definition_list = std::vector<events::projection_definition>;

constexpr std::chrono::seconds pause_before_tables{5};
constexpr std::chrono::seconds proved_for{30};
// For a database that takes connections and says nothing: less than the patience of a probe.
constexpr std::chrono::seconds proof_patience{2};
// How long a request waits for tables that are being made, and until when after the start.
constexpr std::chrono::seconds tables_patience{5};
constexpr std::chrono::seconds tables_made_by{60};
constexpr std::chrono::milliseconds pause_between_looks{100};
// A client that does not read keeps its answer until SERVE_CLIENT_TIMEOUT.
constexpr std::size_t answers_max = std::size_t{64} << 20; // bytes; docs/queries.md

events::query_set queries_of(const definition_list& definitions, const configuration& settings,
                             async::log& log) {
    auto set = served_queries(definitions, settings);
    for (const auto& each : set.mistakes)
        log.error("query.broken", "a file of a projection cannot be served: " + each);
    return set;
}

// A service that does goes on accepting while its database is away; one that only answers is of no use then.
bool accepts_events(const configuration& settings) {
    return !settings.journal.none && settings.serving.takes_events();
}

// "builds/plugins/organization/api/disk_usage.sql" as "builds_organization_disk_usage".
std::string operation_name(std::string_view file) {
    std::string name;
    for (auto rest = file.substr(0, file.rfind('.')); !rest.empty();) {
        const auto part = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        if (part != "api" && part != "plugins")
            name.append(name.empty() ? "" : "_").append(part);
    }
    return name;
}

} // namespace

query_part::query_part(serve_surroundings around)
    : around_(around)
    , connections_(around.executor, around.settings, std::nullopt, around.frame.blocking_calls(),
                   around.frame.log())
    , definitions_(projections_with_queries(around.settings))
    , set_(queries_of(definitions_, around.settings, around.frame.log()))
    , desk_(around.executor, connections_.database())
    , budget_(answers_max)
    , making_(around.executor) {
    for (const auto& each : set_.queries) {
        unproved_.insert(each.get());
        describe(*each);
    }
}

void query_part::describe(const events::query& which) {
    auto& made = described_.emplace_back();
    const auto& read = which.read;
    made.name = operation_name(which.file);
    made.summary = fmt::format("The query {} of the projection '{}'", which.file, which.projection);
    const std::string_view type = read.form == events::answer_form::text ? "text/plain" : "application/json";
    made.answers.push_back({200, type, "", "what the query gives"});
    made.answers.push_back({304, "", "", "the same as the client's If-None-Match names"});
    if (!read.path_names.empty() || !read.more_names.empty())
        made.answers.push_back({400, "application/json", "", "a parameter is not of its type"});
    if (read.status_of_none && *read.status_of_none != 200)
        made.answers.push_back(
            {*read.status_of_none, "application/json", "", "what the request names is not there"});
    made.answers.push_back({500, "application/json", "", "the file has a mistake: see the log"});
    made.answers.push_back({503, "application/json", "", "the database does not answer: see Retry-After"});
    for (const auto& each : read.more_names)
        made.query_names.emplace_back(each);
}

std::vector<http::route> query_part::routes() {
    std::vector<http::route> table;
    for (const auto& each : set_.queries) {
        const http::handler answering = [this, which = each.get()](http::request& asked) {
            return answer(*which, asked);
        };
        http::route made;
        made.method = "GET";
        made.pattern = each->read.path;
        made.answer = [this, answering](http::request& asked) {
            return guarded(answering, asked, around_.frame.log());
        };
        table.push_back(std::move(made));
    }
    return table;
}

std::vector<api_operation> query_part::operations() const {
    std::vector<api_operation> rows;
    for (std::size_t at = 0; at < described_.size(); ++at) {
        const auto& told = described_[at];
        api_operation row{operation::query, told.name,   "GET", set_.queries[at]->read.path,
                          told.summary,     told.answers};
        row.query_texts = told.query_names;
        rows.push_back(row);
    }
    return rows;
}

std::vector<readiness_probe> query_part::probes() {
    std::vector<readiness_probe> all;
    if (!set_.queries.empty() || !set_.mistakes.empty())
        all.push_back({"queries", [this] { return problem(); }, proved_for});
    if (!accepts_events(around_.settings))
        all.push_back(database_probe(connections_.database()));
    return all;
}

awaitable<events::query_answer> query_part::answer_once_made(const events::query& which,
                                                             std::vector<std::optional<std::string>> values) {
    const auto patience =
        std::min(std::chrono::steady_clock::now() + tables_patience, began_ + tables_made_by);
    for (;;) {
        auto answered = co_await desk_.answer(which, values);
        if (!answered.lacks_a_name && answered.kind != events::query_answer::outcome::unavailable)
            worked_.insert(&which);
        if (!answered.lacks_a_name || worked_.contains(&which) || std::chrono::steady_clock::now() > patience)
            co_return answered;
        co_await async::pause(pause_between_looks);
    }
}

awaitable<http::response> query_part::answer(const events::query& which, http::request& asked) {
    std::vector<std::optional<std::string>> values;
    for (const auto& each : which.read.path_names)
        values.emplace_back(asked.parameters.at(each));
    for (const auto& each : which.read.more_names)
        values.push_back(asked.query_value(each));
    auto answered = co_await answer_once_made(which, std::move(values));
    auto room = budget_.take(answered.body.size());
    if (!room)
        answered = events::unavailable_now("answers that wait for their clients take 64 MiB already");
    if (answered.kind == events::query_answer::outcome::broken ||
        answered.kind == events::query_answer::outcome::unavailable)
        around_.frame.log().warn("query.failed", "a query could not be answered: " + answered.detail,
                                 {{"path", asked.path}, {"request_id", asked.id}, {"file", which.file}});
    auto made = response_to(std::move(answered), which.read.form, error_words_of(which.projection), asked);
    made.room = std::move(room);
    co_return made;
}

// A file in which the server has found a mistake stays a problem until the server finds none.
awaitable<std::string> query_part::problem() {
    if (!set_.mistakes.empty())
        co_return set_.mistakes.front();
    const auto patience = async::deadline::after(proof_patience);
    const std::vector<const events::query*> asked(unproved_.begin(), unproved_.end());
    for (const auto* const each : asked) {
        std::string mistake;
        try {
            mistake = co_await async::with_deadline(desk_.mistake_in(*each), patience, "the database");
        } catch (const async::error& failed) {
            // The file has no mistake: the database does not answer, or a table does not exist yet. A service
            // that accepts events goes on; one that only answers queries waits for its tables.
            if (failed.kind() == async::failure::temporary)
                break;
            if (around_.settings.journal.none)
                co_return fmt::format("'{}': {}", each->file, failed.message());
            continue;
        }
        if (!mistake.empty())
            co_return mistake;
        unproved_.erase(each);
    }
    co_return std::string();
}

bool query_part::needs_tables(const events::projection_definition& which) const {
    return which.mistake.empty() && !which.api.empty() && !roles_of(which, around_.settings).runs_here;
}

awaitable<void> query_part::make_tables() {
    const std::function<awaitable<void>(db::connection&)> body =
        [this](db::connection& session) -> awaitable<void> {
        co_await events::make_schema(session, around_.frame.log());
        for (const auto& each : definitions_)
            if (needs_tables(each))
                (void)co_await events::migrate(session, each, around_.frame.log());
    };
    co_await db::with_session(connections_.database(), body);
}

awaitable<void> query_part::work() {
    const auto needs = [this](const events::projection_definition& each) { return needs_tables(each); };
    if (std::ranges::none_of(definitions_, needs))
        co_return;
    making_.start(keep_making_tables());
    if (around_.stopping)
        making_.cancel();
    co_await making_.join();
}

awaitable<void> query_part::keep_making_tables() {
    bool told = false;
    for (;;) {
        const auto failed = co_await async::caught_error(make_tables());
        if (!failed)
            co_return;
        if (!std::exchange(told, true))
            around_.frame.log().warn("query.no_tables",
                                     "the tables of the projections could not be made; it is tried again",
                                     {{"error.message", async::describe(failed)}});
        co_await async::pause(pause_before_tables);
    }
}

void query_part::release() {
    desk_.close();
    connections_.close();
}

} // namespace app
