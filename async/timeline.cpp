#include "async/timeline.hpp"

namespace async {

std::size_t timeline::take_lane(std::string_view group) {
    auto& taken = taken_[group];
    std::size_t lane = 0;
    while (taken.contains(lane))
        ++lane;
    taken.insert(lane);
    return lane;
}

void timeline::give_lane(std::string_view group, std::size_t lane) { taken_[group].erase(lane); }

span::span(log& log, std::string_view group, std::string_view name, std::string_view subject)
    : target_(log.attached_timeline()) {
    if (target_ == nullptr)
        return;
    stretch_.group = group;
    stretch_.lane = target_->take_lane(group);
    stretch_.name = name;
    if (!subject.empty())
        stretch_.name.append(" ").append(subject);
    stretch_.begin = timeline::clock::now();
}

span::~span() {
    if (target_ == nullptr)
        return;
    stretch_.end = timeline::clock::now();
    target_->give_lane(stretch_.group, stretch_.lane);
    target_->write(stretch_);
}

void span::note(std::string_view key, std::uint64_t value) {
    if (target_ != nullptr)
        stretch_.notes.emplace_back(key, value);
}

void span::note(std::string_view key, std::string_view value) {
    if (target_ != nullptr)
        stretch_.notes.emplace_back(key, std::string(value));
}

} // namespace async
