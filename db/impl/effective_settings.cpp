#include "db/impl/effective_settings.hpp"

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <utility>

namespace db {

effective_settings::effective_settings(settings given)
    : given_(std::move(given))
    , defaults_(PQconndefaults()) {}

std::string effective_settings::operator[](std::string_view keyword) const {
    for (const auto& each : std::views::reverse(given_))
        if (each.keyword == keyword)
            return each.value;
    for (const PQconninfoOption* option = defaults_.get(); option && option->keyword; ++option)
        if (option->keyword == keyword && option->val)
            return option->val;
    return {};
}

bool effective_settings::given(std::string_view keyword) const {
    return std::ranges::find(given_, keyword, &setting::keyword) != given_.end();
}

std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= list.size();) {
        const auto comma = std::min(list.find(',', from), list.size());
        parts.emplace_back(list.substr(from, comma - from));
        from = comma + 1;
    }
    return parts;
}

} // namespace db
