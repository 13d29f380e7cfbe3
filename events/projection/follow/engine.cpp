#include "events/projection/follow/engine.hpp"

#include "async/caught.hpp"
#include "async/pause.hpp"
#include "async/task_group.hpp"
#include "events/projection/beginning.hpp"
#include "events/projection/follow/projection_files.hpp"
#include "events/projection/follow/waiting_progress.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace events {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds topic_look{1};
constexpr std::chrono::seconds partition_look{60};

async::retry_policy policy_of(const engine_options& options) {
    auto policy = options.retries;
    policy.pause_first = 200ms;
    policy.pause_max = 5s;
    if (!options.once)
        policy.tries_max = async::tries_without_end;
    return policy;
}

} // namespace

struct projection_engine::runner {
    runner(const boost::asio::any_io_executor& executor, db::database_access database,
           const engine_options& options, projection_definition which)
        : name(position_name(which, options.group))
        , session(executor, database, policy_of(options), fmt::format("projection '{}'", which.name))
        , files(std::move(which), name, options.read_again, database.helper, database.log) {}

    std::string name; // of its positions
    projection_session session;
    projection_files files;
    waiting_progress waiting;
    events::rows_before rows_before; // until that is said
    std::vector<std::unique_ptr<projection_stream>> streams;
};

std::string position_name(const projection_definition& which, const std::string& group) {
    return position_name(which.name, which.settings.group.empty() ? group : which.settings.group);
}

projection_engine::projection_engine(const boost::asio::any_io_executor& executor, journal& source,
                                     db::database_access database,
                                     std::vector<projection_definition> definitions, engine_options options)
    : journal_(source)
    , database_(database)
    , options_(std::move(options)) {
    for (auto& each : definitions)
        runners_.push_back(std::make_unique<runner>(executor, database, options_, std::move(each)));
}

projection_engine::~projection_engine() = default;

awaitable<void> projection_engine::must_fit() {
    const auto names = co_await journal_.topics();
    std::function<awaitable<void>(db::connection&)> body =
        [this, &names](db::connection& session) -> awaitable<void> {
        for (const auto& each : runners_) {
            const auto topics = each->files.definition().settings.topics; // they may be read again meanwhile
            for (const auto& name : topics) {
                if (std::ranges::find(names, name) == names.end()) {
                    co_await must_not_be_lost(session, each->name, name);
                    continue;
                }
                auto* const source = co_await journal_.view(name);
                co_await must_fit_here(session, each->name, *source);
            }
        }
    };
    co_await db::with_session(database_, std::move(body));
}

awaitable<void> projection_engine::must_fit_here(db::connection& session, std::string name, topic& source) {
    for (std::int32_t partition = 0; partition < source.partitions(); ++partition) {
        const position_key key{name, source.name(), partition};
        const auto row = co_await look_at(session, key);
        if (!row || row->journal.empty())
            continue;
        // The row is read first: another process may move it on meanwhile, with the end of the journal.
        const auto there = co_await source.look(partition);
        must_belong(key, *row, there);
        co_await must_go_on(source, key, *row, there);
    }
    co_await must_have_all_partitions(session, std::move(name), source);
}

awaitable<void> projection_engine::run() {
    std::exception_ptr first;
    if (!options_.once) {
        std::vector<awaitable<void>> tasks;
        for (const auto& each : runners_)
            tasks.push_back(run_projection(*each));
        co_await async::run_all(std::move(tasks));
        co_return;
    }
    // The failure of one projection does not stop the others.
    std::vector<std::exception_ptr> failed(runners_.size());
    std::vector<awaitable<void>> tasks;
    for (std::size_t each = 0; each < runners_.size(); ++each) {
        auto task = [](projection_engine& self, runner& which, std::exception_ptr& end) -> awaitable<void> {
            end = co_await async::caught(self.run_projection(which));
            if (end && async::is_cancellation(end))
                std::rethrow_exception(end);
        };
        tasks.push_back(task(*this, *runners_[each], failed[each]));
    }
    co_await async::run_all(std::move(tasks));
    for (const auto& each : failed) {
        const bool worse = each && (!first || async::failure_of(each) == async::failure::integrity);
        if (worse)
            first = each;
    }
    if (first)
        std::rethrow_exception(first);
}

std::vector<stream_progress> projection_engine::progress() const {
    std::vector<stream_progress> all;
    for (const auto& each : runners_) {
        for (const auto& stream : each->streams)
            all.push_back(stream->progress());
        if (each->files.stopped_by().empty())
            continue;
        const auto& files = each->files;
        std::ranges::move(each->waiting.of(each->name, files.stopped_by(), files.definition().settings.topics,
                                           files.stopped_at()),
                          std::back_inserter(all));
    }
    return all;
}

awaitable<void> projection_engine::prepare(runner& each) {
    std::function<awaitable<void>(db::connection&)> body =
        [this, &each](db::connection& session) -> awaitable<void> {
        co_await make_schema(session, database_.log);
        each.rows_before = co_await rows_before_the_first_event(session, each.files.definition(), each.name,
                                                                options_.defined);
    };
    co_await each.session.use(std::move(body));
}

awaitable<void> projection_engine::run_projection(runner& each) {
    co_await prepare(each);
    const std::function<awaitable<void>()> waiting = [this, &each] {
        return each.waiting.look(journal_, each.files.definition().settings.topics);
    };
    co_await each.files.begin(each.session, options_.once, waiting);
    std::vector<awaitable<void>> tasks;
    for (const auto& name : each.files.definition().settings.topics)
        tasks.push_back(run_topic(each, name));
    co_await async::run_all(std::move(tasks));
}

awaitable<void> projection_engine::run_topic(runner& each, std::string name) {
    const bool there = co_await wait_for_topic(each, name);
    if (!there)
        co_return;
    topic* source = nullptr;
    std::function<awaitable<void>()> opening = [this, &name, &source]() -> awaitable<void> {
        source = co_await journal_.view(name);
    };
    co_await each.session.repeat(std::move(opening));
    co_await run_partitions(each, *source, 0);
}

// False if there is no such topic, and the caller should not wait for it.
awaitable<bool> projection_engine::wait_for_topic(runner& each, std::string name) {
    for (;;) {
        std::vector<std::string> names;
        std::function<awaitable<void>()> looking = [this, &names]() -> awaitable<void> {
            names = co_await journal_.topics();
        };
        co_await each.session.repeat(std::move(looking));
        if (std::ranges::find(names, name) != names.end())
            co_return true;
        std::function<awaitable<void>(db::connection&)> body = [&each, &name](db::connection& session) {
            return must_not_be_lost(session, each.name, name);
        };
        co_await each.session.use(std::move(body));
        if (options_.once)
            co_return false;
        co_await async::pause(topic_look);
    }
}

awaitable<void> projection_engine::must_not_be_lost(db::connection& session, std::string projection,
                                                    std::string topic) {
    const position_key key{std::move(projection), std::move(topic), 0};
    const auto row = co_await look_at(session, key);
    if (row && row->next > 0)
        throw topic_is_gone(key, row->next);
}

awaitable<void> projection_engine::run_partitions(runner& each, topic& source, std::int32_t first) {
    std::function<awaitable<void>(db::connection&)> body = [&each, &source](db::connection& session) {
        return must_have_all_partitions(session, each.name, source);
    };
    co_await each.session.use(std::move(body));
    std::vector<awaitable<void>> tasks;
    for (auto partition = first; partition < source.partitions(); ++partition) {
        stream_options options;
        options.once = options_.once;
        options.worker = options_.worker;
        options.rows_before = &each.rows_before;
        options.read_files = [&each](db::connection& session, std::int64_t asked) {
            return each.files.read_if_asked(session, asked);
        };
        each.streams.push_back(std::make_unique<projection_stream>(each.session, source, partition, each.name,
                                                                   each.files.definition(),
                                                                   std::move(options), database_.log));
        tasks.push_back(each.streams.back()->run());
    }
    if (!options_.once)
        tasks.push_back(watch_for_partitions(each, source, source.partitions()));
    co_await async::run_all(std::move(tasks));
}

awaitable<void> projection_engine::watch_for_partitions(runner& each, topic& source, std::int32_t known) {
    while (source.partitions() <= known)
        co_await async::pause(partition_look);
    co_await run_partitions(each, source, known);
}

} // namespace events
