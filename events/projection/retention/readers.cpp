#include "events/projection/retention/readers.hpp"

#include <algorithm>
#include <utility>

namespace events {

namespace {

bool reads(const awaited_projection& which, const std::string& topic) {
    return which.topics.empty() || std::ranges::find(which.topics, topic) != which.topics.end();
}

} // namespace

std::vector<std::string> readers_of(const std::vector<awaited_projection>& all, const std::string& topic) {
    std::vector<std::string> names;
    for (const auto& each : all)
        if (reads(each, topic))
            names.push_back(each.position_name);
    return names;
}

std::vector<std::string> must_begin(const known_readers& readers, const std::string& topic) {
    const bool is_unread = readers.unread.contains(topic);
    std::vector<std::string> names;
    for (const auto& each : readers.awaited)
        if (reads(each, topic) && (each.runs_here || !is_unread))
            names.push_back(each.position_name);
    if (is_unread || (!names.empty() && !readers.expects_possible))
        return names;
    for (auto& each : readers_of(readers.possible, topic))
        if (!each.empty() && std::ranges::find(names, each) == names.end())
            names.push_back(std::move(each));
    return names;
}

may_go what_may_go(const topic_knowledge& known) noexcept {
    if (known.is_awaited && !known.awaited_have_begun)
        return may_go::nothing;
    if (known.has_position)
        return may_go::what_is_applied;
    if (known.is_unread)
        return may_go::what_is_old;
    return known.database || known.may_be_read ? may_go::nothing : may_go::what_is_old;
}

} // namespace events
