#include "app/serve/status/archive_part.hpp"

#include "app/text/export_json.hpp"
#include "app/text/render.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "archive/look/folder_inventory.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "async/utc_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace app {

namespace {

using async::awaitable;
using async::deadline;

constexpr std::chrono::seconds kept_for{60};
constexpr std::chrono::seconds folder_look_patience{30};

boost::json::object totals_of(const archive::inventory& found) {
    std::int64_t gap_days = 0;
    for (const auto& gap : found.gaps)
        gap_days += gap.days();
    return {
        {"days", found.days},
        {"files", found.files.size()},
        {"rows", found.rows},
        {"bytes", found.bytes},
        {"csv_bytes", found.csv_bytes},
        {"gap_days", gap_days},
        {"held", std::ranges::count(found.files, archive::file_state::held, &archive::archived_file::state)},
        {"pending", found.pending},
        {"lost", found.lost}};
}

} // namespace

archive_part::archive_part(serve_surroundings around)
    : around_(around)
    , path_(archive_path(around.settings))
    , connections_(around.executor, around.settings,
                   lake_place{around.settings.container, around.settings.job.folder},
                   around.frame.blocking_calls(), around.frame.log())
    , wanted_(around.executor)
    , looking_(around.executor) {}

std::vector<http::route> archive_part::routes() {
    std::vector<http::route> table;
    table.push_back(route_of(
        operation::archive_data, [this](http::request&) { return document(); }, around_.frame.log()));
    return table;
}

std::vector<api_operation> archive_part::operations() const {
    return operations_of({operation::archive_data});
}

boost::json::object archive_part::summary() {
    want();
    boost::json::object made;
    made["path"] = valid_utf8(path_);
    made["looked_at"] = text_or_null(looked_at_);
    made["totals"] = found_ ? boost::json::value(totals_) : boost::json::value(nullptr);
    made["problem"] = text_or_null(problem_);
    return made;
}

void archive_part::want() {
    if (asked_for_ || !fresh_until_.passed())
        return;
    asked_for_ = true;
    wanted_.notify_all();
}

awaitable<http::response> archive_part::document() {
    want();
    if (!found_) {
        auto refused = http::error_response(503, problem_.empty() ? "the archive is being listed" : problem_);
        refused.headers.emplace_back("Retry-After", "1");
        co_return refused;
    }
    auto made = http::text_response("application/json", *found_);
    made.headers.emplace_back("Cache-Control", "no-store");
    co_return made;
}

awaitable<void> archive_part::work() {
    while (!around_.stopping) {
        if (!asked_for_) {
            co_await wanted_.wait();
            continue;
        }
        looking_.start(look());
        co_await looking_.join();
        asked_for_ = false;
        fresh_until_ = deadline::after(kept_for);
    }
}

void archive_part::stop() {
    looking_.cancel();
    wanted_.notify_all();
}

awaitable<void> archive_part::look() {
    const auto failed = co_await async::caught_error(
        async::with_deadline(find(), deadline::after(folder_look_patience), "the storage account"));
    problem_ = failed ? async::describe(failed) : std::string();
}

awaitable<void> archive_part::find() {
    const auto now = std::chrono::system_clock::now();
    const auto found =
        co_await archive::look_into(connections_.folder(), lake::day_range(),
                                    async::utc_text(std::chrono::floor<std::chrono::seconds>(now)));
    if (!found)
        throw async::error(async::failure::precondition,
                           fmt::format("there is no container '{}'", around_.settings.container));
    found_ = std::make_shared<const std::string>(render_list(*found, path_, output_format::json));
    totals_ = totals_of(*found);
    looked_at_ = async::utc_text(std::chrono::floor<std::chrono::milliseconds>(now));
}

} // namespace app
