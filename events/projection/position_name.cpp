#include "events/projection/position_name.hpp"

namespace events {

namespace {

constexpr char before_group = '@';
constexpr std::string_view rebuild_suffix = "#rebuild";

} // namespace

name_parts name_parts_of(std::string_view position_name) {
    name_parts parts;
    parts.is_rebuild = is_rebuild(position_name);
    if (parts.is_rebuild)
        position_name.remove_suffix(rebuild_suffix.size());
    const auto at = position_name.find(before_group);
    parts.projection = position_name.substr(0, at);
    if (at != std::string_view::npos)
        parts.group = position_name.substr(at + 1);
    return parts;
}

std::string position_name(const std::string& projection, const std::string& group) {
    return group.empty() ? projection : projection + before_group + group;
}

std::string projection_of(std::string_view position_name) { return name_parts_of(position_name).projection; }

std::string rebuild_name(const std::string& name) { return name + std::string(rebuild_suffix); }

bool is_rebuild(std::string_view name) noexcept { return name.ends_with(rebuild_suffix); }

} // namespace events
