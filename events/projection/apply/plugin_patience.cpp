#include "events/projection/apply/plugin_patience.hpp"

namespace events {

namespace {

constexpr int tries_max = 3; // of a batch

} // namespace

void plugin_patience::begin(position batch) {
    if (of_ == scope::all_batches || batch_ == batch)
        return;
    batch_ = batch;
    tries_ = 0;
    ended_sessions_.clear();
}

bool plugin_patience::allows_another_try(position batch, const std::string& plugin, bool is_conflict) {
    begin(batch);
    if (is_conflict && of_ == scope::each_batch && conflicts_[plugin] < conflicts_max_) {
        ++conflicts_[plugin];
        return true;
    }
    return ++tries_ < tries_max;
}

void plugin_patience::note_ended_session(position batch, const std::string& plugin) {
    begin(batch);
    ++ended_sessions_[plugin];
}

bool plugin_patience::ends_each_session(position batch, const std::string& plugin) {
    begin(batch);
    const auto found = ended_sessions_.find(plugin);
    return found != ended_sessions_.end() && found->second >= tries_max;
}

} // namespace events
