#include "events/projection/apply/apply_in_pieces.hpp"

#include "events/projection/apply/apply_plugins.hpp"
#include "events/projection/apply/bisection.hpp"
#include "events/projection/apply/dead_letter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace events {

using async::failure;

namespace {

// If at least this many events of a batch are refused, none is applied, and the reason may be apply.sql, then
// apply.sql is at fault.
constexpr std::size_t unclear_max = 20;

class piecewise_application {
  public:
    piecewise_application(db::connection& session, const batch_in_pieces& batch,
                          std::vector<refused_event> invalid)
        : session_(session)
        , batch_(batch)
        , apply_(batch.target.definition.apply)
        , events_(batch.whole.events)
        , invalid_(std::move(invalid)) {}

    // A constraint that is checked at the end would refuse the whole batch there.
    [[nodiscard]] awaitable<std::vector<refused_event>> run() {
        co_await session_.execute("SET CONSTRAINTS ALL IMMEDIATE");
        std::vector<std::size_t> left_out;
        for (const auto& each : invalid_)
            left_out.push_back(each.index);
        // With on_error = block nothing behind the first event that is refused may be applied.
        auto end = events_.size();
        if (blocks() && !invalid_.empty()) {
            end = invalid_.front().index;
            refused_ = {invalid_.front()};
        } else {
            refused_ = invalid_;
        }
        std::erase_if(left_out, [end](std::size_t each) { return each >= end; });
        must_be_few();
        auto untried = ranges_without(end, left_out);
        if (batch_.whole_refused && end > 1)
            untried = {{0, end / 2}, {end / 2, end}};
        co_await halve(std::move(untried));
        co_return std::move(refused_);
    }

  private:
    [[nodiscard]] bool blocks() const {
        return batch_.target.definition.settings.on_error == error_policy::block;
    }

    // A topic that Kafka compacts has any number of tombstones, which say nothing about apply.sql.
    void must_be_few() const {
        const auto told = std::ranges::count_if(refused_, [this](const refused_event& each) {
            return !is_tombstone(events_[each.index].content.value);
        });
        if (std::cmp_greater(told, dead_letters_max))
            throw async::error(
                failure::precondition,
                fmt::format("more than {} of the events {} to {} are refused, the last one with SQLSTATE {}",
                            dead_letters_max, batch_.from, batch_.to - 1, refused_.back().sqlstate),
                fmt::format("That many errors point to apply.sql rather than to the events. Fix it, then"
                            " `event-archiver projections resume {}`. If the events are wrong,"
                            " `batch = 100` in projection.conf makes them dead letters; of a shipped"
                            " projection put a copy into PROJECTIONS_PATH, and restart.",
                            batch_.target.definition.name));
    }

    [[nodiscard]] awaitable<void> halve(std::vector<event_range> untried) {
        bisection left(runs_of(std::move(untried), events_, apply_));
        bool applied_some = false;
        std::size_t unclear = 0;
        std::optional<db::error> why; // of the last one of those
        while (const auto range = left.next()) {
            const auto said =
                co_await try_events(session_, apply_, part_of(batch_.whole, *range), refusal::passing);
            if (!said) {
                applied_some = true;
                left.applied();
            } else if (left.refused()) {
                if (said->state() == cancelled_state)
                    throw db::error(*said);
                if (refusal_of(*said) != refusal::event) {
                    ++unclear;
                    why = said;
                }
                refused_.push_back({range->begin, said->state(), reason_of(*said), said->message()});
                if (blocks())
                    break;
                must_be_few();
            }
        }
        if (why && !applied_some)
            co_await must_be_about_events(*why, unclear);
        std::ranges::sort(refused_, {}, &refused_event::index);
    }

    // The reason may be apply.sql, and no event shows the contrary.
    [[nodiscard]] awaitable<void> must_be_about_events(db::error why, std::size_t unclear) {
        if (unclear >= unclear_max || refusal_of(why) == refusal::passing)
            throw db::error(why);
        const auto without = co_await try_no_events(session_, apply_, batch_.whole.from);
        if (without)
            throw db::error(*without);
    }

    static std::string reason_of(const db::error& said) {
        return said.server_words().empty() ? said.message() : said.server_words();
    }

    db::connection& session_;
    const batch_in_pieces& batch_;
    const apply_sql& apply_;
    event_list events_;
    std::vector<refused_event> invalid_;
    std::vector<refused_event> refused_;
};

} // namespace

awaitable<std::vector<refused_event>> apply_in_pieces(db::connection& session, const batch_in_pieces& batch,
                                                      std::vector<refused_event> invalid) {
    piecewise_application work(session, batch, std::move(invalid));
    co_return co_await work.run();
}

} // namespace events
