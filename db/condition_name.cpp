#include "db/condition_name.hpp"

#include "db/impl/conditions.hpp"

#include <algorithm>

namespace db {

namespace {

const condition* condition_of(std::string_view state) noexcept {
    const auto all = conditions();
    const auto found = std::ranges::lower_bound(all, state, {}, &condition::state);
    return found != all.end() && found->state == state ? &*found : nullptr;
}

} // namespace

std::string_view condition_name(std::string_view state) noexcept {
    const auto* const found = condition_of(state);
    return found != nullptr ? found->name : "error";
}

std::string_view known_state(std::string_view state) noexcept {
    if (const auto* const found = condition_of(state))
        return found->state;
    const auto all = conditions();
    const auto of_class = std::ranges::find_if(all, [state](const condition& each) {
        return each.state.substr(0, 2) == state.substr(0, 2) && each.state.substr(2) == "000";
    });
    return of_class != all.end() ? of_class->state : "P0001";
}

} // namespace db
