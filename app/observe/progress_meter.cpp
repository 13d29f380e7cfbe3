#include "app/observe/progress_meter.hpp"

#include <algorithm>

namespace app {

namespace {

using exact_seconds = std::chrono::duration<double>;

constexpr exact_seconds apart{0.9};   // of two samples that are kept
constexpr exact_seconds kept{60};     //
constexpr exact_seconds recently{10}; // for the speed
constexpr exact_seconds enough{1};    // to guess from

} // namespace

void progress_meter::note(const progress_facts& facts, clock::time_point now) {
    const sample latest{now, static_cast<double>(facts.amount()), facts.share.value_or(-1)};
    // Another phase counts something else, and an attempt that is repeated begins again.
    if (!samples_.empty() &&
        (latest.amount < samples_.back().amount || latest.share < samples_.back().share ||
         (samples_.back().share < 0 && latest.share >= 0)))
        samples_.clear();
    // The last one is replaced until it is far enough from the one before.
    if (samples_.size() > 1 && samples_.back().at - samples_[samples_.size() - 2].at < apart)
        samples_.pop_back();
    samples_.push_back(latest);
    while (samples_.size() > 2 && now - samples_.front().at > kept)
        samples_.pop_front();
}

std::optional<double> progress_meter::speed() const {
    if (samples_.size() < 2)
        return std::nullopt;
    const auto& latest = samples_.back();
    const auto first =
        std::ranges::find_if(samples_, [&](const sample& each) { return latest.at - each.at <= recently; });
    const auto& from = &*first == &latest ? samples_[samples_.size() - 2] : *first;
    const exact_seconds span = latest.at - from.at;
    return span.count() > 0 ? std::optional((latest.amount - from.amount) / span.count()) : std::nullopt;
}

std::optional<std::chrono::seconds> progress_meter::left() const {
    if (samples_.size() < 2 || samples_.front().share < 0)
        return std::nullopt;
    const auto& first = samples_.front();
    const auto& latest = samples_.back();
    const exact_seconds span = latest.at - first.at;
    if (span < enough || latest.share <= first.share || latest.share >= 1)
        return std::nullopt;
    const auto left = span * ((1 - latest.share) / (latest.share - first.share));
    return std::chrono::ceil<std::chrono::seconds>(std::min(left, exact_seconds(360'000'000)));
}

} // namespace app
