// The command `dead-letters`, a part of projection_work.
// Tested by tests/integration/test_projections.py.

#include "app/run/projections/projection_work.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/text/render_projections.hpp"
#include "app/text/terminal.hpp"
#include "async/error.hpp"
#include "events/projection/apply/dead_letter.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace app {

namespace {

using async::awaitable;
using definition_list = std::vector<events::projection_definition>;
using session_body = std::function<awaitable<void>(db::connection&)>;

} // namespace

awaitable<void> projection_work::dead_letters(definition_list there) {
    using action = dead_letter_request::action;
    const auto& asked = request_.dead_letters;
    const std::vector<std::string> names(1, asked.name);
    const auto chosen = named_projections(std::move(there), names, settings_.journal.group);
    const auto& which = chosen.front();
    const events::letter_choice letters{asked.topic, asked.partition, asked.positions, asked.named};
    std::vector<events::dead_letter> found;
    events::retried_letters retried;
    std::optional<std::size_t> chosen_letters; // before the first try: its answer may be lost
    session_body body = [&](db::connection& session) -> awaitable<void> {
        co_await events::make_schema(session, log_);
        if (asked.what == action::list) {
            found = co_await events::dead_letters(session, position_name_of(which));
            co_return;
        }
        if (!chosen_letters)
            chosen_letters = co_await events::count_letters(session, position_name_of(which), letters);
        if (asked.what == action::drop) {
            co_await events::drop_letters(session, position_name_of(which), letters);
        } else {
            co_await events::retry_letters(session, which, position_name_of(which), letters, retried, log_);
        }
    };
    try {
        co_await with_session(std::move(body));
    } catch (const db::error& said) {
        if (asked.what != action::retry || said.state() != "40001")
            throw;
        // Its own batches change the same rows.
        throw async::error(said.kind(), said.message(),
                           fmt::format("Run `event-archiver projections pause {0}`, this command, and "
                                       "`event-archiver projections resume {0}`.",
                                       which.name));
    }
    const auto format = request_.output;
    if (asked.what == action::drop) {
        answer_ = render_dropped(which.name, chosen_letters.value_or(0), format);
    } else if (asked.what == action::retry) {
        answer_ = render_retried(which.name, {retried.applied, retried.refused}, format);
    } else {
        if (!asked.positions.empty())
            std::erase_if(found, [&asked](const events::dead_letter& each) {
                if (!asked.topic.empty() && each.key.topic != asked.topic)
                    return true;
                if (asked.partition && each.key.partition != *asked.partition)
                    return true;
                return std::ranges::find(asked.positions, each.refused.at) == asked.positions.end();
            });
        answer_ = render_dead_letters(found, format, width_of(stream::output));
    }
}

} // namespace app
