// The name of a projection for its positions: "revenue", with a group "revenue@g1", of its rebuild
// "revenue@g1#rebuild". It is put together and taken apart here alone.
// Tested by tests/unit/events/projection/position_name_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace events {

struct name_parts {
    std::string projection;
    std::string group; // empty: none
    bool is_rebuild = false;
    bool operator==(const name_parts&) const = default;
};
[[nodiscard]] name_parts name_parts_of(std::string_view position_name);

// A new group is a new name.
[[nodiscard]] std::string position_name(const std::string& projection, const std::string& group);
// The projection again.
[[nodiscard]] std::string projection_of(std::string_view position_name);

// The name under which a rebuild keeps its position.
[[nodiscard]] std::string rebuild_name(const std::string& name);
[[nodiscard]] bool is_rebuild(std::string_view name) noexcept;

// The same in SQL, for the position p: its projection, if the condition is true that it is no rebuild's.
inline constexpr std::string_view projection_of_p = "regexp_replace(p.projection, '@.*', '')";
inline constexpr std::string_view p_is_no_rebuild = "p.projection NOT LIKE '%#rebuild'";

} // namespace events
