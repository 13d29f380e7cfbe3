#include "app/settings/checker.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/options.hpp"

namespace app {

void checker::read_name(std::string_view name, std::string& target, parsed_name (*parse)(std::string_view)) {
    auto result = parse(given_[name].text);
    if (result.mistake.empty())
        target = std::move(result.name);
    else
        mistake(name, result.mistake);
}

void checker::mistake(std::string_view name, std::string_view clause) {
    mistakes_->push_back(mistake_in(option_named(name), given_[name], clause));
    result_.wrong.insert(std::string(name));
}

} // namespace app
