#include "app/serve/status/status_part.hpp"

#include "app/page/page_assets.hpp"
#include "app/serve/answers.hpp"
#include "app/text/export_json.hpp"
#include "app/text/json_text.hpp"
#include "app/text/utf8.hpp"
#include "async/caught.hpp"
#include "async/race.hpp"
#include "async/utc_time.hpp"
#include "db/session_scope.hpp"
#include "http/client/base64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <utility>

namespace app {

using async::awaitable;
using async::deadline;

namespace {

namespace json = boost::json;
using clock = std::chrono::system_clock;

constexpr std::chrono::seconds cached_for{1};
constexpr std::chrono::seconds noted_every{5};
constexpr std::chrono::seconds look_patience{3}; // for the database, and for the journal
constexpr std::size_t topics_shown_max = 100;

std::string as_csp_hash(const page_asset& asset) {
    std::vector<unsigned char> bytes(asset.sha256.size() / 2);
    for (std::size_t each = 0; each < bytes.size(); ++each)
        std::from_chars(asset.sha256.data() + 2 * each, asset.sha256.data() + 2 * each + 2, bytes[each], 16);
    return fmt::format("'sha256-{}'", http::base64_encode(bytes));
}

void fill_in(std::string& text, std::string_view mark, std::string_view by) {
    text.replace(text.find(mark), mark.size(), by);
}

// One document that loads nothing: a browser runs its own script and style and no others.
http::response made_page() {
    std::string text(status_html.text);
    fill_in(text, "/* status.css */", status_css.text);
    fill_in(text, "/* status.js */", status_js.text);
    auto made = http::text_response("text/html; charset=utf-8", std::move(text));
    made.headers = {
        {"Content-Security-Policy",
         fmt::format("default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:;"
                     " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                     as_csp_hash(status_css), as_csp_hash(status_js))},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-cache"},
        {"Vary", "Accept"},
    };
    return made;
}

std::string shown_place(const journal_settings& settings) {
    return settings.in_kafka() ? "kafka://" + settings.brokers : settings.directory.string();
}

} // namespace

status_part::status_part(serve_surroundings around, shown_parts shown)
    : around_(around)
    , shown_(shown)
    , page_(made_page())
    , document_(
          around.executor, [this] { return look(); }, cached_for)
    , stopped_(around.executor) {}

std::vector<http::route> status_part::routes() {
    auto& log = around_.frame.log();
    std::vector<http::route> table;
    table.push_back(route_of(
        operation::status_page, [this](http::request&) { return page(); }, log));
    table.push_back(route_of(
        operation::status_data, [this](http::request&) { return status(); }, log));
    return table;
}

std::vector<api_operation> status_part::operations() const {
    return operations_of({operation::status_page, operation::status_data});
}

http::route status_part::front_route() {
    http::route made;
    made.method = "GET";
    made.pattern = "/";
    made.answer = [this](http::request&) { return page(); };
    made.access = http::access::open;
    made.routine = true;
    made.any_site = true;
    return made;
}

awaitable<http::response> status_part::page() { co_return page_; }

awaitable<http::response> status_part::status() {
    const auto kept = co_await document_.get();
    auto made = http::text_response("application/json", *kept);
    made.headers.emplace_back("Cache-Control", "no-store");
    co_return made;
}

awaitable<std::string> status_part::look() {
    json::object body;
    body["schema"] = "event-archiver/status/v1";
    const auto checks = co_await shown_.ready.look();
    const bool good = std::ranges::all_of(checks, [](const auto& each) { return each.problem.empty(); });
    body["state"] = around_.stopping ? "stopping" : good ? "ready" : "not ready";
    body["checks"] = json_of(checks);
    co_await add_events(body);
    co_await add_exports(body);
    add_archive(body);
    body["version"] = EVENT_ARCHIVER_VERSION;
    body["started"] = async::utc_text(std::chrono::floor<std::chrono::milliseconds>(started_));
    body["time"] = async::utc_text(std::chrono::floor<std::chrono::milliseconds>(clock::now()));
    co_return json_text(body);
}

awaitable<void> status_part::add_events(json::object& body) {
    body["journal"] = nullptr;
    body["projections"] = nullptr;
    body["dead_letters"] = nullptr;
    body["projections_problem"] = nullptr;
    if (shown_.journal == nullptr)
        co_return;
    const auto journal = co_await look_at_journal();
    std::optional<events::projection_overview> known;
    std::string problem = "PG_CONNECTION_STRING is not set";
    if (!around_.settings.database.empty()) {
        std::function<awaitable<void>(db::connection&)> asking =
            [&known](db::connection& session) -> awaitable<void> {
            known = co_await events::overview_of(session);
        };
        const auto failed = co_await async::caught_error(
            async::with_deadline(db::with_session(shown_.projections->database(), std::move(asking)),
                                 deadline::after(look_patience), "the database"));
        problem = failed ? async::describe(failed) : std::string();
        if (failed)
            known.reset();
    }
    note_positions();
    const auto now = clock::now();
    for (const auto& each : journal.topics)
        note_end(history_name(each), now, each.there.end);
    const auto projections =
        projections_of(shown_.projections->here(), shown_.projections->elsewhere(), known, journal, now);
    for (const auto& each : projections)
        if (!each.here && each.position)
            history_.note(history_name(each.key), now, *each.position);
    body["journal"] = json_of(journal, history_);
    body["projections"] = json_of(projections, history_);
    body["projections_problem"] = text_or_null(problem);
    if (known)
        body["dead_letters"] = json_of(known->letters);
}

awaitable<journal_facts> status_part::look_at_journal() {
    journal_facts facts;
    const auto& settings = around_.settings.journal;
    facts.in_kafka = settings.in_kafka();
    facts.place = shown_place(settings);
    const auto& taken = shown_.journal->events_in();
    facts.batches_pending = taken.appends_pending();
    facts.bytes_pending = taken.bytes_pending();
    const auto failed = co_await async::caught_error(
        async::with_deadline(look_at_topics(facts), deadline::after(look_patience), "the journal"));
    if (failed)
        facts.problem = async::describe(failed);
    co_return facts;
}

// In a Kafka cluster, which has topics of others too, only the topics that this service writes to or reads
// from.
awaitable<void> status_part::look_at_topics(journal_facts& facts) {
    auto& journal = shown_.journal->journal();
    auto names = co_await journal.topics();
    if (facts.in_kafka) {
        std::set<std::string> ours;
        for (const auto& [name, counts] : shown_.journal->events_in().by_topic())
            ours.insert(name);
        for (const auto& each : shown_.projections->here())
            ours.insert(each.topic);
        for (const auto& each : shown_.projections->elsewhere())
            ours.insert(each.topic);
        std::erase_if(names, [&ours](const auto& each) { return !ours.contains(each); });
    }
    for (const auto& name : names) {
        if (facts.topics.size() >= topics_shown_max) {
            ++facts.topics_left_out;
            continue;
        }
        auto* const topic = co_await journal.view(name);
        for (std::int32_t partition = 0; partition < topic->partitions(); ++partition) {
            auto there = co_await topic->look(partition);
            facts.topics.push_back({name, partition, std::move(there)});
        }
    }
}

awaitable<void> status_part::add_exports(json::object& body) {
    body["exports"] = nullptr;
    body["exports_problem"] = nullptr;
    if (shown_.exports == nullptr)
        co_return;
    const auto tasks = co_await async::outcome_of(shown_.exports->tasks().all());
    if (async::is_cancellation(tasks.failed))
        std::rethrow_exception(tasks.failed);
    if (tasks.failed)
        body["exports_problem"] = async::describe(tasks.failed);
    json::array all;
    if (tasks.value)
        for (const auto& task : *tasks.value) {
            const auto now = shown_.exports->desk().status(task.name);
            const std::string_view state = now.running ? "running" : now.waiting ? "waiting" : "idle";
            all.emplace_back(json_of(task_facts{task, state, now.last ? &*now.last : nullptr,
                                                shown_.exports->book().last_success(task.name)}));
        }
    body["exports"] = std::move(all);
}

void status_part::add_archive(json::object& body) {
    body["archive"] = nullptr;
    body["storage"] = nullptr;
    if (shown_.archive != nullptr)
        body["archive"] = shown_.archive->summary();
    else if (const auto& mistake = around_.settings.storage_mistake; !mistake.empty())
        body["storage"] = valid_utf8(mistake);
    else
        body["storage"] = "AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_ACCOUNT are not set";
}

// The journal's answer may be older than what was noted while it was awaited.
void status_part::note_end(const std::string& topic, clock::time_point now, events::position end) {
    const auto before = history_.samples(topic);
    if (before.empty() || before.back().position <= end)
        history_.note(topic, now, end);
}

// Without a request to another machine.
void status_part::note_positions() {
    const auto now = clock::now();
    for (const auto& [topic, counts] : shown_.journal->events_in().by_topic())
        if (!around_.settings.journal.in_kafka() && counts.end > 0) // Kafka's has partitions
            note_end(topic + "/0", now, counts.end);
    for (const auto& each : shown_.projections->here())
        history_.note(history_name(events::position_key{each.projection, each.topic, each.partition}), now,
                      each.next);
    history_.forget(now);
}

awaitable<void> status_part::work() {
    while (shown_.journal != nullptr && !around_.stopping) {
        note_positions();
        const std::function<awaitable<void>()> wait = [this] { return stopped_.wait(); };
        static_cast<void>(co_await async::caught_error(
            async::with_deadline(wait(), deadline::after(noted_every), "the next note")));
    }
}

} // namespace app
