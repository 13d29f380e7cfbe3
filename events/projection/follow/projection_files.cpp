#include "events/projection/follow/projection_files.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/stop_reason.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace events {

namespace {

constexpr std::chrono::seconds look_at_files_every{1};

// The values of read_files that the positions have.
awaitable<std::set<std::int64_t>> asked_of(db::connection& session, std::string projection) {
    const auto positions = co_await positions_of(session, std::move(projection));
    std::set<std::int64_t> asked;
    for (const auto& each : positions)
        asked.insert(each.read_files);
    co_return asked;
}

} // namespace

projection_files::projection_files(projection_definition first, std::string position_name,
                                   definition_reader read, async::helper_thread& thread, async::log& log)
    : definition_(std::move(first))
    , position_name_(std::move(position_name))
    , read_(std::move(read))
    , thread_(thread)
    , log_(log)
    , stopped_by_(definition_.mistake) {}

awaitable<void> projection_files::begin(projection_session& session, bool once,
                                        std::function<awaitable<void>()> waiting) {
    std::function<awaitable<void>(db::connection&)> beginning =
        [this](db::connection& one) -> awaitable<void> {
        tried_for_ = co_await asked_of(one, position_name_);
        if (stopped_by_.empty())
            co_await migrate(one);
        else
            co_await read(one);
    };
    for (;;) {
        const auto failed = co_await async::caught(session.use(beginning));
        if (!failed)
            break;
        const auto why = error_in(failed);
        if (once || !why || !stops_projection(*why))
            std::rethrow_exception(failed);
        if (stopped_by_ != why->message())
            log_stop(log_, *why, {position_name_, definition_.settings.topics.front(), 0}, 0);
        stopped_by_ = why->message();
        co_await note_and_wait(session, waiting);
    }
    stopped_by_.clear();
    stopped_at_.clear();
}

awaitable<void> projection_files::note_and_wait(projection_session& session,
                                                const std::function<awaitable<void>()>& waiting) {
    std::function<awaitable<void>(db::connection&)> noting = [this](db::connection& one) {
        return note_unusable_files(one, position_name_, definition_.settings.topics, stopped_by_);
    };
    (void)co_await async::caught_error(session.use(std::move(noting)));
    bool is_asked = false;
    std::function<awaitable<void>(db::connection&)> looking =
        [this, &is_asked](db::connection& one) -> awaitable<void> {
        is_asked = co_await is_asked_again(one);
    };
    co_await session.use(looking);
    while (!is_asked) {
        co_await waiting();
        co_await async::pause(look_at_files_every);
        co_await session.use(looking);
        is_asked = is_asked || stopped_at_.empty(); // the positions were forgotten, and so was the reason
    }
}

// The state does not say it: another process may have gone on with files of its own.
awaitable<bool> projection_files::is_asked_again(db::connection& session) {
    stopped_at_ = co_await positions_of(session, position_name_);
    co_return std::ranges::any_of(stopped_at_, [this](const reached_position& each) {
        return each.read_files != 0 && !tried_for_.contains(each.read_files);
    });
}

awaitable<void> projection_files::migrate(db::connection& session) {
    (void)co_await events::migrate(session, definition_, log_);
    const auto unlogged = co_await unlogged_tables(session, definition_);
    if (!unlogged.empty())
        log_.warn(
            "projection.unlogged",
            "a crash of the database server would empty tables of a projection, and not set its position"
            " back",
            {{"projection", definition_.name}, {"tables", unlogged}});
}

awaitable<void> projection_files::read_if_asked(db::connection& session, std::int64_t asked) {
    if (asked != 0 && !asked_before_.contains(asked))
        co_await read(session);
}

awaitable<void> projection_files::read(db::connection& session) {
    if (!read_) {
        must_be_usable(definition_);
        co_return;
    }
    // These are read first: what asks later may mean files that are written later.
    auto asked = co_await asked_of(session, position_name_);
    auto fresh = co_await read_directory();
    must_be_usable(fresh);
    (void)co_await events::migrate(session, fresh, log_);
    definition_ = std::move(fresh);
    asked_before_ = std::move(asked);
    log_.info("projection.files_read", "the files of a projection were read again",
              {{"projection", definition_.name}, {"directory", definition_.directory.string()}});
}

awaitable<projection_definition> projection_files::read_directory() const {
    const auto fresh = std::make_shared<projection_definition>();
    const auto before = std::make_shared<const projection_definition>(definition_);
    std::function<void()> reading = [fresh, before, read = read_] { *fresh = read(*before); };
    co_await thread_.run(std::move(reading));
    co_return std::move(*fresh);
}

void projection_files::must_be_usable(const projection_definition& fresh) const {
    if (!fresh.mistake.empty())
        throw async::error(async::failure::precondition, fresh.mistake,
                           fmt::format("Fix the file in '{}', then `event-archiver projections resume {}`.",
                                       fresh.directory.string(), definition_.name));
    const auto& before = definition_.settings;
    const auto& now = fresh.settings;
    if (now.topics != before.topics || now.group != before.group)
        throw async::error(
            async::failure::precondition,
            fmt::format("'{}/projection.conf' names {} than what runs the projection began with",
                        definition_.name, now.topics != before.topics ? "other topics" : "another group"),
            "Restart what runs the projection.");
}

} // namespace events
