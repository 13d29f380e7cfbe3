#include "app/serve/intake/batch_finder.hpp"

#include "async/number.hpp"

#include <algorithm>
#include <utility>

namespace app {

void batch_finder::unfinished::take(const events::recorded_event& next) {
    crc = crc_of(next.content.value, crc);
    ++count;
    batch.kept.end = next.at + 1;
}

std::optional<batch_finder::found_batch> batch_finder::take(const events::recorded_event& next) {
    const auto header = [&next](std::string_view name) -> std::string_view {
        const auto& headers = next.content.headers;
        const auto found = std::ranges::find(headers, name, &events::header::name);
        return found == headers.end() ? std::string_view() : std::string_view(found->value);
    };
    const auto append = header(append_header);
    const auto values = async::number_from<std::uint64_t>(header(values_header), 16);
    auto batch = batch_from(header(batch_header));
    if (batch && values && !header(key_header).empty()) {
        batch->values = *values;
        unfinished begun;
        begun.batch.key = header(key_header);
        begun.batch.kept = {
            .batch = *batch, .partition = partition_, .first = next.at, .end = next.at, .accepted = true};
        begun.batch.since = next.time;
        begin(std::move(begun), append);
    }
    if (append.empty())
        return take_in_a_row(next);
    in_a_row_.reset(); // an event of another batch ends one whose events have to follow each other
    return take_of(next, append);
}

void batch_finder::begin(unfinished begun, std::string_view append) {
    if (append.empty()) {
        in_a_row_ = std::move(begun);
        return;
    }
    const auto first = begun.batch.kept.first;
    if (!by_append_.try_emplace(std::string(append), std::move(begun)).second)
        return; // a copy of an event: the first one counts
    oldest_first_.emplace(first, append);
    if (by_append_.size() <= begun_max)
        return;
    by_append_.erase(oldest_first_.begin()->second);
    oldest_first_.erase(oldest_first_.begin());
}

std::optional<batch_finder::found_batch> batch_finder::take_in_a_row(const events::recorded_event& next) {
    std::optional<found_batch> whole;
    if (!in_a_row_)
        return whole;
    const bool follows = next.at == in_a_row_->batch.kept.end;
    if (follows)
        in_a_row_->take(next);
    if (follows && in_a_row_->is_whole())
        whole = std::move(in_a_row_->batch);
    if (whole || !follows || in_a_row_->has_all())
        in_a_row_.reset();
    return whole;
}

std::optional<batch_finder::found_batch> batch_finder::take_of(const events::recorded_event& next,
                                                               std::string_view append) {
    std::optional<found_batch> whole;
    const auto found = by_append_.find(append);
    if (found == by_append_.end())
        return whole;
    auto& begun = found->second;
    begun.take(next);
    if (!begun.has_all())
        return whole;
    oldest_first_.erase(begun.batch.kept.first);
    if (begun.is_whole())
        whole = std::move(begun.batch);
    by_append_.erase(found);
    return whole;
}

} // namespace app
