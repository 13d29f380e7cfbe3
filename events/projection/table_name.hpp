// A table as projection.conf names it.
// Tested by tests/unit/events/projection/configuration_file_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct table_name {
    std::string schema;
    std::string table;
    bool operator==(const table_name&) const = default;

    // As SQL writes it: "public"."Event".
    [[nodiscard]] std::string quoted() const;
    // As people write it: public.Event.
    [[nodiscard]] std::string shown() const { return schema + "." + table; }
};

// `public.users_revenue, public."Event"`: quoted names as they stand, others in small letters. nullopt if the
// text is anything else.
[[nodiscard]] std::optional<std::vector<table_name>> table_names_from(std::string_view text);

// The line in which `sql` names one of `tables` with its schema; 0: none does.
[[nodiscard]] std::size_t line_that_names(std::string_view sql, const std::vector<table_name>& tables);

} // namespace events
